"""The table of what released packages register says what their source says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Callable, Set

import pytest

from mmfix.repository.behind import registrations
from mmfix.repository.released_names import OPEN, every_name, names_for, released_names


def registered(package: Path) -> Set[str]:
    return {
        entry.name
        for path in package.rglob("*.py")
        if ".mim" not in path.parts
        for entry in registrations(path.read_bytes(), str(path), f"{package.name}.x")[0]
    }


def test_all_of_mmengine_is_there() -> None:
    spec = importlib.util.find_spec("mmengine")
    if spec is None or spec.origin is None:
        pytest.skip("mmengine is not installed")

    assert registered(Path(spec.origin).parent) <= released_names("mmengine")["mmengine"]


@pytest.mark.zoo
@pytest.mark.parametrize(
    ("name", "package", "era"),
    [
        ("mmdet-3.3.0", "mmdet", "mmengine"),
        ("mmsegmentation-1.2.2", "mmseg", "mmengine"),
        ("mmdet-2.28.2", "mmdet", "mmcv1"),
        ("mmsegmentation-0.30.0", "mmseg", "mmcv1"),
    ],
)
def test_all_of_a_release_is_there(zoo: Callable[[str], Path], name: str, package: str, era: str) -> None:
    assert registered(zoo(name) / package) <= released_names(era)[package]


def test_where_a_scope_looks() -> None:
    assert {"RetinaNet", "EpochBasedTrainLoop", "RoIAlign", "AdamW"} <= names_for("mmengine", "mmdet")
    assert "ConvNeXt" in names_for("mmengine", "mmpretrain") - names_for("mmengine", "mmdet")
    assert "DefaultFormatBundle" in every_name("mmcv1") - every_name("mmengine")
    # which registers what diffusers has
    assert OPEN in released_names("mmengine")["mmagic"]
    assert "AVARoIHead" in released_names("mmengine")["mmdet"]  # mmaction puts it into mmdet's registry
