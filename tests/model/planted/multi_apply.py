"""Healthy: a dense head run over levels by ``multi_apply`` and ``partial``.

The shape of every mmdet dense head: ``forward`` hands a bound method to a helper that maps it over the
levels. The head is used once a level, which counts as repeated use.
"""

from functools import partial

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


def multi_apply(func, *args, **kwargs):
    pfunc = partial(func, **kwargs) if kwargs else func
    map_results = map(pfunc, *args)
    return tuple(map(list, zip(*map_results)))


@MODELS.register_module()
class MultiApplyHead(BaseModule):
    def __init__(self, channels=4, stacked_convs=2, init_cfg=None):
        super().__init__(init_cfg)
        self.cls_convs = nn.ModuleList()
        for _ in range(stacked_convs):
            self.cls_convs.append(nn.Conv2d(channels, channels, 1))
        self.conv_cls = nn.Conv2d(channels, 2, 1)
        self.conv_reg = nn.Conv2d(channels, 4, 1)

    def forward(self, feats):
        return multi_apply(self.forward_single, feats, [8, 16], scale=2.0)

    def forward_single(self, x, stride, scale=1.0):
        for conv in self.cls_convs:
            x = F.relu(conv(x))
        return self.conv_cls(x), self.conv_reg(x) * stride * scale

    def loss(self, feats, data_samples):
        cls_scores, bbox_preds = self(feats)
        losses_cls, losses_bbox = multi_apply(self.loss_by_feat_single, cls_scores, bbox_preds)
        return dict(loss_cls=losses_cls, loss_bbox=losses_bbox)

    def loss_by_feat_single(self, cls_score, bbox_pred):
        return cls_score.square().mean(), bbox_pred.abs().mean()


@MODELS.register_module()
class MultiApplyDetector(BaseModel):
    def __init__(self, bbox_head, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 4, 3, padding=1)
        self.bbox_head = MODELS.build(bbox_head)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.backbone(inputs)
        feats = (x, F.avg_pool2d(x, 2))
        if mode == "loss":
            return self.bbox_head.loss(feats, data_samples)
        return self.bbox_head(feats)
