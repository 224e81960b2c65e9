"""Healthy: layers collected in a plain list and registered by ``nn.Sequential(*layers)``.

How ``make_res_layer`` and most heads build themselves; also ``nn.Sequential(OrderedDict)``, ``insert``,
slices of a Sequential and a loop over ``children()``.
"""

from collections import OrderedDict

import torch.nn as nn
from mmengine.model import BaseModel, Sequential
from mmengine.registry import MODELS


@MODELS.register_module()
class SequentialStarModel(BaseModel):
    def __init__(self, depth=3, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        layers = [nn.Conv2d(3, 4, 1)]
        layers += [nn.Conv2d(4, 4, 1) for _ in range(depth - 1)]
        layers.insert(1, nn.ReLU(inplace=True))
        self.backbone = nn.Sequential(*layers)
        self.neck = Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4))
        self.head = nn.Sequential(OrderedDict([("conv", nn.Conv2d(4, 4, 1)), ("cls", nn.Conv2d(4, 2, 1))]))

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.backbone[1:](self.backbone[0](inputs))
        for module in self.neck.children():
            x = module(x)
        logits = self.head.cls(self.head[0](x))
        if mode == "loss":
            return dict(loss_cls=logits.square().mean())
        return logits
