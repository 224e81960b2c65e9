"""Healthy: mmcv's guarded checkpoint behind a frozen stem.

Every mmcv-style block asks ``x.requires_grad`` (risk F5): behind the frozen stem the first block runs
plainly and trains. The stem is frozen in ``__init__``, as in the ResNets of mmdet, so DDP does not wait for
it.
"""

import torch.nn as nn
import torch.utils.checkpoint as cp
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


class GuardedBlock(BaseModule):
    def __init__(self, planes, with_cp=False):
        super().__init__()
        self.with_cp = with_cp
        self.conv = nn.Conv2d(planes, planes, 3, padding=1)

    def forward(self, x):
        def _inner_forward(x):
            return x + self.conv(x)

        if self.with_cp and x.requires_grad:
            out = cp.checkpoint(_inner_forward, x)  # checkpoint
        else:
            out = _inner_forward(x)
        return out.relu()


@MODELS.register_module()
class GuardedBackbone(BaseModule):
    def __init__(self, frozen_stages=-1, with_cp=False, init_cfg=None):
        super().__init__(init_cfg)
        self.frozen_stages = frozen_stages
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.layer1 = nn.Sequential(GuardedBlock(8, with_cp=with_cp), GuardedBlock(8, with_cp=with_cp))
        self._freeze_stages()

    def _freeze_stages(self):
        if self.frozen_stages >= 0:
            self.stem.eval()
            for param in self.stem.parameters():
                param.requires_grad = False

    def train(self, mode=True):
        super().train(mode)
        self._freeze_stages()

    def forward(self, x):
        return self.layer1(self.stem(x))


@MODELS.register_module()
class GuardedModel(BaseModel):
    def __init__(self, backbone, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        scores = self.head(self.backbone(inputs))
        return dict(loss=scores.square().mean()) if mode == "loss" else scores
