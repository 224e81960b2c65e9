"""A module made by a local builder, two dicts deep in the config.

Forks have their own ``build_fusion(cfg)`` beside the registry. The gate of the fusion exists in every mode
and is read only with ``mode='gate'``; the config key that decides is ``model.neck.fusion.mode``.
"""

import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


class BuilderGatedFusion(nn.Module):
    def __init__(self, channels, mode="gate"):
        super().__init__()
        self.mode = mode
        self.project = nn.Conv2d(channels, channels, 1)
        self.gate = nn.Conv2d(channels, channels, 1)  # created: neck.fusion.gate

    def forward(self, low, high):
        high = self.project(high)
        if self.mode == "gate":
            return low + high * self.gate(high).sigmoid()  # used: neck.fusion.gate
        return low + high


FUSIONS = {"gated": BuilderGatedFusion}


def build_fusion(cfg):
    cfg = cfg.copy()
    return FUSIONS[cfg.pop("name")](**cfg)


@MODELS.register_module()
class BuilderNeck(BaseModule):
    def __init__(self, fusion, init_cfg=None):
        super().__init__(init_cfg)
        self.fusion = build_fusion(fusion)

    def forward(self, low, high):
        return self.fusion(low, high)


@MODELS.register_module()
class BuilderModel(BaseModel):
    def __init__(self, neck, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.low = nn.Conv2d(3, 8, 3, padding=1)
        self.high = nn.Conv2d(3, 8, 5, padding=2)
        self.neck = MODELS.build(neck)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.neck(self.low(inputs), self.high(inputs))
        return dict(loss=x.square().mean()) if mode == "loss" else x
