"""Healthy: a loop over the images of the batch.

Most heads compute their loss image by image. The number of images is not known from source, and it is never
zero: calling the head "used only sometimes" would be a false alarm on half of the zoo.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class LoopImagesDetector(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.cls_head = nn.Conv2d(8, 3, 1)
        self.reg_head = nn.Conv2d(8, 4, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        if mode != "loss":
            return self.cls_head(feats)
        batch_gt_instances = [data_sample.gt_instances for data_sample in data_samples]
        losses_cls, losses_reg = [], []
        for img_id in range(len(batch_gt_instances)):
            losses_cls.append(self.cls_head(feats[img_id : img_id + 1]).square().mean())
        for feat, gt_instances in zip(feats, batch_gt_instances):
            weight = 1.0 + len(gt_instances)
            losses_reg.append(weight * self.reg_head(feat[None]).abs().mean())
        return dict(loss_cls=losses_cls, loss_reg=sum(losses_reg) / len(losses_reg))
