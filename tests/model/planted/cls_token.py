"""A class token, with and without a part in the sequence.

ViT variants: ``with_cls_token=False`` leaves the parameter behind in re-writes that create it always.
Healthy look-alike: the token is in the sequence but cut off before average pooling. That still gives it a
gradient (of zeros), which is all DDP asks.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class ClsTokenViT(BaseModule):
    def __init__(self, embed_dims=8, with_cls_token=True, out_type="avg_featmap", init_cfg=None):
        super().__init__(init_cfg)
        self.with_cls_token = with_cls_token
        self.out_type = out_type
        self.patch_embed = nn.Conv2d(3, embed_dims, 4, stride=4)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, embed_dims))  # created: backbone.cls_token
        self.mlp = nn.Linear(embed_dims, embed_dims)

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        if self.with_cls_token:
            cls_token = self.cls_token.expand(x.size(0), -1, -1)  # used: backbone.cls_token
            x = torch.cat((cls_token, x), dim=1)
        x = self.mlp(x)
        if self.out_type == "cls_token":
            return x[:, 0]
        patches = x[:, 1:] if self.with_cls_token else x
        return patches.mean(dim=1)


@MODELS.register_module()
class ClsTokenClassifier(BaseModel):
    def __init__(self, backbone, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.fc = nn.Linear(8, 2)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        scores = self.fc(self.backbone(inputs))
        return dict(loss=scores.square().mean()) if mode == "loss" else scores
