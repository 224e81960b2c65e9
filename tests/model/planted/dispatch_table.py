"""A table of bound modules from which the config picks one.

Naming a module in a dict is no use of it. With ``kind='conv'`` only that branch runs; the attention branch
is built, listed and left alone.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class DispatchTableModel(BaseModel):
    def __init__(self, kind="conv", kinds=("conv", "pool", "attn"), data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.kind = kind
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        if "conv" in kinds:
            self.conv_branch = nn.Conv2d(8, 8, 3, padding=1)  # created: conv_branch
        if "attn" in kinds:
            self.attn_branch = nn.Conv2d(8, 8, 1)  # created: attn_branch
        self.branches = {
            "conv": lambda x: self.conv_branch(x),  # used: conv_branch
            "pool": nn.AvgPool2d(3, 1, 1),
            "attn": self._attend,
        }

    def _attend(self, x):
        return x * self.attn_branch(x).sigmoid()  # used: attn_branch

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.branches[self.kind](self.stem(inputs))
        return dict(loss=x.square().mean()) if mode == "loss" else x
