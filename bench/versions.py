"""The core suite with the oldest, or the newest, allowed versions of what mmfix runs on: click, PyYAML, MMEngine.

python bench/versions.py oldest [--python python3.8] [PYTEST ARGUMENT ...]
python bench/versions.py newest

In a fresh environment. All other packages are those that tests/locked/ has for that Python. Run it before a release,
and after tests/locked/lock.py.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]


def required(*, for_tests: bool = True) -> List[str]:
    """What pyproject.toml asks for: to run mmfix, and to run its tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *(project["optional-dependencies"]["test"] if for_tests else ())]


def lower_bounds() -> Dict[str, str]:
    """Lowest allowed version of each package that mmfix imports when it checks, or when it verifies a patch."""
    needed = required(for_tests=False)
    found = {}
    for text in required():
        match = re.match(r"([\w-]+)>=([\w.]+)", text)
        if match and (text in needed or match[1] == "mmengine"):
            found[match[1].lower()] = match[2]
    return found


def constraints(which: str, name: str) -> str:
    bounds = lower_bounds()
    locked = (ROOT / "tests" / "locked" / name).read_text(encoding="utf-8").splitlines()
    others = [line for line in locked if line.partition("=")[0].lower() not in bounds]
    chosen = [f"{name}=={version}" for name, version in bounds.items()] if which == "oldest" else []
    return "\n".join([*others, *chosen, ""])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("which", choices=["oldest", "newest"])
    parser.add_argument("--python", default=sys.executable, help="the interpreter to test with")
    options, pytest = parser.parse_known_args()
    version = subprocess.check_output(
        [options.python, "-c", "import sys; print(sys.version_info >= (3, 10))"]
    )
    modern = version.strip() == b"True"
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        subprocess.run([options.python, "-m", "venv", str(scratch / "venv")], check=True)
        python = str(scratch / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python")
        pins = scratch / "constraints.txt"
        pins.write_text(
            constraints(options.which, "python310.txt" if modern else "python38.txt"), encoding="utf-8"
        )
        pip = [python, "-m", "pip", "install", "--quiet", "-c", str(pins)]
        if modern:
            subprocess.run([*pip, "torch"], check=True)
        subprocess.run([*pip, f"{ROOT}[test]"], check=True)
        subprocess.run([python, "-m", "pip", "list", "--format", "freeze"], check=True)
        return subprocess.run([python, "-m", "pytest", *pytest], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
