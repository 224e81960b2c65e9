"""A router whose decision is a number, not a function of its weights.

Mixture-of-experts forks: the gate picks by ``argmax`` or by a comparison. Neither lets a gradient through,
so the gate never trains. ``soft=True`` weights the result with the gate's probability and is healthy.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class ArgmaxRouterModel(BaseModel):
    def __init__(self, soft=False, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.soft = soft
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.gate = nn.Linear(8, 2)  # created: gate
        self.threshold_head = nn.Linear(8, 1)  # created: threshold_head
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        pooled = feats.mean(dim=(2, 3))
        scores = self.head(feats).flatten(2).mean(dim=2)
        if self.soft:
            weights = self.gate(pooled).softmax(dim=1)  # used: gate
            offset = self.threshold_head(pooled).squeeze(1)  # used: threshold_head
            picked = (scores * weights).sum(dim=1) + offset
        else:
            index = self.gate(pooled).argmax(dim=1, keepdim=True)  # uncounted: gate
            keep = self.threshold_head(pooled).squeeze(1) > 0  # uncounted: threshold_head
            picked = scores.gather(1, index).squeeze(1) * (keep.float() + 0.5)
        return dict(loss=picked.square().mean()) if mode == "loss" else picked
