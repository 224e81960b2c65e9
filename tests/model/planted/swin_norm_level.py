"""A norm per output level, for a level that the neck skips.

mmdet's RetinaNet-Swin config warns in a comment: only list indices in ``out_indices`` that the FPN uses.
Swin has one norm for each listed level; with ``start_level=1`` the neck never looks at the first one. The
stage itself is used, the next stage needs it.
"""

import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class NormLevelSwin(BaseModule):
    def __init__(self, depth=3, out_indices=(0, 1, 2), init_cfg=None):
        super().__init__(init_cfg)
        self.out_indices = out_indices
        self.patch_embed = nn.Conv2d(3, 4, 2, stride=2)
        self.stages = nn.ModuleList(nn.Conv2d(4, 4, 1) for _ in range(depth))
        for i in out_indices:
            layer = nn.GroupNorm(2, 4)  # created: backbone.norm0
            layer_name = f"norm{i}"
            self.add_module(layer_name, layer)  # created: backbone.norm0

    def forward(self, x):
        x = self.patch_embed(x)
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in self.out_indices:
                norm_layer = getattr(self, f"norm{i}")
                out = norm_layer(x)  # uncounted: backbone.norm0
                outs.append(out)
        return outs


@MODELS.register_module()
class NormLevelFPN(BaseModule):
    def __init__(self, in_channels, start_level=0, end_level=-1, init_cfg=None):
        super().__init__(init_cfg)
        self.start_level = start_level
        if end_level == -1 or end_level == len(in_channels) - 1:
            self.backbone_end_level = len(in_channels)
        else:
            self.backbone_end_level = end_level + 1
        self.lateral_convs = nn.ModuleList()
        for i in range(self.start_level, self.backbone_end_level):
            self.lateral_convs.append(nn.Conv2d(in_channels[i], 4, 1))

    def forward(self, inputs):
        assert len(inputs) >= self.backbone_end_level
        return tuple(
            lateral_conv(inputs[i + self.start_level]) for i, lateral_conv in enumerate(self.lateral_convs)
        )


@MODELS.register_module()
class NormLevelDetector(BaseModel):
    def __init__(self, backbone, neck, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.neck(self.backbone(inputs))
        return dict(loss_cls=[feat.square().mean() for feat in feats]) if mode == "loss" else feats
