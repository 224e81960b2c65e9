"""An mmdet-style two-stage detector made of registered parts.

Everything comes from ``MODELS.build``. Healthy with ``shared_head=None``; a fork that sets one gets it
built, while its RoI head reads the features before it (``_bbox_forward`` without ``self.shared_head``). The
RPN is used twice: for its loss and for the proposals.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class TwoStageRPN(BaseModule):
    def __init__(self, in_channels=8, init_cfg=None):
        super().__init__(init_cfg)
        self.rpn_conv = nn.Conv2d(in_channels, in_channels, 3, padding=1)
        self.rpn_cls = nn.Conv2d(in_channels, 1, 1)

    def loss_and_predict(self, x, data_samples):
        scores = self.rpn_cls(self.rpn_conv(x))
        return dict(loss_cls=scores.square().mean()), scores.detach().flatten(1).topk(2).indices


@MODELS.register_module()
class TwoStageRoIHead(BaseModule):
    def __init__(self, bbox_head, shared_head=None, init_cfg=None):
        super().__init__(init_cfg)
        if shared_head is not None:
            self.shared_head = MODELS.build(shared_head)  # created: roi_head.shared_head
        self.init_bbox_head(bbox_head)

    def init_bbox_head(self, bbox_head):
        self.bbox_head = MODELS.build(bbox_head)

    @property
    def with_shared_head(self):
        return hasattr(self, "shared_head") and self.shared_head is not None

    def loss(self, x, proposals, data_samples):
        rois = x.flatten(2).gather(2, proposals.unsqueeze(1).expand(-1, x.size(1), -1))
        scores = self.bbox_head(rois.transpose(1, 2))
        return dict(loss_bbox=scores.abs().mean())

    def predict(self, x):
        return self.shared_head(x) if self.with_shared_head else x  # uncounted: roi_head.shared_head


@MODELS.register_module()
class TwoStagePlanted(BaseModel):
    def __init__(self, backbone, rpn_head, roi_head, neck=None, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.backbone = MODELS.build(backbone)
        if neck is not None:
            self.neck = MODELS.build(neck)
        rpn_head_ = rpn_head.copy()
        rpn_head_.update(in_channels=8)
        self.rpn_head = MODELS.build(rpn_head_)
        self.roi_head = MODELS.build(roi_head)

    def extract_feat(self, inputs):
        x = self.backbone(inputs)
        return self.neck(x) if hasattr(self, "neck") else x

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.extract_feat(inputs)
        if mode != "loss":
            return self.roi_head.predict(x)
        rpn_losses, proposals = self.rpn_head.loss_and_predict(x, data_samples)
        for key in list(rpn_losses.keys()):
            if "loss" in key and "rpn" not in key:
                rpn_losses[f"rpn_{key}"] = rpn_losses.pop(key)
        losses = dict(rpn_losses)
        losses.update(self.roi_head.loss(x, proposals.to(torch.int64), data_samples))
        return losses


MODELS.register_module(name="PlantedConv2d", module=nn.Conv2d)
MODELS.register_module(name="PlantedLinear", module=nn.Linear)
