"""``if cls_score.numel() > 0``: what a head computes for a batch is there in every step that trains.

So says the loss of mmdet's box heads. What labels have picked from it may be nothing (``form='picked'``).
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class NumelModel(BaseModel):
    def __init__(self, form="numel", data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.form = form
        self.backbone = nn.Conv2d(3, 8, 8)
        self.fc_reg = nn.Linear(8, 4)
        self.fc_cls = nn.Linear(8, 4)  # created: fc_cls

    def forward(self, inputs, data_samples=None, mode="tensor"):
        labels = torch.cat([sample.gt_instances.labels for sample in data_samples])
        x = self.backbone(inputs).flatten(1)
        losses = dict(loss_reg=self.fc_reg(x).square().mean())
        scores = self.fc_cls(x)  # used: fc_cls
        if self.form == "picked":
            scores = scores[: len(labels)][labels >= 0]
        if self.form == "length":
            if len(scores) == 0:
                return losses
            losses["loss_cls"] = scores.square().mean()
        elif self.form == "shape":
            if scores.shape[0] != 0 and mode == "loss":
                losses["loss_cls"] = scores.square().mean()
        elif scores.numel() > 0:
            losses["loss_cls"] = scores.square().mean()
        return losses
