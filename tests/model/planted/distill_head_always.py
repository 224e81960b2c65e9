"""A distillation head made in every run, switched off in this one.

Case 1 again: ``use_sam_distill=False`` turns the loss off, but the head is created before the switch is
looked at, so its parameters sit in the DDP buckets and never get a gradient.
"""

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.registry import MODELS


class SamDistillHead(nn.Module):
    def __init__(self, channels, sam_channels=16):
        super().__init__()
        self.project = nn.Sequential(nn.Conv2d(channels, sam_channels, 1), nn.GroupNorm(4, sam_channels))

    def loss(self, feats, sam_feats):
        return F.mse_loss(self.project(feats), sam_feats)


@MODELS.register_module()
class SamDistillSegmentor(BaseModel):
    def __init__(self, channels=8, use_sam_distill=False, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        self.use_sam_distill = use_sam_distill
        self.backbone = nn.Conv2d(3, channels, 3, padding=1)
        self.decode_head = nn.Conv2d(channels, 3, 1)
        self.sam_distill_head = SamDistillHead(channels)  # created: sam_distill_head

    def loss(self, inputs, data_samples):
        feats = self.backbone(inputs)
        losses = dict(loss_seg=self.decode_head(feats).square().mean())
        if self.use_sam_distill:
            sam_feats = inputs.new_zeros(inputs.size(0), 16, *inputs.shape[2:])
            loss = self.sam_distill_head.loss(feats, sam_feats)  # used: sam_distill_head
            losses["loss_sam_distill"] = loss
        return losses

    def forward(self, inputs, data_samples=None, mode="tensor"):
        if mode == "loss":
            return self.loss(inputs, data_samples)
        return self.decode_head(self.backbone(inputs))
