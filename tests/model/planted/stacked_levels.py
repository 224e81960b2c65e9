"""Loops over what no source tells the length of: the stacked outputs of decoder layers, as in every DETR.

There is a branch for each level, and the number of the loop says which.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


class Decoder(nn.Module):
    def __init__(self, num_layers):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(num_layers))

    def forward(self, query):
        states = []
        for layer in self.layers:
            query = layer(query)
            states.append(query)
        return torch.stack(states)


@MODELS.register_module()
class StackedLevelsModel(BaseModel):
    """``way`` is how the loop is written."""

    def __init__(self, way="range", num_branches=3, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.way = way
        self.decoder = Decoder(3)
        branches = [nn.Linear(3, 2) for _ in range(num_branches)]  # created: classifiers.3
        self.classifiers = nn.ModuleList(branches)
        self.first = nn.Linear(3, 3)
        if way == "only last":
            self.classifiers.insert(0, nn.Linear(3, 2))  # created: classifiers.0
            self.classifiers.insert(1, nn.Linear(3, 2))  # created: classifiers.1
            del self.classifiers[3:]

    def score(self, level, state):
        return self.classifiers[level](state)  # used: classifiers

    def scores(self, states, start):
        found = []
        if self.way == "range":
            for level in range(states.shape[0]):
                before = start if level == 0 else found[level - 1].repeat(1, 2)[:, :3]
                found.append(self.classifiers[level](states[level] + before))
        elif self.way == "enumerate":
            for level, state in enumerate(states):
                found.append(self.score(level, state))
        elif self.way == "zip":
            for classify, state in zip(self.classifiers, states):
                found.append(classify(state))
        elif self.way == "len":
            found = [self.classifiers[level](states[level]) for level in range(len(states))]
        elif self.way == "shifted":
            found.append(start[:, :2])
            for level in range(1, states.size(0) + 1):
                found.append(self.classifiers[level - 1](states[level - 1]))
        elif self.way == "known":
            for level in range(3):
                found.append(self.classifiers[level](states[level]))  # uncounted: classifiers.3
        else:
            for level in range(len(states)):
                classify = self.classifiers[level]
                found.append(classify(states[level]))  # uncounted: classifiers.0, classifiers.1
            return found[-1]
        return torch.stack(found)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        query = inputs.mean((2, 3))
        start = self.first(query)
        scores = self.scores(self.decoder(query), start)
        return {"loss": scores.square().mean() + start.mean()} if mode == "loss" else scores


@MODELS.register_module()
class SplitPiecesModel(BaseModel):
    """The pieces of a split, and one more behind them; the last one is that one."""

    def __init__(self, sizes=None, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.sizes = sizes
        self.encoder = nn.Linear(3, 4)
        self.lateral = nn.Linear(3, 2)
        self.finer = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
        self.last = nn.Linear(2, 2)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        query = inputs.mean((2, 3))
        pieces = torch.split(self.encoder(query), self.sizes or 2, dim=-1)
        pieces = [piece.reshape(-1, 2) for piece in pieces]
        lateral = self.lateral(query)
        for layer in self.finer:
            pieces.append(layer(pieces[-1] + lateral))
        out = self.last(pieces[-1])
        return {"loss": out.square().mean()} if mode == "loss" else out
