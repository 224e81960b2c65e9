"""The OpenMMLab packages for tests of the rehearsal: real ones, without compiled operators."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

#: What ``pip install --target`` gets; torch, mmengine and what they need are in the test environment.
PACKAGES = (
    *("mmcv-lite==2.1.0", "mmdet==3.3.0", "mmsegmentation==1.2.2", "mmpretrain==1.2.0"),
    *("pycocotools==2.0.11", "shapely", "scipy", "terminaltables", "ftfy", "regex", "einops", "prettytable"),
    *("mat4py", "modelindex", "model-index", "six", "importlib-metadata", "zipp"),
    *("wcwidth", "ordered-set", "tqdm"),
)


def openmmlab_cache() -> Path:
    """Where the packages are kept between runs, outside the repository: a folder for each Python and list."""
    wanted = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:8]
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(base) / "mmfix" / "openmmlab" / "py{}.{}-{}".format(*sys.version_info[:2], wanted)


@pytest.fixture(scope="session")
def openmmlab() -> Path:
    """A folder for the ``PYTHONPATH`` of child processes: mmcv-lite, mmdet, mmseg, mmpretrain.

    ``MMFIX_OPENMMLAB`` names one that is there; otherwise it is installed once. Without the package index the
    test is skipped; with ``CI=true`` it fails, so that CI cannot leave these tests out unseen.
    """
    pytest.importorskip("torch")
    if os.environ.get("MMFIX_OPENMMLAB"):
        return Path(os.environ["MMFIX_OPENMMLAB"])
    folder = openmmlab_cache()
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=str(folder.parent)))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "-t", str(scratch / "it"), *PACKAGES],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        if done.returncode:
            last = (done.stdout.strip().splitlines() or ["no output"])[-1]
            reason = f"cannot install the OpenMMLab packages, which this test runs: {last}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        try:
            (scratch / "it").rename(folder)
        except OSError:  # another test process was faster
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(str(scratch), ignore_errors=True)
    return folder
