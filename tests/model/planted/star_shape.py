"""Healthy: as many arguments as a tensor has dimensions, which is not known.

``weight.view(-1, *ones)`` gives a weight the shape of what it weighs; ``form`` is who takes the
arguments: a method of a tensor or a function of torch.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


def spread(values, like, form):
    """``values``, one for each image, in the shape of ``like``."""
    ones = [1 for _ in range(len(like.shape))]
    if form == "method":
        return values.view(-1, *ones[1:])
    if form == "lengths":
        return values.reshape(*like.shape[:1], *ones[1:])
    if form == "function":
        return torch.stack(torch.broadcast_tensors(*[values.mean() for _ in ones])).mean()
    return values.repeat(2, *ones)[0].view(-1, *ones[1:])


@MODELS.register_module()
class StarShapeModel(BaseModel):
    def __init__(self, form="method", data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.form = form
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.gate = nn.Linear(8, 1)
        self.neck = nn.Conv2d(8, 8, 1)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.backbone(inputs)
        gate = self.gate(x.mean((2, 3)))[:, 0]
        x = self.neck(x * spread(gate, x, self.form))
        return dict(loss=self.head(x).square().mean())
