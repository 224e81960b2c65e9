"""A model with every trait of the outcome table behind a flag; the frameworks' own classes come with it."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


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


class Traits:
    """``unused``: never, always or sometimes (every second iteration); the rest is as in the table."""

    def add_layers(
        self, cp="none", unused="never", late_freeze=False, reused=False, input_has_grad=True, trap=""
    ):
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

    def loss_of(self, x, objects):
        x = self.stem(x)
        start = x if self.input_has_grad else x.detach()
        x = self.block2(self.block1(start)) + (x - start)  # the stem takes part in any case
        if self.reused:
            x = self.block1(x)
        self.steps += 1
        if self.unused == "never" or (self.unused == "sometimes" and self.steps % 2):
            x = self.side(x)
        if self.trap == "empty head" and not objects:
            return x.mean()
        return self.head(x).mean()


def numbers(request):
    """Four numbers for each image, and how many objects it has."""
    generator = torch.Generator().manual_seed(request.seed)
    objects = {"normal": 3, "empty": 0, "single": 1}[request.kind]
    return [torch.rand(4, generator=generator) for _ in range(request.batch_size)], objects


class ToyInputs:
    kinds = ("normal", "empty", "single")

    def size(self, config):
        return 4, 4

    def adapt(self, config, size):
        return []
