"""A model for MMEngine with every trait of the outcome table behind a flag."""

from __future__ import annotations

import os
import subprocess
import sys

import torch
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import nn
from torch.utils.checkpoint import checkpoint

from mmfix.prove.inputs import register


class Block(nn.Module):
    def __init__(self, checkpoint: str) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
        self.checkpoint = checkpoint

    def forward(self, x):
        if self.checkpoint == "none":
            return x + self.layers(x)
        options = {"reentrant": {"use_reentrant": True}, "non-reentrant": {"use_reentrant": False}}
        return x + checkpoint(self.layers, x, **options.get(self.checkpoint, {}))


@MODELS.register_module()
class Toy(BaseModel):
    """``unused``: never, always or sometimes (every second iteration); the rest is as in the table."""

    def __init__(
        self,
        cp="none",
        unused="never",
        late_freeze=False,
        reused=False,
        input_has_grad=True,
        trap="",
        **options,
    ):
        super().__init__(**options)
        self.stem = nn.Linear(4, 8)
        self.block1, self.block2 = Block(cp), Block(cp)
        self.side = nn.Linear(8, 8)
        self.head = nn.Linear(8, 1)
        self.unused, self.late_freeze, self.reused = unused, late_freeze, reused
        self.input_has_grad, self.trap = input_has_grad, trap
        self.steps = 0

    def train(self, mode=True):
        super().train(mode)
        if self.late_freeze and mode:
            self.side.requires_grad_(False)
        return self

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = torch.stack(inputs) if isinstance(inputs, list) else inputs
        x = self.stem(x)
        start = x if self.input_has_grad else x.detach()
        x = self.block2(self.block1(start)) + (x - start)  # the stem takes part in any case
        if self.reused:
            x = self.block1(x)
        self.steps += 1
        if self.unused == "never" or (self.unused == "sometimes" and self.steps % 2):
            x = self.side(x)
        self.spring(data_samples)
        losses = {"loss": self.head(x).mean()}
        if self.trap == "empty head":
            losses["loss"] = self.head(x).mean() if data_samples[0] else x.mean()
        return losses if mode == "loss" else x

    def spring(self, data_samples):
        import torch.distributed as dist

        if self.trap == "raise":
            raise ValueError("the model does not like this")
        if self.trap == "hang" and dist.get_rank() == 0:
            dist.recv(torch.zeros(1), 1)  # nobody sends
        if self.trap == "diverge" and dist.get_rank() == 1:
            self.head.weight.data.add_(1)
        if self.trap == "mismatch" and dist.get_rank() == 0:
            dist.all_reduce(torch.zeros(1))
        if self.trap == "silent" and dist.get_rank() == 1:
            import __main__  # the rank's own program

            __main__.leave = lambda *_: None
        if self.trap == "busy" and not data_samples[0]:
            while True:
                pass
        if self.trap == "alone" and dist.get_rank() == 0:
            raise ValueError("only this rank fails")
        if self.trap == "alone":
            subprocess.run(["sleep", "1000"])  # like NCCL: waits, and does not see that rank 0 is gone
        if self.trap == "leave":
            sys.exit(0)
        if self.trap == "memory":
            self.hoard = torch.ones(2**29)
        if self.trap == "exit":
            os._exit(9)


class ToyInputs:
    kinds = ("normal", "empty", "single")

    def size(self, config):
        return 4, 4

    def adapt(self, config, size):
        return []

    def batch(self, request):
        generator = torch.Generator().manual_seed(request.seed)
        objects = {"normal": 3, "empty": 0, "single": 1}[request.kind]
        inputs = [torch.rand(4, generator=generator) for _ in range(request.batch_size)]
        return {"inputs": inputs, "data_samples": [objects] * request.batch_size}


register("mmengine", ToyInputs())
