"""The toy for mmcv 1.x."""

from __future__ import annotations

import numpy as np
import torch
from mmcv.parallel import DataContainer
from mmcv.runner import BaseModule
from mmdet.datasets import DATASETS
from mmdet.models import DETECTORS
from toy_graph import ToyInputs, Traits, numbers

from mmfix.prove.inputs import register


@DETECTORS.register_module()
class Toy(Traits, BaseModule):
    def __init__(self, train_cfg=None, test_cfg=None, init_cfg=None, **flags):
        BaseModule.__init__(self, init_cfg)
        self.add_layers(**flags)

    def forward(self, img, img_metas):
        return {"loss": self.loss_of(img, img_metas[0])}

    def train_step(self, data, optimizer):
        return {**self(**data), "log_vars": {}, "num_samples": len(data["img_metas"])}


@DATASETS.register_module()
class Numbers:
    """Items as a pipeline of this era packs them."""

    CLASSES = None
    flag = np.zeros(20, dtype=np.uint8)

    def __len__(self):
        return 20

    def __getitem__(self, index):
        image = DataContainer(torch.full((4,), float(index)), stack=True, pad_dims=None)
        return {"img": image, "img_metas": DataContainer(3, cpu_only=True)}


class Collected(ToyInputs):
    def batch(self, request):
        inputs, objects = numbers(request)
        return {"img": torch.stack(inputs), "img_metas": [objects] * request.batch_size}


register("toy_mmcv1", Collected())
