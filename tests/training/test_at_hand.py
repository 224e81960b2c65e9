"""Where the file of a class is at hand, no table of other files speaks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

import mmfix
from mmfix.report.text.check import render_report
from mmfix.rules.rule import MMCV1

MODEL = """\
import torch.utils.checkpoint as cp
from mmcv.runner import BaseModule
from mmdet.models import BACKBONES, DETECTORS
from elsewhere import Base
from torch import nn


@BACKBONES.register_module()
class {name}(BaseModule):
    def __init__(self, frozen_stages=-1, with_cp=False):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.block = nn.Conv2d(8, 8, 3)
        {made}

    def _freeze_stages(self):
        for parameter in self.stem.parameters():
            parameter.requires_grad = False

    def train(self, mode=True):
        super().train(mode)
        self._freeze_stages()

    def forward(self, x):
        return [{call}]


@DETECTORS.register_module()
class FarDetector(Base):
    pass
"""
CHECKPOINT = "cp.checkpoint(self.block, self.stem(x){how})"


@pytest.fixture
def project(tmp_path: Path):
    """A repository whose detector has a base class that is not here, so that no step can be followed."""

    def make(top: str, backbone: str, name: str, call: str = "x", made: str = "pass", folder: str = "plug"):
        (tmp_path / "setup.py").write_text("")
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "net.py").write_text(MODEL.format(name=name, call=call, made=made))
        (tmp_path / "configs").mkdir()
        config = tmp_path / "configs" / "a.py"
        model = f"model = dict(type='FarDetector', img_backbone=dict({backbone}))\n"
        config.write_text(f"{MMCV1}{top}\n{model}")
        return config

    return make


def findings(config: Path):
    return [(item.code, item.confidence) for item in mmfix.check(config).findings]


FIND_UNUSED = "find_unused_parameters = True"
VOVNET = ("type='VoVNetCP'", "VoVNetCP")
RESNET = ("type='ResNet', with_cp=True", "ResNet")


@pytest.mark.parametrize(
    ("backbone", "call", "expected"),
    [
        (VOVNET, CHECKPOINT.format(how=", use_reentrant=False"), []),
        (VOVNET, "self.block(self.stem(x))", []),
        (VOVNET, CHECKPOINT.format(how=""), [("MMF101", "likely")]),
        (RESNET, CHECKPOINT.format(how=", use_reentrant=False"), []),
        (RESNET, "self.block(self.stem(x))", [("MMF101", "possible")]),
    ],
)
def test_a_checkpoint_of_a_table_is_that_of_the_file_at_hand(backbone, call, expected, project) -> None:
    assert findings(project(FIND_UNUSED, *backbone, call=call)) == expected


def test_the_evidence_is_the_line_at_hand(project) -> None:
    report = mmfix.check(project(FIND_UNUSED, *VOVNET, call=CHECKPOINT.format(how="")))
    assert report.findings[0].evidence[0] == "plug/net.py:25"
    assert "likely: read from model code" in render_report(report)


def test_without_the_file_the_report_says_that_a_table_speaks(project) -> None:
    report = mmfix.check(project(FIND_UNUSED, "type='VoVNetCP'", "Other"))
    assert "its own source was not read" in render_report(report)


@pytest.mark.parametrize(
    ("made", "expected"), [("pass", [("MMF103", "likely")]), ("self._freeze_stages()", [])]
)
def test_late_freezing_of_a_table_is_that_of_the_file_at_hand(made, expected, project) -> None:
    assert (
        findings(project("", "type='SwinTransformer', frozen_stages=2", "SwinTransformer", made=made))
        == expected
    )


def test_a_copy_of_a_released_package_is_what_the_table_was_made_from(project) -> None:
    backbone = "type='SwinTransformer', frozen_stages=2"
    config = project("", backbone, "SwinTransformer", folder="mmdet/models")
    assert findings(config) == [("MMF103", "certain")]


def test_of_several_classes_of_a_name_a_table_may_mean_another(project) -> None:
    config = project("", "type='SwinTransformer', frozen_stages=2", "SwinTransformer", folder="mmdet/models")
    again = MODEL.format(name="SwinTransformer", call="x", made="self._freeze_stages()")
    (config.parent.parent / "mmdet" / "models" / "other.py").write_text(again)
    assert findings(config) == [("MMF103", "possible")]
