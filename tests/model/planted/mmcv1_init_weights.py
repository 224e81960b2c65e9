"""Healthy: mmcv 1.x, a teacher frozen in ``init_weights()``.

Look-alike of ``teacher_frozen_late.py``. In that era ``tools/train.py`` calls ``model.init_weights()``
before ``train_detector`` wraps the model, so freezing there is early enough. Under MMEngine the same code
is late.
"""

import torch
import torch.nn as nn

from .mmcv1_base import DETECTORS, BaseDetector


@DETECTORS.register_module()
class OldTeacherDetector(BaseDetector):
    def __init__(self, train_cfg=None, test_cfg=None, init_cfg=None):
        super().__init__(init_cfg)
        self.student = nn.Conv2d(3, 8, 3, padding=1)
        self.teacher = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 1)

    def init_weights(self):
        super().init_weights()
        for param in self.teacher.parameters():
            param.requires_grad = False

    def forward_train(self, img, img_metas, gt_bboxes=None, gt_labels=None, **kwargs):
        feats = self.student(img)
        with torch.no_grad():
            target = self.teacher(img)
        return dict(loss_kd=(feats - target).abs().mean(), loss_cls=self.head(feats).square().mean())
