"""A momentum encoder: a copy of the online one, updated by hand, never by gradient.

MoCo as people re-write it. The original sets ``requires_grad = False`` on the copy in the constructor
(``freeze_key=True``, healthy); without that line the whole copy is registered with DDP and unused, which is
why such configs ship ``find_unused_parameters=True`` (risks: MoCoV3, DenseCL).
"""

import copy

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class EmaEncoderMoCo(BaseModel):
    def __init__(self, momentum=0.99, freeze_key=True, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.momentum = momentum
        self.encoder_q = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.encoder_k = copy.deepcopy(self.encoder_q)  # created: encoder_k
        if freeze_key:
            for param_q, param_k in zip(self.encoder_q.parameters(), self.encoder_k.parameters()):
                param_k.data.copy_(param_q.data)
                param_k.requires_grad = False

    @torch.no_grad()
    def momentum_update(self):
        for param_q, param_k in zip(self.encoder_q.parameters(), self.encoder_k.parameters()):
            param_k.data = param_k.data * self.momentum + param_q.data * (1.0 - self.momentum)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        query = self.encoder_q(inputs)
        if mode == "loss":
            with torch.no_grad():
                self.momentum_update()
                key = self.encoder_k(inputs)  # uncounted: encoder_k
            return dict(loss=(query * key).sum(dim=1).mean())
        return query
