"""``loss`` returns early when an image holds nothing.

YOLOX-type heads of forks (mmdetection#7298 reports such a late failure): without targets the method returns
a zero made of the features, and the branches below the ``return`` get no gradient in that step.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class EarlyReturnDetector(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.conv_cls = nn.Conv2d(8, 3, 1)
        self.conv_reg = nn.Conv2d(8, 4, 1)  # created: conv_reg

    def loss(self, inputs, data_samples):
        feats = self.backbone(inputs)
        cls_score = self.conv_cls(feats)
        labels = torch.cat([sample.gt_instances.labels for sample in data_samples])
        if labels.numel() == 0:
            return dict(loss_cls=cls_score.square().mean(), loss_bbox=feats.sum() * 0.0)
        bbox_pred = self.conv_reg(feats)  # used: conv_reg
        return dict(loss_cls=cls_score.square().mean(), loss_bbox=bbox_pred.abs().mean())

    def forward(self, inputs, data_samples=None, mode="tensor"):
        if mode == "loss":
            return self.loss(inputs, data_samples)
        return self.conv_cls(self.backbone(inputs))
