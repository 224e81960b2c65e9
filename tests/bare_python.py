"""A Python that has what mmfix needs to run and no more: no framework, nothing else of the tests' own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import yaml

SOURCE = Path(__file__).resolve().parents[1] / "src"


def bare_python(folder: Path) -> Path:
    """The interpreter of a new environment in ``folder`` that sees mmfix's source, click and PyYAML."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    windows = sys.platform == "win32"
    home = "Lib" if windows else "lib/python{}.{}".format(*sys.version_info[:2])
    packages = folder / home / "site-packages"
    for module in (click, yaml):
        found = Path(str(module.__file__)).parent
        (packages / found.name).symlink_to(found, target_is_directory=True)
    (packages / "mmfix.pth").write_text(f"{SOURCE}\n")
    return folder / ("Scripts/python.exe" if windows else "bin/python")
