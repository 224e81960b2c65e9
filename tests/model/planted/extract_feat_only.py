"""A neck that ``extract_feat`` runs and ``loss`` goes around.

Happens when a user overrides ``loss`` of a ready detector and calls ``self.backbone`` directly instead of
``extract_feat``.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


class FeatDetectorBase(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.neck = nn.Conv2d(8, 8, 1)  # created: neck
        self.bbox_head = nn.Conv2d(8, 4, 1)

    def extract_feat(self, inputs):
        return self.neck(self.backbone(inputs))  # uncounted: neck

    def loss(self, inputs, data_samples):
        return dict(loss_bbox=self.bbox_head(self.extract_feat(inputs)).abs().mean())

    def forward(self, inputs, data_samples=None, mode="tensor"):
        if mode == "loss":
            return self.loss(inputs, data_samples)
        return self.bbox_head(self.extract_feat(inputs))


@MODELS.register_module()
class FeatDetector(FeatDetectorBase):
    """Healthy: the parent's ``loss``."""


@MODELS.register_module()
class FeatBypassDetector(FeatDetectorBase):
    def loss(self, inputs, data_samples):
        feats = self.backbone(inputs)
        return dict(loss_bbox=self.bbox_head(feats).abs().mean())
