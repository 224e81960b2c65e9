"""A quality head whose loss is cut off the graph for logging, and stays cut off.

Modelled on IoU / centerness branches: the term was detached (or turned into a number) to print it, then the
printed value was put into the loss dict. The value is right, the head never trains.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class DetachedLossDetector(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.cls_head = nn.Conv2d(8, 4, 1)
        self.iou_head = nn.Conv2d(8, 1, 1)  # created: iou_head
        self.var_head = nn.Conv2d(8, 1, 1)  # created: var_head

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        scores = self.cls_head(feats)
        if mode != "loss":
            return scores
        loss_cls = scores.square().mean()
        loss_iou = self.iou_head(feats).sigmoid().mean()  # uncounted: iou_head
        loss_var = self.var_head(feats).var().item()  # uncounted: var_head
        return dict(loss_cls=loss_cls, loss_iou=loss_iou.detach(), loss_var=inputs.new_tensor(loss_var))
