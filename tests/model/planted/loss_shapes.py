"""Healthy: losses returned in every shape that is summed.

A list of tensors under one key, ``add_prefix`` names (mmseg ``aux_0.loss_ce``), ``dict.update``, ``|``-free
merging by a comprehension, and a key in which ``loss`` stands in the middle (``d0.loss_cls``).
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


def planted_add_prefix(inputs, prefix):
    return {f"{prefix}.{name}": value for name, value in inputs.items()}


@MODELS.register_module()
class LossShapesModel(BaseModel):
    def __init__(self, num_aux=2, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.decode_head = nn.Conv2d(8, 2, 1)
        self.auxiliary_head = nn.ModuleList([nn.Conv2d(8, 2, 1) for _ in range(num_aux)])
        self.level_heads = nn.ModuleList([nn.Conv2d(8, 2, 1) for _ in range(2)])
        self.scale = nn.ParameterDict({"a": nn.Parameter(self.decode_head.weight.new_ones(1))})

    def _auxiliary_loss(self, feats):
        losses = dict()
        if isinstance(self.auxiliary_head, nn.ModuleList):
            for idx, aux_head in enumerate(self.auxiliary_head):
                loss_aux = dict(loss_ce=aux_head(feats).square().mean(), acc=feats.detach().mean())
                losses.update(planted_add_prefix(loss_aux, f"aux_{idx}"))
        return losses

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        if mode != "loss":
            return self.decode_head(feats)
        loss_decode = dict(loss_ce=self.decode_head(feats).square().mean() * self.scale["a"])
        losses = planted_add_prefix(loss_decode, "decode")
        losses.update(self._auxiliary_loss(feats))
        losses["loss_levels"] = [head(feats).abs().mean() for head in self.level_heads]
        return losses
