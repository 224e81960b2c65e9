"""A mask branch for images with positives, and three ways to treat a batch without any.

Risk A15 (mmdetection#7116, unidet3d#8 which died at epoch 486): the branch is skipped when no target
matches, on that rank and in that step. ``on_empty='params'`` is the known idiom, a zero made of the
branch's own parameters, and healthy. ``on_empty='feats'`` looks the same and does not help: that zero is
made of the backbone's features.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class MaskPositivesDetector(BaseModel):
    def __init__(self, on_empty="skip", data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.on_empty = on_empty
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.bbox_head = nn.Conv2d(8, 4, 1)
        self.mask_head = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))  # created: mask_head

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        if mode != "loss":
            return self.bbox_head(feats)
        losses = dict(loss_bbox=self.bbox_head(feats).abs().mean())
        labels = torch.cat([sample.gt_instances.labels for sample in data_samples])
        if labels.numel() > 0:
            rois = feats.mean(dim=(2, 3))[:1].expand(labels.numel(), -1)
            masks = self.mask_head(rois)  # used: mask_head
            losses["loss_mask"] = nn.functional.cross_entropy(masks, labels)
        elif self.on_empty == "params":
            losses["loss_mask"] = sum(param.sum() for param in self.mask_head.parameters()) * 0
        elif self.on_empty == "feats":
            losses["loss_mask"] = feats.sum() * 0
        return losses
