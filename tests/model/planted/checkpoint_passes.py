"""A checkpointed encoder behind two calls: which of them have a backward pass in one step.

A reentrant checkpoint marks its parameters once for each backward pass through it, so two calls are a
repeated use only where one step takes both, and the loss reaches both. Occupancy and 4D detectors (FB-BEV,
BEVDet4D): an encoder for one sensor or the other, and for a frame before whose features are detached.
"""

import torch
import torch.nn as nn
import torch.utils.checkpoint as cp
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class PassesModel(BaseModel):
    def __init__(self, way, with_cp=True, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.way = way
        self.with_cp = with_cp
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.encoder = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 1)

    def encode(self, x):
        x = self.stem(x)
        if self.with_cp:
            return cp.checkpoint(self.encoder, x, use_reentrant=True)  # checkpoint
        return self.encoder(x)

    def early(self, x):
        if x.mean() > 0:
            return self.encode(x + 1)
        x = x * 2
        return self.encode(x)

    def frame(self, x, with_gradient):
        if with_gradient:
            return self.encode(x)
        with torch.no_grad():
            return self.encode(x)

    def features(self, x, labels):
        if self.way == "arms":
            if x.mean() > 0:
                return [self.encode(x + 1)]
            else:
                return [self.encode(x)]
        if self.way == "early":
            return [self.early(x)]
        if self.way == "tests":
            bright = x.mean() > 0
            found = []
            if bright:
                found.append(self.encode(x + 1))
            if not bright:
                found = [*found, self.encode(x)]
            return found
        if self.way == "one of a list":
            encode = {True: self.early, False: self.encode}[bool(self.with_cp)]
            return [encode(x)]
        if self.way in ("detached", "attached"):
            found = []
            for frame in (x, x + 1):
                found.append(self.encode(frame))
            if self.way == "detached":
                found[1] = found[1].detach()
            return found
        if self.way in ("split, detached", "split, attached", "pieces, detached"):
            if self.way == "pieces, detached":
                pieces = x.split(1)
            else:
                frames = torch.stack([x, x + 1], 1).view(len(x), 2, 3, 8, 8)
                pieces = [piece.squeeze(1) for piece in torch.split(frames, 1, 1)]
            found = []
            for piece in pieces:
                found.append(self.encode(piece))
            if self.way != "split, attached":
                found[1] = found[1].detach()
            return found
        if self.way == "summed, detached":
            return [self.encode(x) + self.encode(x + 1).detach()]
        if self.way == "an argument":
            return [self.frame(image, number == 1) for number, image in enumerate((x, x + 1))]
        if self.way == "behind a test":
            found = [self.encode(x)]
            if labels.numel() > 0:
                found.append(self.encode(x + 1))
            return found
        if self.way == "images":
            return [self.encode(image[None]) for image in x]
        return [self.encode(image[None]) for image in x[:1]]

    def forward(self, inputs, data_samples=None, mode="tensor"):
        labels = torch.cat([sample.gt_instances.labels for sample in data_samples])
        found = self.features(inputs, labels)
        loss = sum(self.head(x).square().mean() for x in found)
        return dict(loss=loss)
