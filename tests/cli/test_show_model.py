"""``mmfix show --model`` on small models: what is read from their source, and what cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SOURCE = """\
import torch
import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS, TASK_UTILS
from torch.utils.checkpoint import checkpoint

open("imported", "w").close()


@TASK_UTILS.register_module()
class Coder:
    pass


@MODELS.register_module()
class Act(nn.ReLU):
    pass


@MODELS.register_module()
class Loss(nn.Module):
    def forward(self, x):
        return x.mean()


@MODELS.register_module()
class Net(BaseModule):
    def __init__(self, fuse=True, with_cp=False, frozen_stem=False, coder=None, spare=None):
        super().__init__()
        self.fuse = fuse
        self.with_cp = with_cp
        self.frozen_stem = frozen_stem
        self.coder = TASK_UTILS.build(coder)
        self.stem = nn.Conv2d(3, 8, 1)
        self.body = nn.Conv2d(8, 8, 1)
        self.weights = nn.Parameter(torch.ones(2))
        self.body.bias.requires_grad = False

    def train(self, mode=True):
        super().train(mode)
        if self.frozen_stem:
            self.stem.bias.requires_grad = False

    def forward(self, x):
        x = self.stem(x)
        x = checkpoint(self.body, x) if self.with_cp else self.body(x)
        return x * self.weights.sum() if self.fuse else x


@MODELS.register_module()
class Model(BaseModel):
    def __init__(self, backbone, loss, data_preprocessor=None):
        super().__init__(data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.loss = MODELS.build(loss)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        return dict(loss=self.loss(self.backbone(inputs)))
"""
CONFIG = """\
custom_imports = dict(imports=['net'])
model = dict(
    type='Model',
    data_preprocessor=dict(type='ImgDataPreprocessor'),
    backbone=dict(
        type='Net',
        fuse=False,
        with_cp=True,
        frozen_stem=True,
        coder=dict(type='Coder'),
        norm_cfg=dict(type='BN'),
        act_cfg=dict(type='Act'),
        spare=dict(type='Loss')),
    loss=dict(type='Loss'),
    train_cfg=dict(assigner=dict(type='Coder')))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "setup.py").touch()
    (tmp_path / "net.py").write_text(SOURCE)
    (tmp_path / "a.py").write_text(CONFIG)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_a_model_read_from_its_source(mmfix: Any, tmp_path: Path) -> None:
    done = mmfix("show", "--model", "a.py")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    marks = (
        "1 part never used, 2 of 5 parameters frozen, checkpoint (with_cp, reentrant), "
        "frozen in train() after the wrap"
    )
    assert lines.pop(1) == f"  backbone  Net    {marks}  net.py:27"
    assert lines == [
        "model       Model  used                              net.py:51",
        "      - weights (Parameter): never used, not used in the training step",
        "          made at net.py:36",
        "          mentioned at net.py:47",
        "          decided by model.backbone.fuse",
        "      - checkpoint, decided by model.backbone.with_cp: net.py:46",
        "      - frozen in train() after the wrap, decided by model.backbone.frozen_stem: net.py:42",
        "    spare   Loss   not in the model                  net.py:21",
        "  loss      Loss   nothing to train                  net.py:21",
    ]
    assert not (tmp_path / "imported").exists()


def test_a_healthy_model(project: Path, mmfix: Any) -> None:
    (project / "a.py").write_text(
        "custom_imports = dict(imports=['net', 'mmfix.nonreentrant_checkpoint'])\n"
        "model = dict(type='Model', backbone=dict(type='Net', with_cp=True), loss=dict(type='Loss'))\n"
    )
    lines = mmfix("show", "--model", "a.py").stdout.splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "model Model used net.py:51",
        "backbone Net used, 1 of 5 parameters frozen, checkpoint (with_cp, non-reentrant) net.py:27",
        "- checkpoint, decided by model.backbone.with_cp: net.py:46",
        "loss Loss nothing to train net.py:21",
    ]


def test_as_json(project: Path, mmfix: Any) -> None:
    shown = json.loads(mmfix("show", "--model", "a.py", "--format", "json").stdout)
    assert (shown["version"], shown["path"], shown["era"], shown["gave_up"]) == (1, "a.py", "mmengine", "")
    rows = {row["key"]: row for row in shown["model"]}
    assert list(rows) == ["model", "model.backbone", "model.backbone.spare", "model.loss"]
    assert rows["model.backbone"]["place"] == {"path": "net.py", "line": 27}
    assert [part["name"] for part in rows["model.backbone"]["parts"]] == ["weights"]
    assert rows["model.backbone.spare"]["exists"] == "not in the model"


def test_classes_without_source(project: Path, mmfix: Any) -> None:
    config = "model = dict(type='Model', backbone=dict(type='NoNet'), loss=dict(type='Loss'))\n"
    (project / "a.py").write_text(config)
    done = mmfix("show", "--model", "a.py")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[1].split("  ") == ["", "backbone", "NoNet", "not found in source"]
    assert lines[3].startswith("not found in source: searched")
    assert any("no class registered as NoNet was found in source" in line for line in lines[4:])


def test_a_model_whose_class_is_not_there(tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "a.py").write_text("model = dict(type='NoSuchModel')\n")
    done = mmfix("show", "--model", "a.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "model  NoSuchModel  not found in source",
        "not found in source: searched were the repository around the config and what is installed "
        "where mmfix runs",
        "no verdicts: no class registered as NoSuchModel was found in source",
    ]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "a.py: error: file not found"),
        ("model = (", "a.py:1: error: "),
        ("lr = 1\n", "a.py: error: there is no model in this config (name a config that has one)"),
        ("model = open('m').read()\n", "a.py: error: the model cannot be known: "),
    ],
)
def test_what_cannot_be_shown_is_one_line(config: Any, message: str, tmp_path: Path, mmfix: Any) -> None:
    if config is not None:
        (tmp_path / "a.py").write_text(config)
    done = mmfix("show", "--model", "a.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    shown = json.loads(mmfix("show", "--model", "a.py", "--format", "json").stdout)
    assert (shown["model"], shown["error"]["message"] in done.stderr) == ([], True)


def test_a_key_and_a_model_do_not_go_together(project: Path, mmfix: Any) -> None:
    done = mmfix("show", "--model", "a.py", "model.backbone")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--model goes with no KEY" in done.stderr


def test_a_part_made_by_a_library_that_is_not_here(project: Path, mmfix: Any) -> None:
    """Nothing that is known of it is trained, which is not the same as nothing."""
    (project / "far.py").write_text(
        "import torch.nn as nn\nfrom elsewhere import FarNet\nfrom mmengine.registry import MODELS\n\n"
        "@MODELS.register_module()\nclass Wrap(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.inner = FarNet()\n"
    )
    (project / "a.py").write_text(
        "custom_imports = dict(imports=['net', 'far'])\n"
        "model = dict(type='Model', backbone=dict(type='Wrap'), loss=dict(type='Loss'))\n"
    )
    lines = [" ".join(line.split()) for line in mmfix("show", "--model", "a.py").stdout.splitlines()]
    assert lines[1:3] == [
        "backbone Wrap cannot tell far.py:6",
        "- inner is made by elsewhere.FarNet, which was not found in source",
    ]
