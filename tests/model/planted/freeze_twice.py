"""Healthy: frozen in ``__init__`` and again in ``train()``.

The ResNets of mmdet and mmseg: the same method is called from the constructor, so DDP never registers what
``train()`` freezes once more. ``norm_eval`` only sets modes.
"""

import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class FreezeTwiceResNet(BaseModule):
    def __init__(self, frozen_stages=1, norm_eval=True, init_cfg=None):
        super().__init__(init_cfg)
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.add_module("bn1", nn.BatchNorm2d(8))
        self.layer1 = nn.Conv2d(8, 8, 1)
        self.layer2 = nn.Conv2d(8, 8, 1)
        self._freeze_stages()

    def _freeze_stages(self):
        if self.frozen_stages >= 0:
            self.bn1.eval()
            for m in [self.conv1, self.bn1]:
                for param in m.parameters():
                    param.requires_grad = False
        for i in range(1, self.frozen_stages + 1):
            m = getattr(self, f"layer{i}")
            m.eval()
            for param in m.parameters():
                param.requires_grad = False

    def train(self, mode=True):
        super().train(mode)
        self._freeze_stages()
        if mode and self.norm_eval:
            for m in self.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.eval()

    def forward(self, x):
        return self.layer2(self.layer1(self.bn1(self.conv1(x)).relu()))


@MODELS.register_module()
class FreezeTwiceModel(BaseModel):
    def __init__(self, backbone, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        scores = self.head(self.backbone(inputs))
        return dict(loss=scores.square().mean()) if mode == "loss" else scores
