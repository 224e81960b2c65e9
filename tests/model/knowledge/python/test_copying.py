"""Copies: a shallow one shares its parts, a deep one has parameters of its own."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from mmfix.model.reading import read_model
from mmfix.model.types import NEVER, ModelReading
from mmfix.repository.library import Library

MODEL = """
import copy

from torch import nn


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1, bias=False)
        self.again = self.conv

    def forward(self, x):
        return self.conv(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Part()
        self.b = {copy}

    def forward(self, inputs, data_samples=None, mode="loss"):
        return dict(loss=self.a(inputs).sum())
"""

#: the copy, the parts that get no gradient
COPIES = {
    "deep": ("copy.deepcopy(self.a)", ["b"]),
    "deep, of parts in a list": ("nn.Sequential(*copy.deepcopy([self.a, self.a]))", ["b"]),
    "none": ("self.a", []),
}


def read(folder: Path, made: str) -> ModelReading:
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "net.py").write_text(MODEL.format(copy=made))
    reading = read_model({"type": "shop.net.Net"}, Library([str(folder)]), "mmengine", "shop")
    assert not reading.gave_up
    return reading


@pytest.mark.parametrize(("made", "unused"), COPIES.values(), ids=COPIES)
def test_a_copy(made: str, unused: List[str], tmp_path: Path) -> None:
    parts = read(tmp_path, made).submodules
    assert [part.name for part in parts if part.verdict == NEVER] == unused


def test_what_is_shared_inside_stays_shared(tmp_path: Path) -> None:
    assert read(tmp_path, "copy.deepcopy(self.a)").trainable == ("a.conv.weight", "b.conv.weight")
