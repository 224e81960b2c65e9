"""What mmdet 3 and mmseg 1 print, with their own ``tools/train.py``, on a few small images. Not a test module."""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path

import cv2
import numpy
from stage import scene

from mmfix.prove import ops

ops.install()

import mmdet.apis
import mmseg.apis
from mmdet.datasets import CocoDataset
from mmengine.runner import runner
from mmseg.datasets import BaseSegDataset, PascalContextDataset

ENVIRONMENT = runner.collect_env()  # takes a second; all scenes have the same
runner.collect_env = lambda: ENVIRONMENT

DETECTOR = """
_base_ = ["mmdet::retinanet/retinanet_r18_fpn_1x_coco.py"]
model = dict(
    backbone=dict(with_cp=True, init_cfg=None, norm_cfg=dict(type="BN", requires_grad=False)),
    bbox_head=dict(num_classes=2),
)
data_root = "data/"
train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True),
    dict(type="Resize", scale=(64, 64), keep_ratio=True),
    dict(type="PackDetInputs"),
]
train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type="CocoDataset",
        data_root="data/",
        metainfo=dict(classes=("a", "b")),
        ann_file="coco.json",
        data_prefix=dict(img=""),
        pipeline=train_pipeline,
    ),
)
val_dataloader = val_cfg = val_evaluator = test_dataloader = test_cfg = test_evaluator = None
train_cfg = dict(max_epochs=1)
default_hooks = dict(logger=dict(interval=1), checkpoint=None)
find_unused_parameters = True
use_static_graph = True
"""
SEGMENTOR = """
_base_ = ["mmseg::fastscnn/fast_scnn_8xb4-160k_cityscapes-512x1024.py"]
norm_cfg = dict(type="SyncBN", requires_grad=True)
crop_size = (64, 64)
model = dict(data_preprocessor=dict(size=crop_size))
train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations"),
    dict(type="PackSegInputs"),
]
train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type="BaseSegDataset",
        metainfo=dict(classes=("a", "b"), palette=[[0, 0, 0], [1, 1, 1]]),
        data_root="data",
        data_prefix=dict(img_path="img", seg_map_path="ann"),
        pipeline=train_pipeline,
    ),
)
val_dataloader = val_cfg = val_evaluator = test_dataloader = test_cfg = test_evaluator = None
train_cfg = dict(_delete_=True, type="IterBasedTrainLoop", max_iters=2)
default_hooks = dict(logger=dict(interval=1), checkpoint=None)
find_unused_parameters = True
"""


def make_data():
    """Four images of 64 x 64, each with a box and a map of labels."""
    images, annotations = [], []
    for folder in ("data/img", "data/ann"):
        Path(folder).mkdir(parents=True, exist_ok=True)
    generator = numpy.random.default_rng(0)
    for number in range(4):
        cv2.imwrite(f"data/img/{number}.jpg", generator.integers(0, 255, (64, 64, 3), dtype=numpy.uint8))
        cv2.imwrite(f"data/ann/{number}.png", generator.integers(0, 2, (64, 64), dtype=numpy.uint8))
        images.append({"id": number, "file_name": f"img/{number}.jpg", "height": 64, "width": 64})
        box = {"id": number, "image_id": number, "category_id": 1, "bbox": [8, 8, 32, 32], "area": 1024}
        annotations.append({**box, "iscrowd": 0})
    categories = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    everything = {"images": images, "annotations": annotations, "categories": categories}
    Path("data/coco.json").write_text(json.dumps(everything), encoding="utf-8")


def tools_train(package, *arguments):
    sys.argv = ["tools/train.py", *arguments]
    runpy.run_path(
        os.path.join(os.path.dirname(package.__file__), ".mim", "tools", "train.py"), run_name="__main__"
    )


@scene()
def mmdet_succeeds():
    make_data()
    Path("retinanet.py").write_text(DETECTOR, encoding="utf-8")
    tools_train(mmdet, "retinanet.py")


@scene()
def mmseg_succeeds():
    make_data()
    Path("fast_scnn.py").write_text(SEGMENTOR, encoding="utf-8")
    tools_train(mmseg, "fast_scnn.py")


@scene()
def mmdet_type_misspelt():
    Path("misspelt.py").write_text(DETECTOR + "model['neck'] = dict(type='FNP')", encoding="utf-8")
    tools_train(mmdet, "misspelt.py")


@scene()
def mmdet_arguments():
    tools_train(mmdet, "retinanet.py", "--gpus", "2")


@scene()
def mmdet_config_missing():
    tools_train(mmdet, "configs/retinanet/missing.py")


@scene()
def mmdet_images_missing():
    make_data()
    Path("missing.py").write_text(DETECTOR.replace('img=""', 'img="train2017/"'), encoding="utf-8")
    tools_train(mmdet, "missing.py")


@scene()
def mmdet_dataset_assertion():
    make_data()
    everything = json.loads(Path("data/coco.json").read_text(encoding="utf-8"))
    everything["annotations"].append(everything["annotations"][0])
    Path("data/twice.json").write_text(json.dumps(everything), encoding="utf-8")
    CocoDataset(ann_file="data/twice.json", data_prefix={"img": "data"}, metainfo={"classes": ("a", "b")})


@scene()
def mmseg_dataset_assertion():
    PascalContextDataset(
        ann_file="val.txt", data_root="data/VOCdevkit", data_prefix={"img_path": "JPEGImages"}
    )


@scene()
def mmseg_dataset_without_classes():
    BaseSegDataset(ann_file="", data_root="data", test_mode=True)
