"""Extra FPN convolutions for levels that no head reads.

Risk A17: ``num_outs`` larger than the number of strides of the head. The extra levels have convolutions of
their own (``add_extra_convs``); the head stops at the last level it has a stride for. Extra levels made by
max pooling would be fine.
"""

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class ExtraConvsFPN(BaseModule):
    def __init__(self, in_channels, out_channels=4, num_outs=3, add_extra_convs=True, init_cfg=None):
        super().__init__(init_cfg)
        self.num_ins = len(in_channels)
        self.num_outs = num_outs
        self.add_extra_convs = add_extra_convs
        self.lateral_convs = nn.ModuleList([nn.Conv2d(c, out_channels, 1) for c in in_channels])
        self.extra_convs = nn.ModuleList()
        if self.add_extra_convs:
            for _ in range(num_outs - self.num_ins):
                conv = nn.Conv2d(out_channels, out_channels, 1)  # created: neck.extra_convs.1
                self.extra_convs.append(conv)  # created: neck.extra_convs.1

    def forward(self, inputs):
        outs = [conv(x) for conv, x in zip(self.lateral_convs, inputs)]
        for i in range(self.num_outs - self.num_ins):
            if self.add_extra_convs:
                outs.append(self.extra_convs[i](outs[-1]))  # uncounted: neck.extra_convs.1
            else:
                outs.append(F.max_pool2d(outs[-1], 1, stride=2))
        return tuple(outs)


@MODELS.register_module()
class ExtraConvsDetector(BaseModel):
    def __init__(self, neck, strides=(4, 8, 16), data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.strides = strides
        self.backbone = nn.Conv2d(3, 4, 3, padding=1)
        self.neck = MODELS.build(neck)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.backbone(inputs)
        feats = self.neck((x, F.avg_pool2d(x, 2)))
        scores = [self.head(feats[i]) * stride for i, stride in enumerate(self.strides)]
        if mode == "loss":
            return dict(loss_cls=sum(score.square().mean() for score in scores))
        return scores
