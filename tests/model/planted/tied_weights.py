"""Healthy: two layers share one weight, and one of the layers never runs.

Language heads (``lm_head.weight = embedding.weight``). The head runs in prediction only, but it owns no
parameter of its own: its bias is off and its weight is the embedding's.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class TiedWeightsModel(BaseModel):
    def __init__(self, num_classes=4, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 8)
        self.word_embedding = nn.Embedding(num_classes, 8)
        self.lm_head = nn.Linear(8, num_classes, bias=False)
        self.lm_head.weight = self.word_embedding.weight

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs).flatten(1)
        if mode == "loss":
            words = self.word_embedding(torch.arange(4, device=inputs.device))
            return dict(loss_align=(feats @ words.t()).logsumexp(dim=1).mean())
        return self.lm_head(feats)
