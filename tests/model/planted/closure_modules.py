"""Healthy: modules called through closures, lambdas and stored bound methods.

``self.post = lambda x: self.norm(x)``, a nested function that reads ``self``, a ``partial`` of a bound
method, a list of callables.
"""

from functools import partial

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class ClosureModel(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.GroupNorm(2, 8)
        self.refine = nn.Conv2d(8, 8, 1)
        self.cls_head = nn.Conv2d(8, 2, 1)
        self.reg_head = nn.Conv2d(8, 2, 1)
        self.post = lambda x: self.norm(x)
        self.run_head = partial(self._run_head, scale=2.0)

    def _run_head(self, name, x, scale=1.0):
        head = self.cls_head if name == "cls" else self.reg_head
        return head(x) * scale

    def forward(self, inputs, data_samples=None, mode="tensor"):
        def refined(x):
            return x + self.refine(x)

        feats = inputs
        for step in (self.stem.forward, self.post, refined):
            feats = step(feats)
        if mode == "loss":
            return {f"loss_{name}": self.run_head(name, feats).square().mean() for name in ("cls", "reg")}
        return self.run_head("cls", feats)
