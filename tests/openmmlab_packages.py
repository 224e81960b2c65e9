"""The OpenMMLab packages for tests that run them: real ones, without compiled operators."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

import pytest

LOCKED = Path(__file__).resolve().parent / "locked"
#: Versions of what a list below leaves open.
LOCK = LOCKED / "python310.txt"
PACKAGES = LOCKED / "openmmlab.txt"
PACKAGES_MMCV1 = LOCKED / "openmmlab1.txt"


def openmmlab_cache(packages: Path) -> Path:
    """Where packages are kept between runs, outside the repository: a folder for each Python and list."""
    wanted = hashlib.sha256(packages.read_bytes() + LOCK.read_bytes()).hexdigest()[:8]
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(base) / "mmfix" / "openmmlab" / "py{}.{}-{}".format(*sys.version_info[:2], wanted)


def openmmlab_folder() -> Path:
    """mmcv-lite, mmdet, mmseg, mmpretrain: ``MMFIX_OPENMMLAB`` names a folder that is there."""
    return installed(PACKAGES, "MMFIX_OPENMMLAB")


def openmmlab1_folder() -> Path:
    """The same for mmcv 1.x: mmcv, mmdet, mmseg, mmcls. ``MMFIX_OPENMMLAB1`` names one that is there."""
    return installed(PACKAGES_MMCV1, "MMFIX_OPENMMLAB1")


def installed(packages: Path, variable: str) -> Path:
    """The folder that an environment variable names, else one into which the packages are installed once.

    Without the package index the test is skipped; with ``CI=true`` it fails, so that CI cannot leave these
    tests out unseen.
    """
    pytest.importorskip("torch")
    if os.environ.get(variable):
        return Path(os.environ[variable])
    folder = openmmlab_cache(packages)
    problem = "" if folder.is_dir() else _install(packages, folder)
    if problem:
        reason = f"cannot install the OpenMMLab packages, which this test runs: {problem}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@lru_cache(maxsize=None)
def _install(packages: Path, folder: Path) -> str:
    """Install once, also where it fails: what went wrong, or nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=str(folder.parent)))
    try:
        done = subprocess.run(
            # mmcv 1.x is built from source, with the setuptools that is here: newer ones lack pkg_resources
            [
                *(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"),
                *("-t", str(scratch / "it"), "-r", str(packages), "-c", str(LOCK)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        if done.returncode:
            errors = [line for line in done.stdout.splitlines() if line.startswith("error:")]
            return (errors or done.stdout.strip().splitlines() or ["no output"])[-1]
        try:
            (scratch / "it").rename(folder)
        except OSError:  # another test process was faster
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(str(scratch), ignore_errors=True)
    return ""
