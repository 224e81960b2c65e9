"""A teacher frozen in ``init_weights()``: too late under MMEngine.

``mmengine/runner/runner.py`` wraps the model in the constructor of the Runner and calls ``init_weights()``
in ``train()``, after DDP has taken every trainable parameter. Same mechanism as mmdetection#8208 (freezing
in ``train()``), other place.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class LateFrozenTeacherDistiller(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.student = nn.Conv2d(3, 8, 3, padding=1)
        self.teacher = nn.Conv2d(3, 8, 3, padding=1)  # created: teacher

    def init_weights(self):
        super().init_weights()
        self.teacher.load_state_dict(self.student.state_dict())
        self._freeze_teacher()

    def _freeze_teacher(self):
        for param in self.teacher.parameters():
            param.requires_grad = False  # frozen: teacher

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.student(inputs)
        if mode == "loss":
            with torch.no_grad():
                target = self.teacher(inputs)
            return dict(loss_kd=F.mse_loss(feats, target + 1))
        return feats
