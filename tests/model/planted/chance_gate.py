"""A whole branch that the program runs in some steps, by chance, or by a count of the steps.

Modality dropout (audio-visual networks, RGB and pose streams) and auxiliary heads of every second iteration:
under plain DDP the first step without it is the last. Look-alikes: a probability of 0 or 1, which draws but
decides nothing, and a count that every path survives.
"""

import random

import numpy as np
import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class ChanceGateModel(BaseModel):
    def __init__(self, how="random", keep=0.5, every=1, counter="attribute", data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.how = how
        self.keep = keep
        self.every = every
        if counter == "attribute":
            self.seen = 0
        else:
            self.register_buffer("seen", torch.tensor(0))
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.audio = nn.Conv2d(3, 8, 1)  # created: audio
        self.parity = nn.Conv2d(8, 8, 1)  # created: parity

    def joins(self):
        if self.how == "random":
            return random.random() < self.keep
        if self.how == "uniform":
            return not self.keep <= random.uniform(0, 1)
        if self.how == "numpy":
            return np.random.rand() < self.keep
        if self.how == "dice":
            return random.randint(1, 6) > 3
        if self.how == "torch":
            return (torch.rand(1) < self.keep).item()
        return float(torch.rand([])) < self.keep

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.stem(inputs)
        if self.joins():
            x = x + self.audio(inputs)  # used: audio
        if self.seen % self.every == 0:
            x = self.parity(x)  # used: parity
        self.seen += 1
        return dict(loss=x.square().mean()) if mode == "loss" else x
