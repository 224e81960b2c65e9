"""``checkpoint_sequential``: a checkpoint that does not look like one.

All segments but the last are checkpointed, reentrant unless the call says otherwise. Used in video
backbones to save memory.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch.utils.checkpoint import checkpoint_sequential


@MODELS.register_module()
class CheckpointSequentialModel(BaseModel):
    def __init__(self, num_segments=0, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.num_segments = num_segments
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.blocks = nn.Sequential(*[nn.Conv2d(8, 8, 1) for _ in range(4)])

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.stem(inputs)
        if self.num_segments > 0 and x.requires_grad:
            x = checkpoint_sequential(self.blocks, self.num_segments, x)  # checkpoint
        else:
            x = self.blocks(x)
        return dict(loss=x.square().mean()) if mode == "loss" else x
