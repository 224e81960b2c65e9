"""Healthy: one of several named ways is chosen by chance; each trains the same parts (mixup classifiers).

``modes`` are the names that a config gives; the code knows more, and what only others need is not run. With
``odd`` among them the second head is trained now and then.
"""

import random

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class ChosenModeModel(BaseModel):
    def __init__(self, modes=("mixup", "cutmix"), data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.modes = list(modes)
        self.order = list(range(len(self.modes)))
        self.table = {"mixup": self.doubled, "cutmix": self.halved}
        self.backbone = nn.Conv2d(3, 8, 8)
        self.head = nn.Linear(8, 4)
        self.spare = nn.Linear(8, 4)  # created: spare

    def doubled(self, x):
        return x * 2

    def halved(self, x):
        return x / 2

    def forward(self, inputs, data_samples=None, mode="tensor"):
        way = self.modes[random.choices(self.order, k=1)[0]]
        if way in ["mixup", "cutmix"]:
            x = self.backbone(self.table[way](inputs))
        elif way == "frozen":
            x = self.backbone(inputs).detach()
        else:
            assert way in ("plain", "odd")
            x = self.backbone(inputs)
        x = x.flatten(1)
        loss = self.head(x).square().mean()
        if way != "odd":
            loss = loss + self.spare(x).square().mean()  # used: spare
        return dict(loss=loss)
