"""Healthy with a reentrant checkpoint: it runs once, wherever in a statement its call stands.

The result of the call goes into a method of a tensor or of a container that is not read; each argument of a
call is evaluated once.
"""

import collections

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch.utils.checkpoint import checkpoint


@MODELS.register_module()
class StatementModel(BaseModel):
    def __init__(self, form="plain", with_cp=True, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.form = form
        self.with_cp = with_cp
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.part = nn.Conv2d(8, 8, 3, padding=1)

    def run_part(self, x):
        if self.with_cp:
            return checkpoint(self.part, x, use_reentrant=True)  # checkpoint
        return self.part(x)

    def extract(self, x):
        if self.form == "chained":
            return self.run_part(x).mul_(2)
        if self.form == "chained, no argument":
            return self.run_part(x).relu_()
        if self.form == "in place":
            y = x * 1
            y.add_(self.run_part(x))
            return y
        if self.form == "deque":
            outs = collections.deque()
            outs.append(self.run_part(x))
            return outs[0]
        if self.form == "entry":
            kept = collections.defaultdict(list)
            kept["a"].append(self.run_part(x))
            return kept["a"][0]
        if self.form == "argument by name":
            y = x * 1
            y.add_(other=self.run_part(x))
            return y
        return self.run_part(x)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.extract(self.stem(inputs))
        return dict(loss=x.square().mean()) if mode == "loss" else x
