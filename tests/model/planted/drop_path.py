"""Healthy: stochastic depth as OpenMMLab does it.

Look-alike of ``random_layer_drop.py``: ``drop_path`` multiplies the branch by a random 0/1 mask. The branch
is always in the graph, a dropped one gets a gradient of zeros.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


def drop_path(x, drop_prob=0.0, training=False):
    if drop_prob == 0.0 or not training:
        return x
    keep_prob = 1 - drop_prob
    shape = (x.shape[0],) + (1,) * (x.ndim - 1)
    random_tensor = keep_prob + torch.rand(shape, dtype=x.dtype, device=x.device)
    return x.div(keep_prob) * random_tensor.floor()


class PlantedDropPath(nn.Module):
    def __init__(self, drop_prob=0.1):
        super().__init__()
        self.drop_prob = drop_prob

    def forward(self, x):
        return drop_path(x, self.drop_prob, self.training)


@MODELS.register_module()
class DropPathModel(BaseModel):
    def __init__(self, drop_path_rate=0.5, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.embed = nn.Conv2d(3, 8, 3, padding=1)
        rates = [rate.item() for rate in torch.linspace(0, drop_path_rate, 3)]
        self.layers = nn.ModuleList([nn.Conv2d(8, 8, 1) for _ in rates])
        self.drops = nn.ModuleList([PlantedDropPath(rate) if rate > 0 else nn.Identity() for rate in rates])
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.embed(inputs)
        for layer, drop in zip(self.layers, self.drops):
            x = x + drop(layer(x))
        logits = self.head(x)
        return dict(loss_seg=logits.square().mean()) if mode == "loss" else logits
