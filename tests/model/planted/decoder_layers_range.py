"""More decoder layers than the forward loops over.

Modelled on DETR-type forks where ``num_layers`` sizes the list and another key (early exit, two-stage
prediction) limits the loop. The layers past the limit are built, counted in the checkpoint, and never run.
"""

import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


class RangeLayer(BaseModule):
    def __init__(self, dims):
        super().__init__()
        self.ffn = nn.Linear(dims, dims)
        self.norm = nn.LayerNorm(dims)

    def forward(self, query):
        return self.norm(query + self.ffn(query))


@MODELS.register_module()
class RangeDecoder(BaseModule):
    def __init__(self, num_layers=6, num_pred_layers=6, dims=8):
        super().__init__()
        self.num_pred_layers = num_pred_layers
        layers = [RangeLayer(dims) for _ in range(num_layers)]  # created: decoder.layers.4, decoder.layers.5
        self.layers = nn.ModuleList(layers)  # created: decoder.layers.4, decoder.layers.5

    def forward(self, query):
        states = []
        for layer in self.layers[: self.num_pred_layers]:  # uncounted: decoder.layers.4, decoder.layers.5
            query = layer(query)
            states.append(query)
        return states


@MODELS.register_module()
class RangeDecoderDETR(BaseModel):
    def __init__(self, decoder, num_queries=5, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 8)
        self.query_embed = nn.Embedding(num_queries, 8)
        self.decoder = MODELS.build(decoder)
        self.fc_cls = nn.Linear(8, 3)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        memory = self.backbone(inputs).flatten(2).transpose(1, 2)
        states = self.decoder(self.query_embed.weight.unsqueeze(0) + memory)
        if mode != "loss":
            return self.fc_cls(states[-1])
        losses = dict()
        for i, state in enumerate(states):
            losses[f"d{i}.loss_cls"] = self.fc_cls(state).square().mean()
        return losses
