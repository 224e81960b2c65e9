"""A checkpoint switch that is a number: how many layers to checkpoint.

Co-DETR has ``with_cp=4`` (or 6, 9), mmdet's DETR encoder ``num_cp``. Any number above zero is a checkpoint.
"""

import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS
from torch.utils.checkpoint import checkpoint


@MODELS.register_module()
class IntegerCpEncoder(BaseModule):
    def __init__(self, num_layers=3, with_cp=-1, init_cfg=None):
        super().__init__(init_cfg)
        self.with_cp = with_cp
        self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(num_layers)])

    def forward(self, query):
        for i, layer in enumerate(self.layers):
            if i < self.with_cp:
                query = checkpoint(layer, query)  # checkpoint
            else:
                query = layer(query)
        return query


@MODELS.register_module()
class IntegerCpModel(BaseModel):
    def __init__(self, encoder, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 8)
        self.encoder = MODELS.build(encoder)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        query = self.encoder(self.backbone(inputs).flatten(1))
        return dict(loss=query.square().mean()) if mode == "loss" else query
