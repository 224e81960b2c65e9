"""Stands for the plugin of the example configs: its classes as small as can be, around mmdet's ResNet."""

from __future__ import annotations

import torch
from mmdet.models import DETECTORS, FPN, HEADS, NECKS, BaseDetector, build_backbone, build_head, build_neck
from torch import nn

from mmfix.prove.inputs import register

NECKS.register_module(name="CPFPN", module=FPN)


@HEADS.register_module()
class CmtAQRHead(nn.Module):
    """Its refinement takes part in every second step only."""

    def __init__(self, hidden_dim, aqr_topk, **others):
        super().__init__()
        self.head = nn.Linear(hidden_dim, 8)
        self.refinement = nn.Linear(8, 8)
        self.steps = 0

    def forward(self, features):
        found = sum(self.head(feature.mean(dim=(2, 3))) for feature in features)
        self.steps += 1
        return {"loss_cls": (self.refinement(found) if self.steps % 2 else found).mean()}


@DETECTORS.register_module()
class CmtDetector(BaseDetector):
    def __init__(self, img_backbone, img_neck, pts_bbox_head, train_cfg=None, test_cfg=None, **points):
        super().__init__()
        self.img_backbone = build_backbone(img_backbone)
        self.img_neck = build_neck(img_neck)
        self.pts_bbox_head = build_head(pts_bbox_head)

    def forward_train(self, img, img_metas):
        return self.pts_bbox_head(self.img_neck(self.extract_feat(img.flatten(0, 1))))

    def extract_feat(self, imgs):
        return self.img_backbone(imgs)

    def simple_test(self, img, img_metas, **options):
        raise NotImplementedError

    aug_test = simple_test


class Cameras:
    """B x cameras x 3 x H x W."""

    kinds = ("normal",)

    def size(self, config):
        return 64, 64

    def adapt(self, config, size):
        return []

    def batch(self, request):
        images = torch.rand(
            (request.batch_size, 2, 3, *request.size),
            generator=torch.Generator().manual_seed(request.seed),
        )
        metas = [{"img_shape": (*request.size, 3)} for _ in range(request.batch_size)]
        return {"img": images, "img_metas": metas}


register("projects", Cameras())
