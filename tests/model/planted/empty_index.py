"""Healthy: positives picked by an index that may be empty.

mmdet's bbox heads: a Linear on zero rows still puts its weight into the graph, the gradient is zero and
present. No branch, so nothing depends on the batch. (A mean over zero elements would be NaN; the sum is
not.)
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class EmptyIndexDetector(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.fc_cls = nn.Linear(8, 2)
        self.fc_reg = nn.Linear(8, 4)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        rois = self.backbone(inputs).flatten(2).transpose(1, 2).reshape(-1, 8)
        if mode != "loss":
            return self.fc_cls(rois)
        labels = torch.cat([sample.gt_instances.labels for sample in data_samples])
        pos_inds = torch.arange(labels.numel())
        loss_reg = self.fc_reg(rois[pos_inds]).abs().sum() / max(labels.numel(), 1)
        return dict(loss_cls=self.fc_cls(rois).square().mean(), loss_bbox=loss_reg)
