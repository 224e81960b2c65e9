"""Healthy: the teacher is frozen in ``__init__``, before DDP looks at the model.

The pattern of most distillers (``teacher.eval()`` and ``requires_grad_(False)`` in the constructor). Frozen
parameters are not in the DDP buckets, so nobody waits for their gradient.
"""

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class FrozenTeacherNet(nn.Module):
    def __init__(self, channels=8):
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        return self.norm(self.conv(x))


@MODELS.register_module()
class FrozenTeacherDistiller(BaseModel):
    def __init__(self, teacher, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.student = nn.Conv2d(3, 8, 3, padding=1)
        self.teacher = MODELS.build(teacher)
        self.teacher.eval()
        self.teacher.requires_grad_(False)

    def train(self, mode=True):
        super().train(mode)
        self.teacher.eval()
        return self

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.student(inputs)
        if mode == "loss":
            return dict(loss_kd=F.mse_loss(feats, self.teacher(inputs)))
        return feats
