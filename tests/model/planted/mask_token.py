"""The mask token of a pre-training backbone, left over in fine-tuning.

BEiT, SimMIM and DINOv2 type backbones: the token replaces masked patches if a mask is given. A supervised
model calls the backbone without one.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class MaskTokenViT(BaseModule):
    def __init__(self, embed_dims=8, init_cfg=None):
        super().__init__(init_cfg)
        self.patch_embed = nn.Conv2d(3, embed_dims, 4, stride=4)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, embed_dims))  # created: backbone.mask_token
        self.mlp = nn.Linear(embed_dims, embed_dims)

    def forward(self, x, mask=None):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        if mask is not None:
            weight = mask.flatten(1).unsqueeze(-1).type_as(x)
            x = x * (1 - weight) + self.mask_token * weight  # used: backbone.mask_token
        return self.mlp(x)


@MODELS.register_module()
class MaskTokenClassifier(BaseModel):
    def __init__(self, backbone, pretrain=False, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.pretrain = pretrain
        self.backbone = MODELS.build(backbone)
        self.fc = nn.Linear(8, 2)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        if self.pretrain:
            mask = (torch.rand(inputs.size(0), 2, 2) > 0.5).to(inputs.device)
            tokens = self.backbone(inputs, mask)
        else:
            tokens = self.backbone(inputs)
        scores = self.fc(tokens.mean(dim=1))
        return dict(loss=scores.square().mean()) if mode == "loss" else scores
