"""Layers taken one by one out of a network whose children are not known; all but the first have a partner."""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


def first_layers(stop):
    """The layers of an encoder up to the one called ``stop``."""
    taken = nn.ModuleList([])
    for name, layer in nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 1, 8), 6).layers.named_children():
        taken.append(layer)
        if name == stop:
            break
    return taken


@MODELS.register_module()
class LibraryTrunkModel(BaseModel):
    def __init__(self, stop="3", data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.stem = nn.Linear(3, 4)
        self.trunk = first_layers(stop)
        self.partners = nn.ModuleList([nn.Linear(4, 2), nn.Linear(4, 2), nn.Linear(4, 2)])
        self.idle = nn.Linear(4, 2)  # created: idle

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.stem(inputs.mean((2, 3))[None])
        total = 0
        for number, layer in enumerate(self.trunk):
            x = layer(x)
            if number != 0:
                total = total + self.partners[number - 1](x).square().mean()
        return {"loss": total} if mode == "loss" else total
