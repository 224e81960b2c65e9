"""A registry and a build function of the repository's own, and a table that is filled when it is imported.

What is registered is known from the decorators; what a call at the top level puts into a table is not.
Neither is empty.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS

WIDTHS = {}
ACTIVATIONS = {"relu": nn.ReLU}
ACTIVATIONS["tanh"] = nn.Tanh
ACTIVATIONS.update(gelu=nn.GELU)


class Shelf:
    def __init__(self, label):
        self.label = label
        self._classes = {}

    def find(self, name):
        return self.get(name)

    def get(self, key):
        return self._classes.get(key, None)

    def register_module(self, cls):
        self._classes[cls.__name__] = cls
        return cls


def _measure():
    for width in range(8, 9):
        WIDTHS[f"w{width}"] = width


_measure()
LAYERS = Shelf("layers")


def make(cfg, shelf):
    arguments = dict(cfg)
    found = shelf.find(arguments.pop("type"))
    if found is None:
        raise KeyError("not on the shelf")
    return found(**arguments)


def width_of(name):
    found = WIDTHS.get(name)
    if found is None:
        raise KeyError(f"no width called {name}")
    return found


@LAYERS.register_module
class ShelvedStem(nn.Module):
    def __init__(self, width, act="relu"):
        super().__init__()
        self.conv = nn.Conv2d(3, width_of(width), 1)
        self.spare = nn.Conv2d(3, 8, 1)  # created: stem.spare
        self.act = ACTIVATIONS[act]()

    def forward(self, x):
        return self.act(self.conv(x))


@MODELS.register_module()
class OwnShelfModel(BaseModel):
    def __init__(self, stem, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.stem = make(stem, LAYERS)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.stem(inputs)
        return dict(loss=x.square().mean()) if mode == "loss" else x
