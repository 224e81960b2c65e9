"""Layers of libraries whose source is not read: a row is all that one needs."""

import ast
from pathlib import Path

import pytest

from mmfix.model.knowledge.torch import layers
from mmfix.model.machine.values import NativeClass
from mmfix.model.reading import read_model
from mmfix.model.types import NEVER
from mmfix.repository.library import Library

MODEL = """
import {imported}
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.used = nn.Conv2d(3, 3, 1)
        self.idle = {made}

    def forward(self, inputs, data_samples=None, mode="loss"):
        return dict(loss=self.used(inputs).sum())
"""


def read(folder: Path, imported: str, made: str):
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "net.py").write_text(MODEL.format(imported=imported, made=made))
    reading = read_model({"type": "shop.net.Net"}, Library([str(folder)]), "mmengine", "shop")
    assert not reading.gave_up
    return reading


#: how the library is imported, what is made, the parameters of it
MADE = {
    "spconv 2": ("spconv.pytorch as spconv", "spconv.SubMConv3d(3, 3, 3)", ["weight", "bias"]),
    "spconv 1": ("spconv", "spconv.SparseConv3d(3, 3, 3, bias=False)", ["weight"]),
    "by position": ("spconv", "spconv.SparseInverseConv3d(3, 3, 3, 'key', False)", ["weight"]),
    "inside another": (
        "spconv.pytorch as spconv",
        "spconv.SparseSequential(spconv.SubMConv2d(3, 3, 3), nn.BatchNorm1d(3), nn.ReLU())",
        ["0.weight", "0.bias", "1.weight", "1.bias"],
    ),
    "MinkowskiEngine": ("MinkowskiEngine as ME", "ME.MinkowskiConvolution(3, 3, 3, dimension=3)", ["kernel"]),
}


@pytest.mark.parametrize(("imported", "made", "names"), MADE.values(), ids=MADE)
def test_a_layer_of_another_library_is_a_part_of_the_model(tmp_path, imported, made, names):
    reading = read(tmp_path, imported, made)
    assert [(part.name, part.verdict) for part in reading.submodules] == [("idle", NEVER)]
    assert reading.trainable == ("used.weight", "used.bias", *(f"idle.{name}" for name in names))


def test_a_new_row_is_all_that_a_layer_needs(tmp_path, monkeypatch):
    monkeypatch.setitem(layers.OTHERS, "elsewhere", {"Weigher": (layers.Spec("weight"),)})
    layers.native_class.cache_clear()
    try:
        reading = read(tmp_path, "elsewhere", "elsewhere.Weigher(3)")
    finally:
        layers.native_class.cache_clear()
    assert reading.trainable == ("used.weight", "used.bias", "idle.weight")


@pytest.mark.zoo
@pytest.mark.parametrize("name", sorted(name for name, row in layers.OTHERS["spconv"].items() if row))
def test_the_flag_stands_where_spconv_has_it(zoo, name):
    tree = ast.parse((zoo("spconv-2.3.8") / "spconv" / "pytorch" / "conv.py").read_text(encoding="utf-8"))
    (cls,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    (init,) = (node for node in cls.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    names = [item.arg for item in init.args.args[1:]]
    defaults = dict(zip(names[::-1], init.args.defaults[::-1]))
    for spec in layers.specs_of(NativeClass(f"spconv.{name}", True)):
        if spec.flag:
            assert names.index(spec.flag) == spec.position
            assert ast.literal_eval(defaults[spec.flag]) is spec.default
