"""Renews python310.txt, python38.txt and docs.txt: one version of all that the tests and the site need.

Run it from anywhere: ``python tests/locked/lock.py``. The newest versions within the ranges of pyproject.toml
are taken, for each Python and system, by uv in an environment of its own.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List

HERE = Path(__file__).resolve().parent
PYPROJECT = HERE.parents[1] / "pyproject.toml"
HEADER = """\
# Made by tests/locked/lock.py from the ranges of pyproject.toml; do not edit. For Python {pythons}:
#   pip install {first}".[{extra}]" -c tests/locked/{name}
"""


def unpinned(path: Path) -> List[str]:
    """The packages of a requirements file whose version the lock has to choose."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#") and "==" not in line]


def resolve(uv: Path, scratch: Path, python: str, besides: List[str], extra: str = "test") -> List[str]:
    """Pins with environment markers, for this Python and later."""
    more = scratch / "besides.txt"
    more.write_text("\n".join(besides))
    command = [str(uv), "pip", "compile", str(PYPROJECT), str(more), "--extra", extra, "--universal"]
    options = ["--python-version", python, "--no-annotate", "--no-header", "--quiet"]
    done = subprocess.run([*command, *options], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return done.stdout.splitlines()


def write(name: str, pythons: str, first: str, pins: List[str], extra: str = "test") -> None:
    (HERE / name).write_text(
        HEADER.format(pythons=pythons, first=first, name=name, extra=extra) + "\n".join(pins) + "\n",
        encoding="utf-8",
    )


def main() -> None:
    openmmlab = {package for name in ("openmmlab.txt", "openmmlab1.txt") for package in unpinned(HERE / name)}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        subprocess.run([sys.executable, "-m", "venv", str(scratch / "venv")], check=True)
        programs = scratch / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        subprocess.run([str(programs / "python"), "-m", "pip", "install", "--quiet", "uv"], check=True)
        new = resolve(programs / "uv", scratch, "3.10", sorted(openmmlab))
        # without torch, so without OpenMMLab's packages
        old = [
            pin
            for pin in resolve(programs / "uv", scratch, "3.8", [])
            if not re.search(r"python_full_version (>=|==) '3\.1\d", pin)
        ]
        site = resolve(programs / "uv", scratch, "3.10", [], "docs")
    write("python310.txt", "3.10 and later", "torch==2.13.0 && pip install ", new)
    write("python38.txt", "3.8 and 3.9", "", old)
    write("docs.txt", "3.10 and later", "", site, "docs")


if __name__ == "__main__":
    main()
