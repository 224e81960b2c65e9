"""Healthy: mmcv's way to hold a norm: a computed name, ``add_module``, and a property that fetches it.

``ConvModule`` and every ResNet block. With ``norm_cfg=None`` there is no norm and the property gives None;
the convolution's bias follows from that.
"""

import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


def build_planted_norm(cfg, num_features, postfix=""):
    layers = dict(BN=("bn", nn.BatchNorm2d), GN=("gn", lambda channels: nn.GroupNorm(2, channels)))
    abbr, norm_layer = layers[cfg["type"]]
    layer = norm_layer(num_features)
    for param in layer.parameters():
        param.requires_grad = cfg.get("requires_grad", True)
    return abbr + str(postfix), layer


class PlantedConvModule(BaseModule):
    def __init__(self, in_channels, out_channels, norm_cfg=None, act_cfg=dict(type="ReLU"), bias="auto"):  # noqa: B006
        super().__init__()
        self.with_norm = norm_cfg is not None
        self.with_activation = act_cfg is not None
        if bias == "auto":
            bias = not self.with_norm
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=bias)
        if self.with_norm:
            self.norm_name, norm = build_planted_norm(norm_cfg, out_channels, postfix=1)
            self.add_module(self.norm_name, norm)
        else:
            self.norm_name = None
        if self.with_activation:
            self.activate = getattr(nn, act_cfg["type"])()

    @property
    def norm(self):
        return getattr(self, self.norm_name) if self.norm_name else None

    def forward(self, x, activate=True, norm=True):
        for layer in ("conv", "norm", "act"):
            if layer == "conv":
                x = self.conv(x)
            elif layer == "norm" and norm and self.with_norm:
                x = self.norm(x)
            elif layer == "act" and activate and self.with_activation:
                x = self.activate(x)
        return x


@MODELS.register_module()
class NormNameModel(BaseModel):
    def __init__(self, norm_cfg=None, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.conv1 = PlantedConvModule(3, 8, norm_cfg=norm_cfg)
        self.conv2 = PlantedConvModule(8, 2, norm_cfg=norm_cfg, act_cfg=None)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.conv2(self.conv1(inputs))
        return dict(loss=x.square().mean()) if mode == "loss" else x
