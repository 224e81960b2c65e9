"""A loss that is not a number is left out: no step of a training that works does so.

``form`` is how the code asks. What labels have picked may be nothing, and the mean of nothing is no number
either: with ``form='picked'`` the loss is left out in steps that any training has.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class NanGuardModel(BaseModel):
    def __init__(self, form="isnan", data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.form = form
        self.backbone = nn.Conv2d(3, 8, 8)
        self.fc_reg = nn.Linear(8, 4)
        self.fc_cls = nn.Linear(8, 4)  # created: fc_cls

    def broken(self, loss):
        if self.form == "method":
            return loss.isnan()
        if self.form == "any":
            return torch.any(torch.isnan(loss)) or torch.any(torch.isinf(loss))
        if self.form == "finite":
            return not torch.isfinite(loss).all()
        if self.form == "itself":
            return loss != loss
        return torch.isnan(loss)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        labels = torch.cat([sample.gt_instances.labels for sample in data_samples])
        x = self.backbone(inputs).flatten(1)
        scores = self.fc_cls(x)  # used: fc_cls
        if self.form == "picked":
            scores = scores[: len(labels)][labels >= 0]
        losses = dict(loss_reg=self.fc_reg(x).square().mean(), loss_cls=scores.square().mean())
        if self.form == "either":
            losses["loss_cls"] = losses["loss_reg"] if torch.isnan(losses["loss_cls"]) else losses["loss_cls"]
        elif self.broken(losses["loss_cls"]):
            losses["loss_cls"] = None
        if losses["loss_cls"] is None:
            losses.pop("loss_cls")
        return losses
