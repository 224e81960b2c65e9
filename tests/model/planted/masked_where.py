"""Healthy: choices made by masks, not by branches.

``torch.where``, boolean indexing and multiplication by a mask keep both sides in the graph, even when the
mask is empty: gradients of zeros.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class MaskedWhereModel(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.near = nn.Conv2d(8, 8, 1)
        self.far = nn.Conv2d(8, 8, 1)
        self.mask_token = nn.Parameter(torch.zeros(8))
        self.empty_embed = nn.Parameter(torch.zeros(8))

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.backbone(inputs)
        x = torch.where(x > 1e6, self.near(x), self.far(x))
        tokens = x.flatten(2).transpose(1, 2).clone()
        mask = tokens.new_zeros(tokens.shape[:2], dtype=torch.bool)
        tokens[mask] = self.mask_token
        has_none = mask.float().mean() * self.empty_embed
        tokens = tokens + has_none
        return dict(loss=tokens.square().mean()) if mode == "loss" else tokens
