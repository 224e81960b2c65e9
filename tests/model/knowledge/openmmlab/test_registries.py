"""What is known by heart of MMEngine's and mmcv's names, against their source."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Optional

import pytest

from mmfix.model.knowledge.openmmlab.registries import known_name, torch_layer
from mmfix.model.machine.values import NativeClass, NativeRef, Registry
from mmfix.model.reading import read_model
from mmfix.model.types import NEVER
from mmfix.repository.library import Library

KNOWN = {
    "mmengine.model.BaseModule": ("mmengine.model.BaseModule", NativeClass),
    "mmengine.model.base_module.ModuleList": ("torch.nn.ModuleList", NativeClass),
    "mmcv.cnn.bricks.wrappers.Conv2d": ("torch.nn.Conv2d", NativeClass),
    "mmcv.cnn.build_norm_layer": ("openmmlab.build_norm_layer", NativeRef),
    "mmengine.config.ConfigDict": ("builtins.dict", NativeRef),
    "mmseg.models.builder.build": ("openmmlab.build_from_cfg", NativeRef),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_name_that_is_known(name: str) -> None:
    dotted, kind = KNOWN[name]
    found = known_name(name)
    assert isinstance(found, kind)
    assert found.dotted == dotted


def test_registries_have_the_scope_of_their_package() -> None:
    found = known_name("mmengine.registry.MODELS")
    assert isinstance(found, Registry)
    assert (found.name, found.scope) == ("MODELS", "mmengine")


#: Read from source: not known by heart, or of no framework.
READ = ["mmcv.cnn.ConvModule", "mmcv.ops.Conv2d", "mmdet.models.BaseModule", "torch.nn.Conv2d"]


@pytest.mark.parametrize("name", READ)
def test_a_name_whose_source_is_read(name: str) -> None:
    assert known_name(name) is None


BUILDER = """
from torch import nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS, Registry

HEADS = Registry('heads')


def build_head(cfg):
    if {test}:
        return HEADS.build(cfg)
    else:
        return MODELS.build(cfg)


@MODELS.register_module()
class AskedHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.spare = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        return self.used(x)


@MODELS.register_module()
class Asking(BaseModel):
    def __init__(self, head):
        super().__init__()
        self.head = build_head(head)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        return dict(loss=self.head(inputs).sum())
"""


@pytest.mark.parametrize(
    "test",
    [
        "cfg['type'] in HEADS._module_dict.keys()",
        "cfg['type'] in HEADS.module_dict",
        "cfg.get('type') not in HEADS._module_dict",
    ],
)
def test_a_part_is_built_where_the_builder_asks_which_registry_has_it(tmp_path: Path, test: str) -> None:
    (tmp_path / "shop.py").write_text(BUILDER.replace("{test}", test))
    model = {"type": "Asking", "head": {"type": "AskedHead"}}
    reading = read_model(model, Library([str(tmp_path)]), "mmengine", "shop")
    assert [(item.name, item.verdict) for item in reading.submodules] == [("head.spare", NEVER)]


SHOP = """
from mmengine.registry import Registry

MODELS = Registry('model', parent=None)
"""
TWIN = """
from torch import nn
from {package}.registry import MODELS


@MODELS.register_module()
class TwinHead(nn.Linear):
    def __init__(self):
        super().__init__(3, 3)
"""


@pytest.mark.parametrize("scope", [None, "mmpose"])
def test_a_registry_has_what_its_own_package_registers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: Optional[str]
) -> None:
    """And not what another one of several installed packages has under that name."""
    for package in ("mmdet", "mmseg"):
        (tmp_path / "site" / package).mkdir(parents=True)
        for name, text in (("__init__", ""), ("registry", SHOP), ("twin", TWIN.format(package=package))):
            (tmp_path / "site" / package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    test = "cfg['type'] in HEADS._module_dict.keys()"
    text = BUILDER.replace("{test}", test).replace("return MODELS.build", "return THEIRS.build")
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "shop.py").write_text(f"from mmdet.registry import MODELS as THEIRS\n{text}")
    model = {"type": "Asking", "head": {"type": "TwinHead"}}
    reading = read_model(model, Library([str(tmp_path / "repo")]), "mmcv1", scope)
    assert reading.ambiguous == ()
    made = {built.place.path for built in reading.built if built.place is not None}
    assert made == {str(tmp_path / "repo" / "shop.py"), str(tmp_path / "site" / "mmdet" / "twin.py")}


OLD = """
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class OldDetector(BaseModel):
    def __init__(self, pretrained=None):
        super().__init__()
        self.backbone, self.spare = BaseModule(), BaseModule()
        self.init_weights(pretrained=pretrained)

    def init_weights(self, pretrained=None):
        super().init_weights(pretrained)
        self.backbone.init_weights(pretrained=pretrained)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        return dict(loss=inputs.sum())
"""


def test_weights_may_be_named_when_they_are_initialised(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(OLD)
    model = {"type": "OldDetector", "pretrained": "weights.pth"}
    assert read_model(model, Library([str(tmp_path)]), "mmengine", "shop").problems == ()


def registered(source: str) -> Dict[str, str]:
    """Name and layer of each ``register_module(name, module=nn.Layer)``."""
    return dict(re.findall(r"register_module\('(\w+)', module=nn\.(\w+)\)", source))


@pytest.mark.zoo
@pytest.mark.parametrize("file", ["norm", "conv"])
def test_layers_have_the_names_that_mmcv_gives_them(zoo: Any, file: str) -> None:
    source: Path = zoo("mmcv-lite-2.1.0") / "mmcv" / "cnn" / "bricks" / f"{file}.py"
    names = registered(source.read_text(encoding="utf-8"))
    assert len(names) > 3
    for name, layer in names.items():
        found = torch_layer(name)
        assert found is not None, name
        assert found.name == layer
