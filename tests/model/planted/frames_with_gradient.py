"""Frames of a video in a loop of unknown length, the last few with gradients (StreamPETR).

``num_grads`` says of how many; with a reentrant checkpoint in the layer, more than one is a repeated use.
"""

import torch
import torch.nn as nn
import torch.utils.checkpoint as cp
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class FramesLayer(nn.Module):
    def __init__(self, with_cp=True):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.use_checkpoint = with_cp

    def forward(self, x):
        if self.use_checkpoint and self.training:
            return cp.checkpoint(self.fc, x, use_reentrant=True)  # checkpoint
        return self.fc(x)


@MODELS.register_module()
class FramesModel(BaseModel):
    def __init__(self, layer, num_grads=1, form="last", data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.stem = nn.Linear(8, 8)
        self.head = MODELS.build(layer)
        self.num_grads = num_grads
        self.form = form

    def head_of(self, x, requires_grad):
        if not requires_grad:
            self.eval()
            with torch.no_grad():
                out = self.head(x)
            self.train()
        else:
            out = self.head(x)
        return out

    def forward(self, inputs, data_samples=None, mode="tensor"):
        losses = dict()
        frames = inputs.size(1)
        num_without = frames - self.num_grads
        memory = None
        for i in range(frames):
            if self.form == "first":
                requires_grad = i == 0
            elif self.form == "equal":
                requires_grad = i == frames - 1
            else:
                requires_grad = False
                if i >= num_without:
                    requires_grad = True
            out = self.head_of(self.stem(inputs[:, i]), requires_grad)
            memory = out if memory is None else memory + out
            if i >= frames - 1:
                losses[f"frame_{i}_loss"] = memory.square().mean()
        return losses
