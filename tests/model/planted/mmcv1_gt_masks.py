"""mmcv 1.x: a mask head that trains when the pipeline collects ``gt_masks``.

``forward_train(..., gt_masks=None)``: whether the argument comes is decided by the data pipeline, not by
the model config. With ``Collect(keys=[.., 'gt_masks'])`` it is there in every step, without it in none:
nothing in the model's source tells which.
"""

import torch.nn as nn

from .mmcv1_base import DETECTORS, BaseDetector


@DETECTORS.register_module()
class GtMasksDetector(BaseDetector):
    def __init__(self, train_cfg=None, test_cfg=None, pretrained=None, init_cfg=None):
        super().__init__(init_cfg)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.bbox_head = nn.Conv2d(8, 4, 1)
        self.mask_head = nn.Conv2d(8, 1, 1)  # created: mask_head

    def forward_train(
        self,
        img,
        img_metas,
        gt_bboxes,
        gt_labels,
        gt_bboxes_ignore=None,
        gt_masks=None,
        **kwargs,
    ):
        x = self.backbone(img)
        losses = dict(loss_bbox=self.bbox_head(x).abs().mean())
        if gt_masks is not None:
            losses["loss_mask"] = (self.mask_head(x) - gt_masks).abs().mean()  # used: mask_head
        return losses
