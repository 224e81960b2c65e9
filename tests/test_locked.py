"""The locked versions are within pyproject's ranges, for every Python, and there is one place for each."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).resolve().parent
PROJECT: Dict[str, Any] = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
PYTHONS = {"python38.txt": ("3.8", "3.9"), "python310.txt": ("3.10", "3.11", "3.12", "3.13", "3.14")}


def requirements(name: str) -> List[Requirement]:
    lines = (HERE / "locked" / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


def pins(name: str, environment: Dict[str, str]) -> Dict[str, str]:
    """Package -> version in one Python; two versions of one package would be no lock."""
    found: Dict[str, str] = {}
    for pin in requirements(name):
        if pin.marker is None or pin.marker.evaluate(environment):
            (version,) = pin.specifier
            assert (version.operator, pin.name in found) == ("==", False), pin
            found[canonicalize_name(pin.name)] = version.version
    return found


@pytest.mark.parametrize(("name", "python"), [(name, python) for name in PYTHONS for python in PYTHONS[name]])
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_locked_versions_are_within_the_ranges_of_pyproject(name: str, python: str, platform: str) -> None:
    environment = {"python_version": python, "python_full_version": f"{python}.1", "sys_platform": platform}
    locked = pins(name, environment)
    for text in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]):
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate(environment):
            version = locked[canonicalize_name(wanted.name)]
            assert wanted.specifier.contains(version), (
                f"run tests/locked/lock.py: {text}, {version} is locked"
            )


@pytest.mark.parametrize("name", ["openmmlab.txt", "openmmlab1.txt"])
def test_a_version_of_a_package_of_openmmlab_stands_in_one_place(name: str) -> None:
    locked = {canonicalize_name(pin.name) for pin in requirements("python310.txt")}
    for wanted in requirements(name):
        assert (canonicalize_name(wanted.name) in locked) != ("==" in str(wanted.specifier)), wanted


@pytest.mark.parametrize("name", [*PYTHONS, "openmmlab.txt", "openmmlab1.txt"])
def test_nothing_of_the_machine_that_locked_is_in_it(name: str) -> None:
    for line in (HERE / "locked" / name).read_text(encoding="utf-8").splitlines():
        assert line.startswith("#") or not re.search(r"[/\\@+]|://|^-", line), line
