"""A recurrent block: the same layer several times a step, under a guarded checkpoint or not.

DetectoRS and RAFT-type refinement. With ``with_cp=True`` (reentrant) DDP fails even though every parameter
is used: risk A4.
"""

import torch.nn as nn
import torch.utils.checkpoint as cp
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class RepeatedLayerModel(BaseModel):
    def __init__(self, num_steps=3, with_cp=False, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.num_steps = num_steps
        self.with_cp = with_cp
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.update_block = nn.Sequential(nn.Conv2d(8, 8, 1), nn.Tanh())

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.stem(inputs)
        for _ in range(self.num_steps):
            if self.with_cp and x.requires_grad:
                x = cp.checkpoint(self.update_block, x)  # checkpoint
            else:
                x = self.update_block(x)
        return dict(loss=x.square().mean()) if mode == "loss" else x
