"""Promise: the official configs are healthy, so `check` is silent on them, and loud once they are broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Set, Tuple

import pytest
from zoo_helpers import ROOTS, leaves, on_one_worker, root_of

import mmfix
from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import get_path
from mmfix.config.memory import from_mapping
from mmfix.rules import judge
from mmfix.training import read

pytestmark = pytest.mark.zoo

#: Configs that MMEngine cannot load either: a base that the wheel lacks, or that another package has.
UNREADABLE = {
    "mmdet-3.3.0": 9,
    "mmdet-2.28.2": 0,
    "mmsegmentation-1.2.2": 0,
    "mmsegmentation-0.30.0": 0,
    "onedl-mmdetection-3.5.1": 2,
    "onedl-mmsegmentation-1.4.2": 0,
}
LEAVES = {
    "mmdet-3.3.0": 790,
    "mmdet-2.28.2": 628,
    "mmsegmentation-1.2.2": 681,
    "mmsegmentation-0.30.0": 644,
    "onedl-mmdetection-3.5.1": 801,
    "onedl-mmsegmentation-1.4.2": 682,
}


#: True. CLRNet's neck takes three of the four outputs of its ResNet, so stage 4 gets no gradient; others are
#: set where nobody reads them, or stop the run when a class is built (docs/nobody_reads.md).
_OF_MMDET = {
    ("bytetrack_yolox_x_8xb4-80e_crowdhuman-mot20train_test-mot20test.py", "MMF203"),
    ("yolox_x_8xb4-80e_crowdhuman-mot20train_test-mot20test.py", "MMF203"),
    ("mask-rcnn_r50_fpn_rpn-2conv_4conv1fc_syncbn-all_32xb2-ssj-90k_coco.py", "MMF203"),
    ("mask-rcnn_r50_fpn_rpn-2conv_4conv1fc_syncbn-all_32xb2-ssj-scp-90k_coco.py", "MMF203"),
    ("ga-fast-rcnn_r50-caffe_fpn_1x_coco.py", "MMF202"),
    ("cascade-rpn_r50-caffe_fpn_1x_coco.py", "MMF205"),
    ("bytetrack_yolox_x_8xb4-80e_crowdhuman-mot20train_test-mot20test.py", "MMF207"),
    ("bytetrack_yolox_x_8xb4-amp-80e_crowdhuman-mot20train_test-mot20test.py", "MMF207"),
    ("faster-rcnn_r50_fpn_1x_voc0712-cocofmt.py", "MMF205"),
    ("fcos_swinb_fpn_8x4_sample1e-3_mstrain_v3det_2x.py", "MMF205"),
}
_OF_MMSEG = {
    ("bisenetv2_fcn_4xb4-ohem-160k_cityscapes-1024x1024.py", "MMF201"),
    ("mae-base_upernet_8xb2-amp-160k_ade20k-512x512-ms.py", "MMF202"),
    ("mae-base_upernet_8xb2-amp-160k_ade20k-512x512.py", "MMF202"),
    ("mobilenet-v3-d8-s_lraspp_4xb4-320k_cityscapes-512x1024.py", "MMF202"),
    ("mobilenet-v3-d8-scratch-s_lraspp_4xb4-320k_cityscapes-512x1024.py", "MMF202"),
    ("mobilenet-v3-d8-scratch_lraspp_4xb4-320k_cityscapes-512x1024.py", "MMF202"),
    ("mobilenet-v3-d8_lraspp_4xb4-320k_cityscapes-512x1024.py", "MMF202"),
    ("swin-tiny-patch4-window7_upernet_1xb8-20k_levir-256x256.py", "MMF203"),
    ("fpn_r101_4xb4-160k_ade20k-512x512.py", "MMF209"),
    ("knet-s3_swin-l_upernet_8xb2-adamw-80k_ade20k-640x640.py", "MMF209"),
}
KNOWN: Dict[str, Set[Tuple[str, str]]] = {
    "mmdet-3.3.0": _OF_MMDET,
    "mmdet-2.28.2": {
        ("retinanet_r50_fpn_syncbn_1350k_obj365v1.py", "MMF205"),
        ("ssd300_32x8_36e_openimages.py", "MMF205"),
    },
    "mmsegmentation-1.2.2": _OF_MMSEG,
    "onedl-mmdetection-3.5.1": {*_OF_MMDET, ("clrnet.py", "MMF102")},
    "onedl-mmsegmentation-1.4.2": _OF_MMSEG,
}


@pytest.mark.parametrize(
    "name",
    [
        *(on_one_worker(name) for name in ROOTS),
        *(pytest.param(name, marks=pytest.mark.full) for name in LEAVES if name not in ROOTS),
    ],
)
def test_silent_on_the_zoo(zoo: Callable[[str], Path], name: str) -> None:
    report = mmfix.check(zoo(name) / root_of(name))
    unreadable = [config for config in report.configs if config.status != "ok"]
    assert [
        config.error for config in unreadable if config.error is None or config.error.kind != "config"
    ] == []
    assert len(unreadable) <= UNREADABLE[name]  # a package that is installed here can only make it fewer
    assert len(report.configs) - len(unreadable) >= LEAVES[name]
    found = {
        (Path(config.path).name, one.code)
        for config in report.configs
        for one in config.findings
        if one.severity != "note"
    }
    assert found == KNOWN.get(name, set())


def backbone(document: ConfigDocument) -> Tuple[Any, ...]:
    """Key path of the model's backbone, or ()."""
    for path in (("model", "backbone"), ("model", "detector", "backbone")):
        if isinstance(get_path(document.tree, path), dict):
            return path
    return ()


def found(config: Dict[str, Any]) -> Set[str]:
    return {finding.code for finding in judge(read(from_mapping(config)))}


@pytest.mark.parametrize(
    ("name", "least"), [on_one_worker("mmdet-3.3.0", 40), on_one_worker("mmdet-2.28.2", 0)]
)
def test_find_unused_beside_a_shipped_checkpoint(zoo: Callable[[str], Path], name: str, least: int) -> None:
    """The advice of the error text, followed on every official config that has a checkpoint on."""
    tried, missed = 0, []
    for document in leaves(zoo, name):
        setup = read(document)
        if any(site.reentrant for site in setup.checkpoints):
            tried += 1
            if "MMF101" not in found({**document.to_dict(), "find_unused_parameters": True}):
                missed.append(document.path)
    assert tried >= least
    assert missed == []


@pytest.mark.parametrize("name", [on_one_worker(name) for name in ROOTS])
def test_a_switched_on_checkpoint(zoo: Callable[[str], Path], name: str) -> None:
    """`with_cp=True` on a stock backbone: fine alone, found beside `find_unused_parameters=True`."""
    tried, wrong = 0, []
    for document in leaves(zoo, name):
        path = backbone(document)
        config = document.to_dict()
        if not path or get_path(config, path).get("type") not in ("ResNet", "SwinTransformer", "ResNetV1c"):
            continue
        tried += 1
        config.pop("find_unused_parameters", None)  # a few configs ship with it
        get_path(config, path)["with_cp"] = True
        both = found(config), found({**config, "find_unused_parameters": True})
        before, after = ({code for code in codes if code < "MMF2"} for codes in both)  # those about DDP
        # trackers that run the backbone on two frames a step (QDTrack, MaskTrackRCNN) fail with it anyway
        if before - {"MMF105"} or after != {"MMF101"}:
            wrong.append((document.path, before, after))
    assert tried >= 100
    assert wrong == []


@pytest.mark.parametrize("name", [on_one_worker(name) for name in ROOTS])
def test_a_frozen_swin(zoo: Callable[[str], Path], name: str) -> None:
    """`frozen_stages` on a backbone that freezes only in `train()`: the most frequent cause in threads."""
    tried, missed = 0, []
    for document in leaves(zoo, name):
        path = backbone(document)
        config = document.to_dict()
        if not path or get_path(config, path).get("type") != "SwinTransformer":
            continue
        config.pop("find_unused_parameters", None)  # one config ships with the cure
        get_path(config, path)["frozen_stages"] = 2
        tried += 1
        checkpointed = any(site.reentrant for site in read(document).checkpoints)
        if ("MMF104" if checkpointed else "MMF103") not in found(config):
            missed.append(document.path)
    assert tried >= 8
    assert missed == []
