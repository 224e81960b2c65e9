"""Use through ``super()``: three levels of ``loss``, and a child that stops calling up.

mmdet's two-stage and mmseg's cascade classes call ``super().loss``; a fork that overrides ``loss`` without
it keeps every module of its parents in the buckets and trains only its own.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


class ChainBase(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.decode_head = nn.Conv2d(8, 2, 1)

    def loss(self, inputs, data_samples):
        return dict(loss_decode=self.decode_head(self.backbone(inputs)).square().mean())

    def forward(self, inputs, data_samples=None, mode="tensor"):
        if mode == "loss":
            return self.loss(inputs, data_samples)
        return self.decode_head(self.backbone(inputs))


class ChainAux(ChainBase):
    def __init__(self, **kwargs):
        super(ChainAux, self).__init__(**kwargs)
        self.auxiliary_head = nn.Conv2d(8, 2, 1)  # created: auxiliary_head

    def loss(self, inputs, data_samples):
        losses = super(ChainAux, self).loss(inputs, data_samples)
        aux = self.auxiliary_head(self.backbone(inputs))  # uncounted: auxiliary_head
        losses.update(loss_aux=aux.square().mean())
        return losses


@MODELS.register_module()
class ChainEdge(ChainAux):
    """Healthy: adds to what the parents return."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.edge_head = nn.Conv2d(8, 1, 1)

    def loss(self, inputs, data_samples):
        losses = super().loss(inputs, data_samples)
        losses["loss_edge"] = self.edge_head(self.backbone(inputs)).abs().mean()
        return losses


@MODELS.register_module()
class ChainCut(ChainAux):
    def loss(self, inputs, data_samples):
        return ChainBase.loss(self, inputs, data_samples)
