"""What `pip install` brings with mmfix, in an empty environment each. Prints the table of docs/performance.md.

    python bench/install_cost.py

Before, MMEngine was a dependency: that is what the extra `mmengine` brings now. Needs the package index.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
ROWS = (
    ("`pip install .`", [str(REPOSITORY)]),
    ("`pip install . mmengine-lite packaging`", [str(REPOSITORY), "mmengine-lite", "packaging"]),
    ('`pip install ".[mmengine]"`: what all got before', [f"{REPOSITORY}[mmengine]"]),
)


class Cost(NamedTuple):
    """What one command brought, mmfix included: packages, bytes, seconds."""

    packages: int
    megabytes: float
    seconds: float


def size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def cost(arguments: list[str]) -> Cost:
    """Install into a new environment and weigh it."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = Path(scratch) / "venv"
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        python = str(environment / "bin" / "python")
        pip = [python, "-m", "pip", "--disable-pip-version-check"]
        before = len(installed(pip)), size(environment)
        begun = time.perf_counter()
        subprocess.run([*pip, "install", "-q", *arguments], check=True)
        seconds = time.perf_counter() - begun
        return Cost(len(installed(pip)) - before[0], (size(environment) - before[1]) / 1e6, seconds)


def installed(pip: list[str]) -> list[dict[str, str]]:
    done = subprocess.run([*pip, "list", "--format", "json"], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def main() -> None:
    os.environ.pop("PYTHONPATH", None)
    print("| in an empty environment | packages, mmfix included | MB on disk |\n|---|---|---|")
    for name, arguments in ROWS:
        found = cost(arguments)
        print(f"| {name} | {found.packages} | {found.megabytes:.0f} |", flush=True)
        print(f"{name}: {found.seconds:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
