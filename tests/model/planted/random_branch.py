"""One of several branches, drawn in each step.

Single-path supernets (mmrazor) and augmentation forks: ``random.choice`` over modules. Look-alike: a draw
among numbers, which every branch survives.
"""

import random

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class RandomBranchModel(BaseModel):
    def __init__(self, draw="branch", data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.draw = draw
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.branches = nn.ModuleList([nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1)])  # created: branches

    def forward(self, inputs, data_samples=None, mode="tensor"):
        if self.draw == "size":
            inputs = F.interpolate(inputs, size=random.choice([(8, 8), (12, 12)]))
        x = self.stem(inputs)
        if self.draw == "branch" and self.training:
            x = random.choice(self.branches)(x)  # used: branches
        else:
            for branch in self.branches:
                x = x + branch(x)
        return dict(loss=x.square().mean()) if mode == "loss" else x
