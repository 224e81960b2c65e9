"""Norm layers frozen in ``train()``, found by their type.

mmaction2's CSN with ``bn_frozen=True`` (risk A18; its configs ship ``find_unused_parameters=True``): weight
and bias of every norm lose ``requires_grad`` after the wrap.
"""

import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class BnFrozenNet(BaseModule):
    def __init__(self, bn_frozen=False, norm_eval=False, init_cfg=None):
        super().__init__(init_cfg)
        self.bn_frozen = bn_frozen
        self.norm_eval = norm_eval
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(8)

    def train(self, mode=True):
        super().train(mode)
        if mode and self.norm_eval:
            for m in self.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.eval()
                    if self.bn_frozen:
                        for param in m.parameters():
                            param.requires_grad = False  # frozen: backbone.bn1, backbone.bn2

    def forward(self, x):
        return self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))


@MODELS.register_module()
class BnFrozenModel(BaseModel):
    def __init__(self, backbone, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        scores = self.head(self.backbone(inputs))
        return dict(loss=scores.square().mean()) if mode == "loss" else scores
