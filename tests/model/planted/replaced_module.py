"""Healthy: modules made by a parent and replaced, removed or set to None by the child.

Forks inherit a ready head and swap parts (``self.fc_cls = ...``, ``del self.conv_seg``, ``self.neck =
None``). What was replaced is not in the model any more. ``keep_parent=True`` keeps the parent's classifier
beside the new one: unused.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


class ReplacedParent(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.neck = nn.Conv2d(8, 8, 1)
        self.classifier = nn.Conv2d(8, 10, 1)  # created: classifier
        self.head = nn.Conv2d(8, 10, 1)


@MODELS.register_module()
class ReplacedModuleModel(ReplacedParent):
    def __init__(self, keep_parent=False, **kwargs):
        super().__init__(**kwargs)
        self.neck = None
        self.head = nn.Conv2d(8, 2, 1)
        if not keep_parent:
            del self.classifier
        self.dropout = nn.Identity()

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.backbone(inputs)
        if self.neck is not None:
            x = self.neck(x)
        scores = self.head(self.dropout(x))
        return dict(loss=scores.square().mean()) if mode == "loss" else scores
