"""Late freezing that begins at 1, not at 0.

mmdet's EfficientNet and mmpretrain's Vig loop over ``range(self.frozen_stages)``: 0 freezes nothing. A rule
that warns from 0 on would be wrong here.
"""

import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class RangeFreezeNet(BaseModule):
    def __init__(self, frozen_stages=0, init_cfg=None):
        super().__init__(init_cfg)
        self.frozen_stages = frozen_stages
        self.layers = nn.ModuleList()
        self.layers.append(nn.Conv2d(3, 8, 3, padding=1))
        self.layers.append(nn.Conv2d(8, 8, 3, padding=1))

    def _freeze_stages(self):
        for i in range(self.frozen_stages):
            m = self.layers[i]
            m.eval()
            for param in m.parameters():
                param.requires_grad = False  # frozen: backbone.layers.0

    def train(self, mode=True):
        super(RangeFreezeNet, self).train(mode)
        self._freeze_stages()

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


@MODELS.register_module()
class RangeFreezeModel(BaseModel):
    def __init__(self, backbone, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        scores = self.head(self.backbone(inputs))
        return dict(loss=scores.square().mean()) if mode == "loss" else scores
