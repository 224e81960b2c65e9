"""A loop over the objects of the batch, of which there may be none.

Look-alike of ``loop_images.py`` and the opposite of it: heads that run once per ground-truth object
(CondInst-type dynamic masks, track embeddings). In a batch without objects the loop body never runs.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class LoopObjectsDetector(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.cls_head = nn.Conv2d(8, 3, 1)
        self.object_embed = nn.Linear(8, 3)  # created: object_embed

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        if mode != "loss":
            return self.cls_head(feats)
        losses = dict(loss_cls=self.cls_head(feats).square().mean())
        loss_embed = feats.new_zeros(())
        labels = torch.cat([sample.gt_instances.labels for sample in data_samples])
        for label in labels[labels >= 0]:
            embed = self.object_embed(feats.mean(dim=(0, 2, 3)))  # used: object_embed
            loss_embed = loss_embed + embed.logsumexp(dim=0) - embed[label]
        losses["loss_embed"] = loss_embed
        return losses
