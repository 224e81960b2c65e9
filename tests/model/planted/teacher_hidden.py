"""Healthy: a teacher that is no submodule, so DDP never sees it.

As mmdet's ``KnowledgeDistillationSingleStageDetector`` (LD, LAD): ``__setattr__`` puts the teacher into the
instance past ``nn.Module``. Its parameters are trainable, unused, and in no bucket.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class HiddenTeacherDistiller(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.student = nn.Conv2d(3, 8, 3, padding=1)
        self.teacher_model = nn.Conv2d(3, 8, 3, padding=1)
        object.__setattr__(self, "ema_model", nn.Conv2d(3, 8, 3, padding=1))

    def __setattr__(self, name, value):
        if name == "teacher_model":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.student(inputs)
        if mode == "loss":
            with torch.no_grad():
                target = self.teacher_model(inputs) + self.ema_model(inputs)
            return dict(loss_kd=F.mse_loss(feats, target))
        return feats
