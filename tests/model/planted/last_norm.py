"""The last norm of a transformer, created always and skipped by the forward.

As ``final_norm`` in ViT-type backbones: mmpretrain creates the norm only if it is wanted; re-writes create
it always and look at the switch in ``forward``.
"""

import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class LastNormViT(BaseModule):
    def __init__(self, embed_dims=8, depth=2, final_norm=True, init_cfg=None):
        super().__init__(init_cfg)
        self.final_norm = final_norm
        self.patch_embed = nn.Conv2d(3, embed_dims, 4, stride=4)
        self.layers = nn.Sequential(*[nn.Linear(embed_dims, embed_dims) for _ in range(depth)])
        self.norm = nn.LayerNorm(embed_dims)  # created: backbone.norm

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = self.layers(x)
        if self.final_norm:
            x = self.norm(x)  # used: backbone.norm
        return x.mean(dim=1)


@MODELS.register_module()
class LastNormClassifier(BaseModel):
    def __init__(self, backbone, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.fc = nn.Linear(8, 2)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        scores = self.fc(self.backbone(inputs))
        return dict(loss=scores.square().mean()) if mode == "loss" else scores
