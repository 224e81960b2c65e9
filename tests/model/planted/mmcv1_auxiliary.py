"""mmcv 1.x: heads from the registry, an auxiliary one behind a switch of its own.

mmsegmentation 0.x shape. ``with_auxiliary_loss=False`` was added by a fork to save time; the head is still
built.
"""

import torch.nn as nn

from .mmcv1_base import BACKBONES, DETECTORS, HEADS, BaseDetector, BaseModule, build_backbone, build_head


@BACKBONES.register_module()
class PlantedOldBackbone(BaseModule):
    def __init__(self, frozen_stages=-1, init_cfg=None):
        super().__init__(init_cfg)
        self.frozen_stages = frozen_stages
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.layer1 = nn.Conv2d(8, 8, 3, padding=1)

    def train(self, mode=True):
        super().train(mode)
        if self.frozen_stages >= 0:
            for param in self.conv1.parameters():
                param.requires_grad = False  # frozen: backbone.conv1

    def forward(self, x):
        return (self.layer1(self.conv1(x)),)


@HEADS.register_module(name="PlantedOldHead")
class OldHead(BaseModule):
    def __init__(self, loss_name="loss_ce", init_cfg=None):
        super().__init__(init_cfg)
        self.loss_name = loss_name
        self.conv_seg = nn.Conv2d(8, 2, 1)

    def forward_train(self, inputs, img_metas, gt_labels, train_cfg):
        return {self.loss_name: self.conv_seg(inputs[0]).square().mean()}


@DETECTORS.register_module()
class PlantedOldSegmentor(BaseDetector):
    def __init__(
        self,
        backbone,
        decode_head,
        auxiliary_head=None,
        with_auxiliary_loss=True,
        train_cfg=None,
    ):
        super().__init__()
        self.with_auxiliary_loss = with_auxiliary_loss
        self.train_cfg = train_cfg
        self.backbone = build_backbone(backbone)
        self.decode_head = build_head(decode_head)
        if auxiliary_head is not None:
            self.auxiliary_head = build_head(auxiliary_head)  # created: auxiliary_head

    @property
    def with_auxiliary_head(self):
        return hasattr(self, "auxiliary_head") and self.auxiliary_head is not None

    def forward_train(self, img, img_metas, gt_bboxes=None, gt_labels=None, gt_masks=None):
        x = self.backbone(img)
        losses = dict()
        losses.update(self.decode_head.forward_train(x, img_metas, gt_labels, self.train_cfg))
        if self.with_auxiliary_head and self.with_auxiliary_loss:
            head = self.auxiliary_head
            loss_aux = head.forward_train(x, img_metas, gt_labels, self.train_cfg)  # used: auxiliary_head
            losses.update({f"aux.{name}": value for name, value in loss_aux.items()})
        return losses
