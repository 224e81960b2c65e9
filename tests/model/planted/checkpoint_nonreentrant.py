"""Healthy: a non-reentrant checkpoint, even though the layer runs twice.

Risk F2: with ``use_reentrant=False`` the gradient hooks of DDP fire once, however often the layer is used.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch.utils.checkpoint import checkpoint


@MODELS.register_module()
class NonReentrantModel(BaseModel):
    def __init__(self, gradient_checkpointing=True, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.gradient_checkpointing = gradient_checkpointing
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.block = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.stem(inputs)
        for _ in range(2):
            if self.gradient_checkpointing and self.training:
                x = checkpoint(self.block, x, use_reentrant=False)  # checkpoint
            else:
                x = self.block(x)
        return dict(loss=x.square().mean()) if mode == "loss" else x
