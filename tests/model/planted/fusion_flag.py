"""Learnable fusion weights that exist whether or not they are used.

Case 1 of the project (a RAP-SAM derivative, UNUSED at indices 0 and 197..202): the backbone always makes
``fusion_weights`` and reads them only with ``use_learnable_fusion=True``; without it the levels are
averaged.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class FusionFlagBackbone(BaseModule):
    def __init__(self, channels=8, use_learnable_fusion=True, init_cfg=None):
        super().__init__(init_cfg)
        self.use_learnable_fusion = use_learnable_fusion
        self.low = nn.Conv2d(3, channels, 3, padding=1)
        self.high = nn.Conv2d(channels, channels, 3, padding=1)
        self.fusion_weights = nn.Parameter(torch.ones(2))  # created: backbone.fusion_weights

    def forward(self, x):
        low = self.low(x)
        high = self.high(low.relu())
        if self.use_learnable_fusion:
            weights = self.fusion_weights.softmax(dim=0)  # used: backbone.fusion_weights
            return weights[0] * low + weights[1] * high
        return (low + high) / 2


@MODELS.register_module()
class FusionFlagSegmentor(BaseModel):
    def __init__(self, backbone, num_classes=3, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = MODELS.build(backbone)
        self.conv_seg = nn.Conv2d(8, num_classes, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        logits = self.conv_seg(self.backbone(inputs))
        if mode == "loss":
            return dict(loss_seg=logits.square().mean())
        return logits
