"""The switch is a constructor default that no config mentions.

Two defaults that do not fit: the auxiliary head is built by default, its loss is off by default. The config
that fails says nothing about either; the key that would help is still a key (``model.aux_loss=True``).
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class DefaultDecidesModel(BaseModel):
    def __init__(self, aux_head=True, aux_loss=False, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.aux_loss = aux_loss
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 1)
        if aux_head:
            self.aux_head = nn.Conv2d(8, 2, 1)  # created: aux_head

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        logits = self.head(feats)
        if mode != "loss":
            return logits
        losses = dict(loss_seg=logits.square().mean())
        if self.aux_loss and hasattr(self, "aux_head"):
            losses["loss_aux"] = self.aux_head(feats).square().mean()  # used: aux_head
        return losses
