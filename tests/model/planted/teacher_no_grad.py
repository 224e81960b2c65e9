"""A teacher that only ever runs under ``torch.no_grad()``, but was left trainable.

Modelled on hand-written distillers (the ready-made ones freeze the teacher or hide it from DDP).
``no_grad`` keeps the gradient away; it does not take the parameters out of the DDP buckets. ``freeze=True``
in ``__init__`` is the healthy form.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class NoGradTeacherDistiller(BaseModel):
    def __init__(self, freeze_teacher=False, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.student = nn.Conv2d(3, 8, 3, padding=1)
        self.teacher = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 8, 1))  # created: teacher
        if freeze_teacher:
            for param in self.teacher.parameters():
                param.requires_grad = False

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.student(inputs)
        if mode == "loss":
            with torch.no_grad():
                target = self.teacher(inputs)  # uncounted: teacher
            return dict(loss_kd=F.mse_loss(feats, target))
        return feats
