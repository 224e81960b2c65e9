"""One learnable scale per stride, and fewer levels than strides.

FCOS-type heads make a ``Scale`` for each entry of ``strides``; ``map`` and ``zip`` stop at the shorter list
without a word. With two feature maps and three strides the last scale is never read.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


class PlantedScale(nn.Module):
    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale, dtype=torch.float))

    def forward(self, x):
        return x * self.scale


@MODELS.register_module()
class ScalesZipDetector(BaseModel):
    def __init__(self, strides=(8, 16), data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.strides = strides
        self.backbone = nn.Conv2d(3, 4, 3, padding=1)
        self.conv_reg = nn.Conv2d(4, 4, 1)
        self.scales = nn.ModuleList([PlantedScale(1.0) for _ in self.strides])  # created: scales.2

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.backbone(inputs)
        feats = (x, nn.functional.avg_pool2d(x, 2))
        preds = [scale(self.conv_reg(feat)) for feat, scale in zip(feats, self.scales)]  # uncounted: scales.2
        return dict(loss_bbox=[pred.abs().mean() for pred in preds]) if mode == "loss" else preds
