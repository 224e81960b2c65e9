"""From an index to a parameter, and from a parameter to its config key."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, Optional, Tuple

import pytest

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.reader import Reader
from mmfix.training.parameters import key_of_parameter, order_or_reason, parameter_order

SOURCE = """
import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class Part(BaseModule):
    def __init__(self, width=2, inner=None):
        super().__init__()
        self.fc = nn.Linear(width, width)
        if inner is not None:
            self.inside = MODELS.build(inner)


@MODELS.register_module()
class Whole(BaseModel):
    def __init__(self, backbone, heads=(), stages=None, **kwargs):
        super().__init__()
        self.backbone = MODELS.build(backbone)
        self.heads = nn.ModuleList([MODELS.build(head) for head in heads])
        self.stages = nn.ModuleList([MODELS.build(stages) for _ in range(2 if stages else 0)])

    def forward(self, inputs, data_samples=None, mode='tensor'):
        return dict(loss=sum(p.sum() for p in self.parameters()))
"""
CONFIG = """
model = dict(
    type='Whole',
    backbone=dict(type='Part', inner=dict(type='Part')),
    heads=[dict(type='Part'), dict(type='Part', width=3)],
    stages=dict(type='Part', inner=dict(type='Part')))
train_dataloader = dict(batch_size=2)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
"""
UNREAD = "model = dict(type='X', roi_head=dict(type='X', bbox_head=[dict(type='X'), dict(type='X')]))\n"
Load = Callable[..., ConfigDocument]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def make(config: str = CONFIG, more: str = "", files: Optional[Dict[str, str]] = None) -> ConfigDocument:
        (tmp_path / "pyproject.toml").write_text("")
        for name, text in {"parts.py": SOURCE, "configs/x.py": config + more, **(files or {})}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return Reader().load(str(tmp_path / "configs" / "x.py"))

    return make


def test_the_order_and_the_keys_of_all_parameters(load: Load) -> None:
    document = load()
    order = parameter_order(document)
    assert order is not None
    modules = list(dict.fromkeys(name.rpartition(".")[0] for name in order))
    keys = {name: key_of_parameter(document, f"{name}.weight") for name in modules}
    assert keys == {
        "backbone.fc": ("model", "backbone"),
        "backbone.inside.fc": ("model", "backbone", "inner"),
        "heads.0.fc": ("model", "heads", 0),
        "heads.1.fc": ("model", "heads", 1),
        "stages.0.fc": ("model", "stages"),
        "stages.0.inside.fc": ("model", "stages", "inner"),
        "stages.1.fc": ("model", "stages"),
        "stages.1.inside.fc": ("model", "stages"),
    }


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("roi_head.bbox_head.1.fc_cls.weight", ("model", "roi_head", "bbox_head", 1)),
        ("roi_head.bbox_head.2.fc_cls.weight", ("model", "roi_head")),
        ("neck.conv.weight", ("model",)),
        (".scale", ("model",)),
    ],
)
def test_without_source_the_name_is_followed_through_the_config(load: Load, name: str, key: KeyPath) -> None:
    assert key_of_parameter(load(UNREAD), name) == key


def test_without_a_model_there_is_neither(load: Load) -> None:
    document = load("x = 1\n")
    assert (parameter_order(document), key_of_parameter(document, "a.weight")) == (None, ())


SEPARATE = "model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')\n"
UNCERTAIN: Tuple[Tuple[str, Dict[str, str], str], ...] = (
    (SEPARATE, {}, "not wrapped as a whole"),
    ("model['data_preprocessor'] = dict(type='LearnedColours')\n", {}, "LearnedColours"),
    ("data_preprocessor = dict(type='DetDataPreprocessor', more=[dict(type='Learned')])\n", {}, "Learned"),
    ("", {"tools/train.py": "for p in model.backbone.parameters(): p.requires_grad = False\n"}, "train.py"),
    ("model['backbone'] = dict(type='Elsewhere')\n", {}, "Elsewhere"),
)


@pytest.mark.parametrize(("more", "files", "reason"), UNCERTAIN)
def test_no_order_unless_it_is_certain(load: Load, more: str, files: Dict[str, str], reason: str) -> None:
    order, why = order_or_reason(load(more=more, files=files))
    assert order is None
    assert reason in why


def test_what_only_prepares_a_batch_is_no_doubt(load: Load) -> None:
    document = load(more="data_preprocessor = dict(type='mmdet.DetDataPreprocessor')\n")
    assert parameter_order(document) is not None
