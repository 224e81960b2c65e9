"""An expert picked by the data, by name.

``getattr(self, f'expert_{index}')`` with an index read off a tensor: no reading of the source can say which
attribute that is. Measured here: each expert is used in some steps only.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class DataGetattrModel(BaseModel):
    def __init__(self, num_experts=3, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        for i in range(num_experts):
            setattr(self, f"expert_{i}", nn.Conv2d(8, 8, 1))  # created: expert_0, expert_1, expert_2
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.backbone(inputs)
        if data_samples is not None:
            labels = torch.cat([sample.gt_instances.labels for sample in data_samples])
            index = int(labels.sum()) % 3
            expert = getattr(self, "expert_%d" % index)
            x = expert(x)  # used: expert_0, expert_1, expert_2
        logits = self.head(x)
        return dict(loss=logits.square().mean()) if mode == "loss" else logits
