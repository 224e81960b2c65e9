from __future__ import annotations

from pathlib import Path

import pytest

from openmmlab_packages import openmmlab1_folder, openmmlab_folder


@pytest.fixture(scope="session")
def openmmlab() -> Path:
    """A folder for the ``PYTHONPATH`` of child processes: mmcv-lite, mmdet, mmseg, mmpretrain."""
    return openmmlab_folder()


@pytest.fixture(scope="session")
def openmmlab1() -> Path:
    """The same for mmcv 1.x: mmcv, mmdet, mmseg, mmcls."""
    return openmmlab1_folder()
