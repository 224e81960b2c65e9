"""An unguarded reentrant checkpoint behind a frozen stem: the blocks never train.

Risk A7 (TinyViT, RepLKNet, MixMIM and most forks have no guard): none of the inputs of the checkpoint needs
a gradient, so the output has none, and every checkpointed block after it is cut off, too; the norm behind
them trains. ``find_unused_parameters=True`` would hide it.
"""

import torch.nn as nn
import torch.utils.checkpoint as cp
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class UnguardedBackbone(BaseModule):
    def __init__(self, freeze_stem=False, use_checkpoint=False, init_cfg=None):
        super().__init__(init_cfg)
        self.use_checkpoint = use_checkpoint
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.blocks = nn.ModuleList([nn.Conv2d(8, 8, 1) for _ in range(2)])  # created: backbone.blocks
        self.norm = nn.GroupNorm(2, 8)
        if freeze_stem:
            for param in self.stem.parameters():
                param.requires_grad = False

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            if self.use_checkpoint:
                x = cp.checkpoint(block, x)  # checkpoint  # used: backbone.blocks
            else:
                x = block(x)
        return self.norm(x)


@MODELS.register_module()
class UnguardedModel(BaseModel):
    def __init__(self, backbone, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        scores = self.head(self.backbone(inputs))
        return dict(loss=scores.square().mean()) if mode == "loss" else scores
