"""Backbone stages that are computed although nobody asks for them.

Risk A17 (yolov3_mobilenetv2 ships ``find_unused_parameters=True``): the forward runs every stage and keeps
those in ``out_indices``. Everything after the last kept one is computed and dropped. Stages in between are
used: later ones need them.
"""

import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class OutIndicesBackbone(BaseModule):
    def __init__(self, num_stages=4, channels=4, out_indices=(0, 1, 2, 3), init_cfg=None):
        super().__init__(init_cfg)
        self.out_indices = out_indices
        self.stages = nn.ModuleList()
        in_channels = 3
        for _ in range(num_stages):
            conv = nn.Conv2d(in_channels, channels, 3, padding=1)
            stage = nn.Sequential(conv, nn.ReLU())  # created: backbone.stages.2, backbone.stages.3
            self.stages.append(stage)  # created: backbone.stages.2, backbone.stages.3
            in_channels = channels

    def forward(self, x):
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(x)  # uncounted: backbone.stages.2, backbone.stages.3
            if i in self.out_indices:
                outs.append(x)
        return tuple(outs)


@MODELS.register_module()
class OutIndicesDetector(BaseModel):
    def __init__(self, backbone, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        scores = [self.head(feat) for feat in self.backbone(inputs)]
        if mode == "loss":
            return dict(loss_cls=[score.square().mean() for score in scores])
        return scores
