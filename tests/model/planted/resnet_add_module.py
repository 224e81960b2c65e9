"""Stages registered by ``add_module`` under a built name and fetched by ``getattr``, as in every OpenMMLab
ResNet.

Healthy when the last stage is in ``out_indices``; with ``out_indices=(0, 1)`` of three stages, ``layer3``
is run for nothing (risk A17: all ``num_stages`` stages run in the ResNet forward).
"""

import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class AddModuleResNet(BaseModule):
    def __init__(self, num_stages=3, out_indices=(0, 1, 2), init_cfg=None):
        super().__init__(init_cfg)
        self.out_indices = out_indices
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.res_layers = []
        for i in range(num_stages):
            res_layer = nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU(inplace=True))  # created: backbone.layer3
            layer_name = f"layer{i + 1}"
            self.add_module(layer_name, res_layer)  # created: backbone.layer3
            self.res_layers.append(layer_name)

    def forward(self, x):
        x = self.conv1(x)
        outs = []
        for i, layer_name in enumerate(self.res_layers):
            res_layer = getattr(self, layer_name)
            x = res_layer(x)  # uncounted: backbone.layer3
            if i in self.out_indices:
                outs.append(x)
        return tuple(outs)


@MODELS.register_module()
class AddModuleDetector(BaseModel):
    def __init__(self, backbone, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        scores = self.head(feats[-1])
        if mode == "loss":
            return {"loss_cls": scores.square().mean()}
        return scores
