"""The built-in makers: what they give for real configs, and that the same request gives the same batch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Tuple

import pytest
from fresh_python import run

pytest.importorskip("torch")
from mmengine.config import Config

from mmfix.prove import inputs
from mmfix.prove.inputs import drawing
from mmfix.prove.inputs.protocol import InputMaker

ALL = ("normal", "empty", "single")
#: Config below `<package>/.mim/configs`, maker, kinds, size.
MAKERS = [
    ("mmdet/mask_rcnn/mask-rcnn_r50_fpn_1x_coco", "Detection", ALL, (128, 128)),
    ("mmdet/ssd/ssd300_coco", "Detection", ALL, (300, 300)),
    (
        "mmdet/deformable_detr/deformable-detr-refine-twostage_r50_16xb2-50e_coco",
        "Detection",
        ALL,
        (128, 128),
    ),
    ("mmdet/dino/dino-4scale_r50_8xb2-12e_coco", "Detection", ALL, (224, 224)),
    ("mmdet/dino/dino-5scale_swin-l_8xb2-12e_coco", "Detection", ALL, (128, 128)),
    (
        "mmdet/soft_teacher/soft-teacher_faster-rcnn_r50-caffe_fpn_180k_semi-0.1-coco",
        "Branches",
        ALL,
        (128, 128),
    ),
    ("mmdet/qdtrack/qdtrack_faster-rcnn_r50_fpn_4e_base", "Frames", ALL, (128, 128)),
    (
        "mmdet/bytetrack/bytetrack_yolox_x_8xb4-80e_crowdhuman-mot17halftrain_test-mot17halfval",
        "Detection",
        ALL,
        (128, 128),
    ),
    (
        "mmdet/reid/reid_r50_8xb32-6e_mot17train80_test-mot17val20",
        "ReIdentification",
        ("normal",),
        (256, 128),
    ),
    ("mmseg/fcn/fcn_r50-d8_4xb4-80k_ade20k-512x512", "Segmentation", ALL, (128, 128)),
    (
        "mmseg/pidnet/pidnet-s_2xb6-120k_1024x1024-cityscapes",
        "Segmentation",
        ("normal",),
        (128, 128),
    ),
    (
        "mmseg/mask2former/mask2former_r50_8xb2-160k_ade20k-512x512",
        "Segmentation",
        ALL,
        (128, 128),
    ),
    (
        "mmseg/mobilenet_v3/mobilenet-v3-d8-s_lraspp_4xb4-320k_cityscapes-512x1024",
        "Segmentation",
        ALL,
        (400, 400),
    ),
    ("mmpretrain/resnet/resnet18_8xb16_cifar10", "Labelled", ("normal",), (32, 32)),
    ("mmpretrain/swin_transformer/swin-tiny_16xb64_in1k", "Labelled", ("normal",), (224, 224)),
    ("mmpretrain/mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k", "OwnPipeline", ("normal",), (224, 224)),
]


def config_path(openmmlab: Path, name: str) -> Path:
    package, _, rest = name.partition("/")
    return openmmlab / package / ".mim" / "configs" / f"{rest}.py"


@pytest.mark.zoo
@pytest.mark.parametrize(("name", "maker", "kinds", "size"), MAKERS, ids=[row[0] for row in MAKERS])
def test_makers_of_real_configs(
    openmmlab: Path, name: str, maker: str, kinds: Tuple[str, ...], size: Tuple[int, int]
) -> None:
    config = Config.fromfile(str(config_path(openmmlab, name)), import_custom_modules=False)
    found: InputMaker = inputs.maker_for(config)
    assert (type(found).__name__, found.kinds, inputs.default_size(config)) == (maker, kinds, size)


@pytest.mark.zoo
@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "mmseg/beit/beit-base_upernet_8xb2-160k_ade20k-640x640",
            ("model.data_preprocessor.size", "img_size"),
        ),
        ("mmdet/mask2former/mask2former_r50_8xb2-lsj-50e_coco", ("batch_augments[0].size",)),
        ("mmdet/yolox/yolox_nano_8xb8-300e_coco", ("batch_augments[0].random_size_range",)),
        ("mmdet/mask_rcnn/mask-rcnn_r50_fpn_1x_coco", ()),
    ],
)
def test_fixed_sizes_are_replaced_and_told(openmmlab: Path, name: str, lines: Tuple[str, ...]) -> None:
    config = Config.fromfile(str(config_path(openmmlab, name)), import_custom_modules=False)
    told = "\n".join(inputs.maker_for(config).adapt(config, (96, 128)))
    assert all(f"{line}: " in told for line in lines)
    assert bool(told) == bool(lines)
    assert told.count("-> (96, 128)") == len(told.splitlines())


CHILD = '''
import hashlib, json, sys
from mmfix.prove import ops
ops.install()
from mmengine.config import Config
from mmengine.structures import BaseDataElement
from mmfix.prove import inputs

def flat(value):
    """Every tensor and array of a batch, by name."""
    if isinstance(value, BaseDataElement):
        value = dict(value.all_items())
    if isinstance(value, dict):
        return [part for key in sorted(value) for part in flat(value[key])]
    if isinstance(value, (list, tuple)):
        return [part for item in value for part in flat(item)]
    value = getattr(value, "tensor", getattr(value, "masks", value))  # boxes, bitmaps
    return [repr(value.tolist() if hasattr(value, "tolist") else value)]

def digest(batch):
    return hashlib.sha1("|".join(flat(batch)).encode()).hexdigest()

def objects(sample):
    if sample is None:
        return None
    if hasattr(sample, "video_data_samples"):
        return [objects(frame) for frame in sample.video_data_samples]
    if "gt_instances" in sample:
        return len(sample.gt_instances)
    return sorted(set(sample.gt_sem_seg.data.unique().tolist()) - {255}) != []

found = {}
for path in sys.argv[1:]:
    config = Config.fromfile(path, import_custom_modules=False)
    maker = inputs.maker_for(config)
    for kind in maker.kinds:
        batches = [maker.batch(inputs.Request(config, kind, (64, 96), 2, seed)) for seed in (7, 7, 8)]
        samples = batches[0]["data_samples"]
        if isinstance(samples, dict):
            counts = {branch: [objects(sample) for sample in part] for branch, part in samples.items()}
        else:
            counts = [objects(sample) for sample in samples]
        digests = [digest(batch) for batch in batches]
        found[f"{path} {kind}"] = [counts, digests[0] == digests[1], digests[0] != digests[2]]
        for sample in samples if isinstance(samples, list) else samples["sup"]:
            if sample is not None and "gt_instances" in sample and "masks" in sample.gt_instances:
                assert sample.gt_instances.masks.masks.shape == (len(sample.gt_instances), 64, 96)
print(json.dumps(found))
'''
SEVEN = len(drawing.SIDES)
OBJECTS: Dict[str, Dict[str, Any]] = {
    "mmdet/mask_rcnn/mask-rcnn_r50_fpn_1x_coco": {
        "normal": [SEVEN, SEVEN],
        "empty": [0, 0],
        "single": [1, 0],
    },
    "mmdet/panoptic_fpn/panoptic-fpn_r50_fpn_1x_coco": {
        "normal": [SEVEN, SEVEN],
        "empty": [0, 0],
        "single": [1, 0],
    },
    "mmdet/fast_rcnn/fast-rcnn_r50_fpn_1x_coco": {
        "normal": [SEVEN, SEVEN],
        "empty": [0, 0],
        "single": [1, 0],
    },
    "mmdet/qdtrack/qdtrack_faster-rcnn_r50_fpn_4e_base": {
        "normal": [[SEVEN, SEVEN], [SEVEN, SEVEN]],
        "empty": [[0, 0], [0, 0]],
        "single": [[1, 1], [0, 0]],
    },
    "mmdet/soft_teacher/soft-teacher_faster-rcnn_r50-caffe_fpn_180k_semi-0.1-coco": {
        kind: {"sup": [count, None], "unsup_teacher": [None, 0], "unsup_student": [None, 0]}
        for kind, count in (("normal", SEVEN), ("empty", 0), ("single", 1))
    },
    "mmdet/crowddet/crowddet-rcnn_r50_fpn_8xb2-30e_crowdhuman": {
        "normal": [SEVEN, SEVEN],
        "empty": [0, 0],
        "single": [1, 0],
    },
    "mmseg/fcn/fcn_r50-d8_4xb4-80k_ade20k-512x512": {
        "normal": [True, True],
        "empty": [False, False],
        "single": [True, False],
    },
}


@pytest.mark.zoo
def test_batches_hold_what_their_kind_says_and_depend_on_the_seed_alone(openmmlab: Path) -> None:
    paths = {name: str(config_path(openmmlab, name)) for name in OBJECTS}
    printed = run(CHILD, openmmlab, arguments=list(paths.values()))
    found = json.loads(printed.splitlines()[-1])
    expected = {
        f"{paths[name]} {kind}": [counts, True, True]
        for name, kinds in OBJECTS.items()
        for kind, counts in kinds.items()
    }
    assert found == expected


CROWDED = """
import sys
from mmfix.prove import ops
ops.install()
from mmengine.config import Config
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData
from mmfix.prove import inputs
import mmdet.models

config = Config.fromfile(sys.argv[1], import_custom_modules=False)
assigner = TASK_UTILS.build(config.model.train_cfg.rcnn.assigner)
for kind in ("normal", "empty", "single"):
    for sample in inputs.maker_for(config).batch(inputs.Request(config, kind, (64, 96)))["data_samples"]:
        objects, ignored = sample.gt_instances, sample.ignored_instances
        for part in (objects, ignored):
            part.bboxes = part.bboxes.tensor
        proposals = InstanceData(priors=objects.bboxes.new_ones(5, 4))
        found = assigner.assign(proposals, objects, ignored)
        assert found.gt_inds.shape[1] == 2
        print(len(objects), len(ignored), sorted(set(ignored.labels.tolist())))
"""


@pytest.mark.zoo
def test_an_assigner_of_crowds_gets_a_region_to_ignore_beside_a_single_object(openmmlab: Path) -> None:
    path = config_path(openmmlab, "mmdet/crowddet/crowddet-rcnn_r50_fpn_8xb2-30e_crowdhuman")
    printed = run(CROWDED, openmmlab, arguments=[path])
    assert printed.splitlines() == ["7 0 []", "7 0 []", "0 0 []", "0 0 []", "1 1 [-1]", "0 0 []"]
