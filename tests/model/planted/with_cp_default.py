"""A checkpoint that is on unless the config says no.

PETR's decoder layer has ``with_cp=True`` as its default and does not look whether its input needs a
gradient. The config is silent about it. Healthy as long as ``find_unused_parameters`` is False.
"""

import torch.nn as nn
import torch.utils.checkpoint as cp
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class DefaultCpDecoderLayer(BaseModule):
    def __init__(self, dims=8, with_cp=True, init_cfg=None):
        super().__init__(init_cfg)
        self.use_checkpoint = with_cp
        self.ffn = nn.Sequential(nn.Linear(dims, dims), nn.ReLU(), nn.Linear(dims, dims))
        self.norm = nn.LayerNorm(dims)

    def _forward(self, query):
        return self.norm(query + self.ffn(query))

    def forward(self, query):
        if self.use_checkpoint and self.training:
            return cp.checkpoint(self._forward, query)  # checkpoint
        return self._forward(query)


@MODELS.register_module()
class DefaultCpModel(BaseModel):
    def __init__(self, layer, num_layers=2, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 8)
        self.layers = nn.ModuleList([MODELS.build(layer) for _ in range(num_layers)])

    def forward(self, inputs, data_samples=None, mode="tensor"):
        query = self.backbone(inputs).flatten(1)
        for layer in self.layers:
            query = layer(query)
        return dict(loss=query[:, :4].square().mean()) if mode == "loss" else query
