"""Modules in a plain Python list are no submodules.

``self.experts = [..]``: torch does not register them, DDP does not wait for them, the optimizer does not
train them (a bug of its own, but no DDP error). ``register=True`` puts the same layers in a ``ModuleList``:
now they are in the buckets, and unused.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class PythonListModel(BaseModel):
    def __init__(self, register=False, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 1)
        experts = [nn.Conv2d(8, 2, 1) for _ in range(2)]
        self.experts = nn.ModuleList(experts) if register else experts  # created: experts
        self.lookup = {"extra": nn.Conv2d(8, 2, 1)}

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        if mode == "loss":
            return dict(loss=self.head(feats).square().mean())
        return [self.lookup["extra"](feats)] + [run(feats) for run in self.experts]  # uncounted: experts
