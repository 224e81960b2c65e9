"""Healthy: a loss with weight zero.

Risk F4: multiplying by zero keeps the head in the graph; it gets a gradient of zeros, and DDP is content.
mmdet3d ships such configs.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class LossWeightZeroModel(BaseModel):
    def __init__(self, loss_weights=(1.0, 0.0), data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.loss_weights = loss_weights
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.heads = nn.ModuleList([nn.Conv2d(8, 2, 1) for _ in loss_weights])

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        outs = [head(feats) for head in self.heads]
        if mode == "loss":
            terms = enumerate(zip(self.loss_weights, outs))
            return {f"loss_{i}": weight * out.square().mean() for i, (weight, out) in terms}
        return outs
