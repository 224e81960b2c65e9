"""A model whose parameters are hard to put in order: each oddity once, and one part left out of the loss."""

from __future__ import annotations

import torch
from mmengine.model import BaseModel
from mmengine.registry import HOOKS, MODELS
from torch import nn
from toy_model import Samples as Samples  # so that the batches are registered

from mmfix.prove.inputs import register


@MODELS.register_module()
class Odd(BaseModel):
    """``left_out``: names of the parts that the loss does not see; ``trap``: where it breaks."""

    def __init__(self, left_out=(), trap="", data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        self.left_out, self.trap = left_out, trap
        self.body = nn.ModuleDict({"traffic light": nn.Linear(4, 4), "frozen": nn.Linear(4, 4)})
        self.body["frozen"].requires_grad_(False)
        self.late = nn.Linear(4, 4)
        self.late.shift = nn.Parameter(torch.zeros(4))
        self.again = self.late
        self.tied = nn.Linear(4, 4, bias=False)
        self.head = nn.Linear(4, 4)
        self.head.weight = self.tied.weight
        self.away = nn.Linear(4, 4)
        self.last = nn.Linear(4, 4)
        self.root = nn.Parameter(torch.zeros(4))
        if trap == "one part":
            self.requires_grad_(False)
            self.last.requires_grad_(True)
        self._ddp_params_and_buffers_to_ignore = ["away.weight"]

    def init_weights(self):
        super().init_weights()
        if self.trap == "init_weights":
            raise ValueError("no such weights")

    def train(self, mode=True):
        super().train(mode)
        if "late" in self.left_out:
            self.late.requires_grad_(False)
        return self

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = torch.stack(inputs) if isinstance(inputs, list) else inputs
        if self.trap == "exit":
            import os

            os._exit(9)
        parts = {
            "light": lambda x: self.body["traffic light"](x),
            "late": lambda x: self.again(x) + self.late.shift,
            "tied": lambda x: self.head(self.tied(x)),
            "away": lambda x: self.away(x),
            "root": lambda x: x + self.root,
        }
        for name, part in parts.items():
            if name not in self.left_out:
                x = part(x)
        return {"loss": self.last(x).mean()}


@HOOKS.register_module()
class Broken:
    def __init__(self):
        raise ValueError("no such hook")


register("mmengine", Samples())
