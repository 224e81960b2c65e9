"""Healthy: calls through ``*args`` and ``**kwargs``.

Multi-task forks route everything through one method that takes a name and passes the rest on. The names are
literals, so the modules can be told.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class StarArgsModel(BaseModel):
    def __init__(self, *args, heads=("cls", "reg"), **kwargs):
        super().__init__(*args, **kwargs)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.head_names = list(heads)
        for name in self.head_names:
            self.add_module(f"{name}_head", nn.Conv2d(8, 2, 1))

    def _call(self, name, *args, **kwargs):
        return getattr(self, name + "_head")(*args, **kwargs)

    def forward(self, *args, mode="tensor", **kwargs):
        return getattr(self, f"_run_{mode}")(*args, **kwargs)

    def _run_tensor(self, inputs, data_samples=None):
        return [self._call(name, self.backbone(inputs)) for name in self.head_names]

    def _run_loss(self, inputs, data_samples=None):
        feats = dict(input=self.backbone(inputs))
        return {f"loss_{name}": self._call(name, **feats).square().mean() for name in self.head_names}
