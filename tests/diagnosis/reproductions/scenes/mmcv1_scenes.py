"""What mmcv 1.x's runners and the packages of that era say, with toy models. Not a test module."""

from __future__ import annotations

import sys
import time

import torch
from stage import scene, write

from mmfix.prove import ops
from mmfix.prove.mmcv1_packages import stand_in_for_torchvision

ops.install()
stand_in_for_torchvision()

import mmcv
import mmdet.models
import numpy
from mmcv import Config
from mmcv.cnn import build_norm_layer
from mmcv.parallel import MMDistributedDataParallel
from mmcv.runner import (
    BaseModule,
    OptimizerHook,
    build_optimizer,
    build_runner,
    get_dist_info,
    init_dist,
)
from mmdet.datasets import DATASETS, build_dataloader, build_dataset
from mmdet.models import BACKBONES, DETECTORS, build_detector
from mmdet.models.detectors import BaseDetector
from mmdet.utils import get_root_logger, setup_multi_processes
from mmseg.models import SEGMENTORS, build_segmentor
from mmseg.models.segmentors import BaseSegmentor
from torch import nn
from torch.utils.checkpoint import checkpoint

CONFIG = """
model = dict(type="Toy", backbone=dict(type="ToyBackbone", with_cp=False), distill=False, outputs=False)
dataset_type = "Points"
data = dict(samples_per_gpu=1, workers_per_gpu=0, train=dict(type="Points", length=80))
optimizer = dict(type="SGD", lr=0.01, momentum=0.9, weight_decay=0.0001)
optimizer_config = dict(grad_clip=None)
lr_config = dict(policy="step", warmup="linear", warmup_iters=10, warmup_ratio=0.001, step=[8, 11])
runner = dict(type="EpochBasedRunner", max_epochs=1)
checkpoint_config = dict(interval=1)
log_config = dict(interval=10, hooks=[dict(type="TextLoggerHook")])
dist_params = dict(backend="gloo")
log_level = "INFO"
load_from = None
resume_from = None
workflow = [("train", 1)]
find_unused_parameters = False
"""
BY_ITERATION = 'runner = dict(_delete_=True, type="IterBasedRunner", max_iters=40)'

time.sleep = lambda seconds: None  # the runner waits two seconds before each epoch
torch.cuda.set_device = lambda device: None
torch.cuda.device_count = lambda: 2  # init_dist takes the rank modulo this
#: As ``collect_env()`` has it, which needs a torchvision that can be imported.
ENVIRONMENT = {"sys.platform": sys.platform, "Python": sys.version, "PyTorch": torch.__version__}


@BACKBONES.register_module()
class ToyBackbone(BaseModule):
    def __init__(self, with_cp, init_cfg=None):
        super().__init__(init_cfg)
        self.with_cp = with_cp
        self.stem = nn.Linear(4, 4)
        self.layers = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x):
        x = self.stem(x)
        return checkpoint(self.layers, x) if self.with_cp else self.layers(x)


class Parts:
    """``distill`` makes a branch that takes no part; with ``outputs`` its result is returned beside the losses."""

    def add_parts(self, backbone, distill, outputs):
        self.backbone = BACKBONES.build(backbone)
        self.bbox_head = nn.Linear(4, 1)
        self.outputs = outputs
        if distill:
            self.distill = nn.Linear(4, 4)

    def losses(self, img, found):
        x = self.backbone(img)
        losses = {"loss_cls": self.bbox_head(x).square().mean()}
        if found:
            losses["loss_bbox"] = self.bbox_head(x).abs().mean()
        return losses

    def forward(self, img, img_metas):
        return self.losses(img, found=True)

    def extract_feat(self, imgs):
        raise NotImplementedError

    simple_test = aug_test = encode_decode = forward_train = extract_feat


@DETECTORS.register_module()
class Toy(Parts, BaseDetector):
    def __init__(self, backbone, distill, outputs, train_cfg=None, test_cfg=None, init_cfg=None):
        BaseDetector.__init__(self, init_cfg)
        self.add_parts(backbone, distill, outputs)

    def train_step(self, data, optimizer):
        outputs = super().train_step(data, optimizer)
        if self.outputs:
            outputs["features"] = self.distill(self.backbone(data["img"]))
        return outputs


@DETECTORS.register_module()
class ToyWithoutBoxes(Toy):
    """From its sixth step on rank 1 finds no boxes."""

    steps = 0

    def forward(self, img, img_metas):
        self.steps += 1
        return self.losses(img, found=self.steps < 6 or get_dist_info()[0] == 0)


@SEGMENTORS.register_module()
class ToySegmentor(Parts, BaseSegmentor):
    def __init__(self, backbone, distill, outputs, train_cfg=None, test_cfg=None, init_cfg=None):
        BaseSegmentor.__init__(self, init_cfg)
        self.add_parts(backbone, distill, outputs)

    def forward(self, img, img_metas):
        return self.losses(img, found=get_dist_info()[0] == 0)


@DATASETS.register_module()
class Points:
    CLASSES = ("point",)

    def __init__(self, length):
        self.length = length
        self.flag = numpy.zeros(length, dtype=numpy.uint8)

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return {"img": torch.randn(4), "img_metas": index}


def load(name, text):
    write(f"{name}_base.py", CONFIG)
    write(f"{name}.py", f'_base_ = ["{name}_base.py"]\n{text}\n')
    return Config.fromfile(f"{name}.py")


def train(name, text="", build=build_detector):
    """``tools/train.py`` and ``mmdet/apis/train.py: train_detector`` of mmdet 2.28.2, on a CPU."""
    cfg = load(name, text)
    setup_multi_processes(cfg)
    init_dist("pytorch", **cfg.dist_params)
    cfg.gpu_ids = range(get_dist_info()[1])
    mmcv.mkdir_or_exist(name)
    timestamp = time.strftime("%Y%m%d_%H%M%S", time.localtime())
    logger = get_root_logger(log_file=f"{name}/{timestamp}.log", log_level=cfg.log_level)
    env_info = "\n".join([(f"{k}: {v}") for k, v in ENVIRONMENT.items()])
    dash_line = "-" * 60 + "\n"
    logger.info("Environment info:\n" + dash_line + env_info + "\n" + dash_line)
    logger.info("Distributed training: True")
    logger.info(f"Config:\n{cfg.pretty_text}")
    model = build(cfg.model)
    model.init_weights()
    loader = build_dataloader(
        build_dataset(cfg.data.train), cfg.data.samples_per_gpu, cfg.data.workers_per_gpu, dist=True, seed=0
    )  # fmt: skip
    found = cfg.get("find_unused_parameters", False)
    model = MMDistributedDataParallel(model, broadcast_buffers=False, find_unused_parameters=found)
    settings = dict(
        model=model, optimizer=build_optimizer(model, cfg.optimizer), work_dir=name, logger=logger, meta={}
    )
    runner = build_runner(cfg.runner, default_args=settings)
    runner.timestamp = timestamp
    optimizer = (
        cfg.optimizer_config if "type" in cfg.optimizer_config else OptimizerHook(**cfg.optimizer_config)
    )
    runner.register_training_hooks(cfg.lr_config, optimizer, cfg.checkpoint_config, cfg.log_config)
    runner.run([loader], cfg.workflow)


@scene(ranks=2)
def mmcv1_epochs_unused():
    train("mmcv1_epochs_unused", "model = dict(distill=True)")


@scene(ranks=2)
def mmcv1_iterations_unused():
    train("mmcv1_iterations_unused", f"model = dict(distill=True)\n{BY_ITERATION}")


@scene(ranks=2)
def mmcv1_unused_outputs():
    train("mmcv1_unused_outputs", "find_unused_parameters = True\nmodel = dict(distill=True, outputs=True)")


@scene(ranks=2)
def mmcv1_twice():
    train("mmcv1_twice", "find_unused_parameters = True\nmodel = dict(backbone=dict(with_cp=True))")


@scene(ranks=2)
def mmdet_loss_keys():
    train("mmdet_loss_keys", "model = dict(type='ToyWithoutBoxes')")


@scene(ranks=2)
def mmseg_loss_keys():
    train("mmseg_loss_keys", f"model = dict(type='ToySegmentor')\n{BY_ITERATION}", build_segmentor)


@scene(ranks=2)
def mmcv1_succeeds_with_all_keys():
    text = "norm_cfg = dict(_delete_=True, type='SyncBN')\nuse_static_graph = True\n"
    train("mmcv1_succeeds_with_all_keys", text + "model = dict(backbone=dict(with_cp=True))")


@scene(ranks=2)
def mmcv1_finds_nothing_unused():
    train("mmcv1_finds_nothing_unused", "find_unused_parameters = True")


@scene()
def mmcv1_sync_batchnorm():
    build_norm_layer(dict(type="MMSyncBN"), 4)


@scene(ranks=1)
def mmcv1_type_misspelt():
    build_detector(load("mmcv1_type_misspelt", "model = dict(type='FasterRCN')").model)


@scene(ranks=1)
def mmcv1_inner_type_misspelt():
    build_detector(
        load("mmcv1_inner_type_misspelt", "model = dict(backbone=dict(type='ToyBackbonne'))").model
    )


@scene(ranks=1)
def mmcv1_type_not_imported():
    train("mmcv1_type_not_imported", "data = dict(train=dict(type='NuScenesDataset'))")


@scene(ranks=1)
def mmcv1_argument_misspelt():
    train("mmcv1_argument_misspelt", "model = dict(backbone=dict(with_pc=True))")


@scene(ranks=1)
def mmcv1_argument_missing():
    train("mmcv1_argument_missing", "model = dict(backbone=dict(_delete_=True, type='ToyBackbone'))")


@scene(ranks=1)
def mmcv1_no_type():
    build_detector(load("mmcv1_no_type", "model = dict(backbone=dict(_delete_=True, with_cp=True))").model)


@scene(ranks=1)
def mmcv1_custom_import_misspelt():
    load("mmcv1_custom_import_misspelt", "custom_imports = dict(imports=['nest'])")


@scene(ranks=1)
def mmcv1_leftover_delete():
    base = load(
        "mmcv1_leftover_delete",
        "neck = dict(_delete_=True, type='FPN', in_channels=[4], out_channels=4, num_outs=1)",
    )
    mmdet.models.build_neck(base.neck)


@scene(ranks=1)
def mmcv1_leftover_delete_in_optimizer():
    text = "optimizer = dict(paramwise_cfg=dict(_delete_=True, norm_decay_mult=0.0))\nsolver = dict(_delete_=True, type='AdamW', lr=1e-4)"
    build_optimizer(nn.Linear(1, 1), load("mmcv1_leftover_delete_in_optimizer", text).solver)


@scene(ranks=1)
def mmcv1_leftover_momentum():
    train("mmcv1_leftover_momentum", "optimizer = dict(type='AdamW', lr=1e-4)")


@scene(ranks=1)
def mmcv1_leftover_lr_config():
    train("mmcv1_leftover_lr_config", "lr_config = dict(policy='poly', power=0.9, min_lr=1e-4)")


@scene(ranks=1)
def mmcv1_leftover_max_epochs():
    train("mmcv1_leftover_max_epochs", "runner = dict(type='IterBasedRunner', max_iters=100)")


@scene(ranks=1)
def mmcv1_port():
    train("mmcv1_port", "dist_params = dict(port=29500)")


@scene(ranks=1)
def mmcv1_hook_misspelt():
    train(
        "mmcv1_hook_misspelt",
        "optimizer_config = dict(type='GradientCumulativeOptimzerHook', cumulative_iters=2)",
    )


@scene()
def mmcv1_duplicate_base_key():
    for name in ("one", "other"):
        write(f"duplicate_{name}.py", "find_unused_parameters = True\n")
    write("duplicate.py", '_base_ = ["duplicate_one.py", "duplicate_other.py"]\n')
    Config.fromfile("duplicate.py")
