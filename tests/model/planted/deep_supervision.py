"""Healthy: what a class holds and what it returns depend on one and the same switch.

Look-alike of ``fusion_flag.py``: the auxiliary heads exist exactly when they are used, by ``hasattr``, by
``is not None``, by an empty list, by a default taken from a dict, and by a switch stored under another
name.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class DeepSupervisionModel(BaseModel):
    def __init__(self, deep_supervision=False, num_aux=2, train_cfg=None, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.use_deep = bool(deep_supervision)
        self.train_cfg = train_cfg or {}
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 1)
        self.aux_heads = nn.ModuleList([nn.Conv2d(8, 2, 1) for _ in range(num_aux if self.use_deep else 0)])
        self.edge_head = nn.Conv2d(8, 1, 1) if self.use_deep else None
        if not deep_supervision:
            return
        if self.train_cfg.get("boundary", False):
            self.boundary_head = nn.Conv2d(8, 1, 1)

    def loss(self, feats):
        losses = {"loss_seg": self.head(feats).square().mean()}
        for i, aux_head in enumerate(self.aux_heads):
            losses[f"loss_aux{i}"] = aux_head(feats).square().mean()
        if self.edge_head is not None:
            losses["loss_edge"] = self.edge_head(feats).square().mean()
        if hasattr(self, "boundary_head"):
            losses["loss_boundary"] = self.boundary_head(feats).square().mean()
        return losses

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        return self.loss(feats) if mode == "loss" else self.head(feats)
