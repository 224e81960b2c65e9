"""Layers that are skipped at random.

Layer drop (wav2vec, LayerDrop DETR, stochastic depth by ``continue``): in each step some layer has no
gradient, so neither plain DDP nor static graph works. With the probability 0 the guard never draws.
"""

import random

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class LayerDropModel(BaseModel):
    def __init__(self, layerdrop=0.5, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.layerdrop = layerdrop
        self.embed = nn.Conv2d(3, 8, 3, padding=1)
        self.layers = nn.ModuleList([nn.Conv2d(8, 8, 1) for _ in range(2)])  # created: layers
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.embed(inputs)
        for layer in self.layers:
            if self.layerdrop > 0 and self.training and random.random() < self.layerdrop:
                continue
            x = x + layer(x)  # used: layers
        logits = self.head(x)
        return dict(loss_seg=logits.square().mean()) if mode == "loss" else logits
