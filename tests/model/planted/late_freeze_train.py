"""Freezing in ``train()`` only: DDP already waits for those parameters.

mmdetection#8208, #8258, #9899, mmaction2#646: the Swin family. The Runner wraps first and calls ``train()``
later. From ``frozen_stages=0`` on the patch embedding is frozen, from 1 on the first stage and its norm.
"""

import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class LateFreezeSwin(BaseModule):
    def __init__(self, frozen_stages=-1, init_cfg=None):
        super().__init__(init_cfg)
        self.frozen_stages = frozen_stages
        self.patch_embed = nn.Conv2d(3, 8, 4, stride=4)
        self.stages = nn.ModuleList([nn.Linear(8, 8) for _ in range(2)])
        for i in range(2):
            self.add_module(f"norm{i}", nn.LayerNorm(8))

    def train(self, mode=True):
        super().train(mode)
        self._freeze_stages()

    def _freeze_stages(self):
        if self.frozen_stages >= 0:
            self.patch_embed.eval()
            for param in self.patch_embed.parameters():
                param.requires_grad = False  # frozen: backbone.patch_embed
        for i in range(1, self.frozen_stages + 1):
            norm_layer = getattr(self, f"norm{i - 1}")
            norm_layer.eval()
            for param in norm_layer.parameters():
                param.requires_grad = False  # frozen: backbone.norm0
            m = self.stages[i - 1]
            m.eval()
            for param in m.parameters():
                param.requires_grad = False  # frozen: backbone.stages.0

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            outs.append(getattr(self, f"norm{i}")(x))
        return outs


@MODELS.register_module()
class LateFreezeModel(BaseModel):
    def __init__(self, backbone, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.head = nn.Linear(8, 2)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        scores = [self.head(x)[..., 0] for x in self.backbone(inputs)]
        return dict(loss=[score.square().mean() for score in scores]) if mode == "loss" else scores
