"""Healthy: one module under two names, one of them never called.

Box-refining DETRs put the same branch into several places (``self.decoder.reg_branches = reg_branches``).
The second name looks unused; its parameters are the used ones.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class SharedModuleDETR(BaseModel):
    def __init__(self, num_layers=3, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.embed = nn.Conv2d(8, 8, 1)
        self.embed_alias = self.embed
        branch = nn.Conv2d(8, 4, 1)
        self.reg_branches = nn.ModuleList([branch for _ in range(num_layers)])

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.embed(self.backbone(inputs))
        boxes = self.reg_branches[-1](x)
        return dict(loss_bbox=boxes.abs().mean()) if mode == "loss" else boxes
