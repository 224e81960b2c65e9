"""A module that only makes targets, in a method decorated with ``torch.no_grad()``.

Assigners and pseudo-label makers are decorated as a whole (mmdet ``get_targets``, mmselfsup ``generate``).
A trainable layer inside never gets a gradient; the same layer called from ``loss`` as well would.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class NoGradTargetsModel(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 1)
        self.assign_embed = nn.Conv2d(8, 2, 1)  # created: assign_embed

    @torch.no_grad()
    def get_targets(self, feats):
        return (self.assign_embed(feats) + self.head(feats)).softmax(dim=1)  # uncounted: assign_embed

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        scores = self.head(feats)
        if mode == "loss":
            return dict(loss_cls=F.mse_loss(scores, self.get_targets(feats)))
        return scores
