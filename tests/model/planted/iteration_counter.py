"""A branch that joins after some iterations.

Warm-up of a distillation or contrastive term by a counter in the model (DAFormer-type forks, YOLOX's late
L1 loss when it has its own layers, EDVR's ``tsa_iter``): unused first, used later.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class IterationCounterSegmentor(BaseModel):
    def __init__(self, start_iter=3, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.local_iter = 0
        self.start_iter = start_iter
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.decode_head = nn.Conv2d(8, 2, 1)
        self.contrast_head = nn.Conv2d(8, 8, 1)  # created: contrast_head

    def loss(self, inputs, data_samples):
        feats = self.backbone(inputs)
        losses = dict(loss_seg=self.decode_head(feats).square().mean())
        if self.local_iter > self.start_iter:
            losses["loss_contrast"] = self.contrast_head(feats).abs().mean()  # used: contrast_head
        self.local_iter += 1
        return losses

    def forward(self, inputs, data_samples=None, mode="tensor"):
        if mode == "loss":
            return self.loss(inputs, data_samples)
        return self.decode_head(self.backbone(inputs))
