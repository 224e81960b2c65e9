"""The label embedding of a denoising DETR, read only when there is something to denoise.

mmdet says it in its own code (``mmdet/models/detectors/dino.py``): without any ground truth on a GPU the
embedding takes no part and distributed training raises. There a zero made of its weight is added;
``guard_empty=False`` is the code before that.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class DenoisingDETR(BaseModel):
    def __init__(self, num_classes=3, guard_empty=True, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.guard_empty = guard_empty
        self.backbone = nn.Conv2d(3, 8, 8)
        self.query_embedding = nn.Embedding(5, 8)
        self.label_embedding = nn.Embedding(num_classes, 8)  # created: label_embedding
        self.decoder = nn.Linear(8, 8)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        memory = self.backbone(inputs).flatten(2).mean(dim=2)
        query = self.query_embedding.weight
        if mode != "loss":
            return self.decoder(query + memory[:1])
        labels = torch.cat([sample.gt_instances.labels for sample in data_samples])
        if len(labels) > 0:
            query = torch.cat([self.label_embedding(labels), query])  # used: label_embedding
        hidden_states = self.decoder(query + memory[:1])
        if self.guard_empty and len(labels) == 0:
            hidden_states = hidden_states + self.label_embedding.weight[0, 0] * 0.0
        return dict(loss_cls=hidden_states.square().mean())
