"""Healthy with a reentrant checkpoint: a part checkpoints itself, and so does the whole around it.

The outer call runs the inner one again in its backward pass; each parameter still gets its gradient once.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch.utils.checkpoint import checkpoint


class InnerPart(nn.Module):
    def __init__(self, with_cp):
        super().__init__()
        self.with_cp = with_cp
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        if self.with_cp:
            return checkpoint(self.conv, x, use_reentrant=True)  # checkpoint
        return self.conv(x)


class OuterPart(nn.Module):
    def __init__(self, with_cp):
        super().__init__()
        self.with_cp = with_cp
        self.inner = InnerPart(with_cp)
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def _run(self, x):
        return self.conv(self.inner(x))

    def forward(self, x):
        if self.with_cp:
            return checkpoint(self._run, x, use_reentrant=True)  # checkpoint
        return self._run(x)


@MODELS.register_module()
class NestedModel(BaseModel):
    def __init__(self, with_cp=True, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.part = OuterPart(with_cp)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.part(self.stem(inputs))
        return dict(loss=x.square().mean()) if mode == "loss" else x
