"""Healthy: classes defined under a condition.

``try: from mmcv.ops import ... except ImportError: class ...`` and ``if digit_version(...)``. Both
definitions of the norm are used by the forward, whichever the machine gets.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS

try:
    from mmcv.ops import ModulatedDeformConv2dPack as PlantedConv
except ImportError:

    class PlantedConv(nn.Conv2d):
        """Stands in where mmcv is not installed."""


if hasattr(torch.nn, "RMSNorm"):

    class PlantedNorm(nn.Module):
        def __init__(self, dims):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(dims))

        def forward(self, x):
            return x * self.scale
else:

    class PlantedNorm(nn.LayerNorm):
        pass


@MODELS.register_module()
class ConditionalClassModel(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.conv = PlantedConv(3, 8, 3, padding=1)
        self.norm = PlantedNorm(8)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.norm(self.conv(inputs).permute(0, 2, 3, 1))
        return dict(loss=x.square().mean()) if mode == "loss" else x
