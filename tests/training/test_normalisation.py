"""SyncBN in a run with one process: what torch, the script of the repository and the Runner make of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mmfix.config.reader import Reader
from mmfix.rules import judge
from mmfix.rules.rule import MMCV1
from mmfix.training import read

CONFIG = (
    MMCV1
    + """
norm_cfg = dict(type='SyncBN', requires_grad=True)
model = dict(
    type='FCOS', backbone=dict(type='ResNet', norm_cfg=norm_cfg),
    bbox_head=[dict(type='Head', blocks=[dict(norm_cfg=norm_cfg)]), dict(type='Head', norm_cfg=None)])
"""
)
SCRIPT = """
from mmcv.cnn.utils import revert_sync_batchnorm
def main():
    if not distributed:
        model = revert_sync_batchnorm(model)
"""


def findings(path, torch=""):
    setup = replace(read(Reader().load(str(path)), launcher="none"), torch=torch)
    return [finding for finding in judge(setup) if finding.code == "MMF117"]


@pytest.fixture
def config(tmp_path):
    (tmp_path / "setup.py").write_text("")
    (tmp_path / "configs").mkdir()
    path = tmp_path / "configs" / "a.py"
    path.write_text(CONFIG)
    return path


def test_every_place_is_changed(config) -> None:
    (finding,) = findings(config)
    assert [str(override) for override in finding.remedies[0].overrides] == [
        "model.backbone.norm_cfg.type = 'BN'",
        "model.bbox_head[0].blocks[0].norm_cfg.type = 'BN'",
    ]
    assert "model.backbone.norm_cfg and 1 more place ask for it" in finding.message


@pytest.mark.parametrize(("torch", "count"), [("1.13.1+cu117", 1), ("2.0.1", 0), ("10.0", 0), ("", 1)])
def test_torch_2_does_without(config, torch, count) -> None:
    assert len(findings(config, torch)) == count


def test_a_script_that_takes_it_out(config) -> None:
    tools = config.parent.parent / "tools"
    tools.mkdir()
    (tools / "train.py").write_text(SCRIPT)
    assert findings(config) == []
