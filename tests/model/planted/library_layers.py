"""Healthy: layers of torch with parameters inside, used in unusual ways.

Attention with a tuple result, an LSTM of which only the last state is read, a ``PReLU``, a cell in a loop,
a weight handed to ``F.linear``, layers without parameters, buffers and parameters that need no gradient.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class LibraryLayersModel(BaseModel):
    def __init__(self, layer_scale=0.1, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.patch_embed = nn.Conv2d(3, 8, 4, stride=4)
        self.attn = nn.MultiheadAttention(8, 2, batch_first=True)
        self.lstm = nn.LSTM(8, 8, batch_first=True)
        self.cell = nn.GRUCell(8, 8)
        self.act = nn.PReLU()
        self.norm = nn.BatchNorm1d(8, affine=False)
        self.linear = nn.Linear(8, 8)
        self.gamma = nn.Parameter(layer_scale * torch.ones(8)) if layer_scale > 0 else None
        self.pos_embed = nn.Parameter(torch.zeros(1, 4, 8), requires_grad=False)
        self.temperature = nn.Parameter(torch.ones(1)).requires_grad_(False)
        self.register_buffer("queue", torch.randn(8, 4))
        self.prototypes = torch.zeros(8)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.patch_embed(inputs).flatten(2).transpose(1, 2) + self.pos_embed
        x = x + self.attn(x, x, x)[0]
        _, (hidden, _) = self.lstm(x)
        state = hidden[-1]
        for _ in range(2):
            state = self.cell(state, self.norm(state))
        out = F.linear(self.act(state), self.linear.weight, self.linear.bias)
        if self.gamma is not None:
            out = self.gamma * out
        logits = out @ self.queue / self.temperature + self.prototypes.sum()
        return dict(loss=logits.logsumexp(dim=1).mean()) if mode == "loss" else logits
