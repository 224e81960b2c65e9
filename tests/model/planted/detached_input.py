"""Healthy: a head fed with detached features still trains.

Look-alike of ``detached_loss.py``. Many heads must not disturb the backbone (mask scoring, depth
uncertainty): they take ``feats.detach()``. Their own parameters get a gradient; only what lies before the
cut does not through this path.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class DetachedInputDetector(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.cls_head = nn.Conv2d(8, 4, 1)
        self.score_head = nn.Sequential(nn.Conv2d(12, 8, 1), nn.ReLU(), nn.Conv2d(8, 1, 1))

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        scores = self.cls_head(feats)
        if mode == "loss":
            quality = self.score_head(torch.cat([feats, scores], dim=1).detach())
            return dict(loss_cls=scores.square().mean(), loss_score=quality.square().mean())
        return scores
