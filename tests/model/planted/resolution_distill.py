"""A module that two switches must agree on.

Case 1, third module: ``resolution_distill_module`` is created with ``use_resolution_distill=True``, but
takes part only while the loss weight is positive. With weight 0 the author saves the computation, and DDP
waits for its gradient.
"""

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class ResolutionDistillSegmentor(BaseModel):
    def __init__(
        self,
        use_resolution_distill=False,
        distill_weight=1.0,
        data_preprocessor=None,
        init_cfg=None,
    ):
        super().__init__(data_preprocessor, init_cfg)
        self.distill_weight = distill_weight
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.decode_head = nn.Conv2d(8, 3, 1)
        self.resolution_distill_module = None
        if use_resolution_distill:
            self.resolution_distill_module = nn.Conv2d(8, 8, 1)  # created: resolution_distill_module

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        logits = self.decode_head(feats)
        if mode != "loss":
            return logits
        losses = {"loss_seg": logits.square().mean()}
        if self.resolution_distill_module is not None and self.distill_weight > 0:
            small = self.backbone(F.avg_pool2d(inputs, 2))
            small = self.resolution_distill_module(small)  # used: resolution_distill_module
            target = F.avg_pool2d(feats, 2).detach()
            losses["loss_distill"] = self.distill_weight * F.mse_loss(small, target)
        return losses
