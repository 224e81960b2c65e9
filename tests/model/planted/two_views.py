"""One backbone on two views in one step.

Contrastive and rotated-view detectors (H2RBox, mmrotate#1012; BEVDet4D, BEVDet#32). Harmless by itself;
with a reentrant checkpoint in the backbone DDP marks its parameters ready twice. ``second_no_grad=True`` is
no repeated use: one run leaves no graph.
"""

import torch
import torch.nn as nn
import torch.utils.checkpoint as cp
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class TwoViewsBackbone(BaseModule):
    def __init__(self, with_cp=False, init_cfg=None):
        super().__init__(init_cfg)
        self.with_cp = with_cp
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.block = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        x = self.stem(x)
        if self.with_cp and x.requires_grad:
            return cp.checkpoint(self.block, x)  # checkpoint
        return self.block(x)


@MODELS.register_module()
class TwoViewsModel(BaseModel):
    def __init__(self, backbone, second_no_grad=False, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.second_no_grad = second_no_grad
        self.backbone = MODELS.build(backbone)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        first = self.backbone(inputs)
        if mode != "loss":
            return self.head(first)
        views = inputs.flip(-1)
        if self.second_no_grad:
            with torch.no_grad():
                second = self.backbone(views)
        else:
            second = self.backbone(views)
        loss_consistency = (first - second.flip(-1)).abs().mean()
        return dict(loss_cls=self.head(first).square().mean(), loss_consistency=loss_consistency)
