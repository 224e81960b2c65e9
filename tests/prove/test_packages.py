"""Real detectors and segmentors: mmdet 3.3.0 and mmseg 1.2.2 with mmcv-lite and stand-ins for its ops."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, NamedTuple

import pytest
from prove_ranks import CHECKPOINT, FROZEN, UNUSED, rehearse_all, unused_by_ddp

from mmfix.proofs.types import Rehearsal
from mmfix.prove.job import Job

pytestmark = [pytest.mark.zoo, pytest.mark.ddp, pytest.mark.xdist_group("prove-packages")]

SWIN = "mmdet/.mim/configs/swin/retinanet_swin-t-p4-w7_fpn_1x_coco.py"
FASTER = "mmdet/.mim/configs/faster_rcnn/faster-rcnn_r18_fpn_8xb8-amp-lsj-200e_coco.py"
FCN = "mmseg/.mim/configs/fastscnn/fast_scnn_8xb4-160k_cityscapes-512x1024.py"
STATIC: Dict[Any, Any] = {("model_wrapper_cfg",): {"type": "MMDistributedDataParallel", "static_graph": True}}
ACCUMULATE: Dict[Any, Any] = {("optim_wrapper", "accumulative_counts"): 2}


class Case(NamedTuple):
    name: str
    config: str
    overrides: Dict[Any, Any]
    outcome: str
    group: str = ""


CASES = (
    Case("a segmentor as shipped", FCN, {}, "OK"),
    Case("a detector as shipped", FASTER, {}, "OK"),
    Case("checkpoint + find unused", FASTER, {**CHECKPOINT, **UNUSED}, "READY_TWICE", "ready twice backbone"),
    Case("checkpoint + static graph", FASTER, {**CHECKPOINT, **STATIC}, "OK"),
    Case("static graph + accumulation", FASTER, {**STATIC, **ACCUMULATE}, "NO_SYNC_ASSERT"),
    Case("Swin frozen late", SWIN, FROZEN, "UNUSED", "never backbone.patch_embed train"),
    Case("Swin frozen late, the cure", SWIN, {**FROZEN, **UNUSED}, "OK", "never backbone.patch_embed train"),
    Case("Swin late + checkpoint", SWIN, {**FROZEN, **CHECKPOINT, **UNUSED}, "READY_TWICE", "ready twice"),
    Case("Swin frozen late, the other cure", SWIN, {**FROZEN, **CHECKPOINT, **STATIC}, "OK"),
)


@pytest.fixture(scope="module")
def rehearsed(openmmlab: Path) -> Dict[str, Rehearsal]:
    kinds = ("normal",)
    jobs = [
        Job(str(openmmlab / case.config), "", tuple(case.overrides.items()), scenarios=kinds)
        for case in CASES
    ]
    found = rehearse_all(jobs, openmmlab)
    return {case.name: rehearsal for case, rehearsal in zip(CASES, found)}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_outcome(case: Case, rehearsed: Dict[str, Rehearsal]) -> None:
    found = rehearsed[case.name]
    assert found.outcome == case.outcome, found
    assert [scenario.disagreement for scenario in found.scenarios] == [""] * len(found.scenarios)
    groups = [f"{group.status} {group.module} {group.frozen_by}" for group in found.groups]
    assert not case.group or any(text.startswith(case.group) for text in groups), groups
    assert len(found.parameters) == found.trainable
    if found.outcome == "UNUSED":
        assert unused_by_ddp(found) == found.scenarios[0].unused


def test_checkpointing_saves_activation_memory(rehearsed: Dict[str, Rehearsal]) -> None:
    without, with_cp = rehearsed["Swin frozen late, the cure"], rehearsed["Swin frozen late, the other cure"]
    assert without.activation_bytes is not None
    assert with_cp.activation_bytes is not None
    assert 0.2 < with_cp.activation_bytes / without.activation_bytes < 0.8
