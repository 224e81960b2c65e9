"""Healthy: modules reached through properties.

mmdet has ``with_neck`` and the like, mmengine's ``Sequential`` wrappers and HF-style models have
``@property def decoder``. The property of the first class returns a module, the second a module of a
module.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class PropertyModel(BaseModel):
    def __init__(self, neck_channels=8, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.ModuleDict(dict(body=nn.Conv2d(3, 8, 3, padding=1), stem=nn.Conv2d(3, 3, 1)))
        if neck_channels:
            self.neck = nn.Conv2d(8, neck_channels, 1)
        self._classifier = nn.Conv2d(8, 2, 1)

    @property
    def with_neck(self) -> bool:
        return hasattr(self, "neck") and self.neck is not None

    @property
    def body(self) -> nn.Module:
        return self.backbone["body"]

    @property
    def classifier(self) -> nn.Module:
        return self._classifier

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.body(self.backbone.stem(inputs))
        if self.with_neck:
            x = self.neck(x)
        scores = self.classifier(x)
        return dict(loss_cls=scores.square().mean()) if mode == "loss" else scores
