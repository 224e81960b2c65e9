"""Fixtures for all tests: the official config zoos, and the command line in a child process."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Callable, Dict, Optional

import pytest

#: What mmfix remembers of source code stays away from the user's cache; child processes inherit it.
os.environ["MMFIX_CACHE_DIR"] = tempfile.mkdtemp(prefix="mmfix-cache-")
atexit.register(shutil.rmtree, os.environ["MMFIX_CACHE_DIR"], ignore_errors=True)

REPOSITORY = Path(__file__).resolve().parents[1]
ZOOS = (
    *("mmdet-3.3.0", "mmdet-2.28.2", "mmsegmentation-1.2.2", "mmsegmentation-0.30.0"),
    *("mmpretrain-1.2.0", "mmpose-1.3.2", "mmaction2-1.2.0", "mmagic-1.2.0"),
    *("mmengine-0.10.7", "mmcv-lite-2.1.0", "spconv-2.3.8"),
)


def zoo_cache() -> Path:
    """Where unpacked wheels are kept between runs, outside the repository; ``MMFIX_ZOO`` moves it."""
    if os.environ.get("MMFIX_ZOO"):
        return Path(os.environ["MMFIX_ZOO"])
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(base) / "mmfix" / "zoo"


def unpack_zoo(name: str) -> Path:
    """The folder of the unpacked wheel ``name`` (``mmdet-3.3.0``), downloaded once.

    Configs lie below ``<folder>/<package>/.mim/configs``, the source code beside them. Without the package
    index the test is skipped; with ``CI=true`` it fails, so that CI cannot leave these tests out unseen.
    """
    if name not in ZOOS:
        raise ValueError(f"{name} is none of {ZOOS}")
    folder = zoo_cache() / name
    if folder.is_dir():
        return folder
    zoo_cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=zoo_cache()) as scratch:
        package, version = name.rsplit("-", 1)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        done = subprocess.run(
            [*pip, "--dest", scratch, f"{package}=={version}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        if done.returncode:
            last = (done.stdout.strip().splitlines() or ["no output"])[-1]
            reason = f"cannot download {name} from the package index, which this test reads: {last}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        target = Path(scratch) / name
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as wheel:
            wheel.extractall(target)
        try:
            target.rename(folder)
        except OSError:  # another test process was faster
            if not folder.is_dir():
                raise
    return folder


@pytest.fixture(scope="session")
def zoo() -> Callable[[str], Path]:
    """``zoo('mmdet-3.3.0')``: the folder of that unpacked wheel (see :func:`unpack_zoo`)."""
    return unpack_zoo


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this repository."""
    return REPOSITORY


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A private copy of the example configs, in ``<tmp>/configs``."""
    return Path(shutil.copytree(REPOSITORY / "configs", tmp_path / "configs"))


Mmfix = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def mmfix(tmp_path: Path) -> Mmfix:
    """``mmfix('check', path)``: the real command line, in ``tmp_path``, without a terminal."""

    def run(
        *arguments: object, cwd: Optional[Path] = None, env: Optional[Dict[str, str]] = None
    ) -> subprocess.CompletedProcess[str]:
        scrubbed = {
            key: value
            for key, value in os.environ.items()
            if key not in ("CI", "NO_COLOR", "FORCE_COLOR", "MMFIX_DEBUG", "TERM")
        }
        return subprocess.run(
            [sys.executable, "-m", "mmfix", *map(str, arguments)],
            cwd=str(cwd or tmp_path),
            env={**scrubbed, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )

    return run
