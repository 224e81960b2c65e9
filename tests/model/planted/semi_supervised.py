"""A semi-supervised detector that holds student and teacher.

mmdet's ``SemiBaseDetector``: with ``semi_train_cfg.freeze_teacher=False`` the teacher is trainable, is
registered with DDP, and is never in the loss (risk A16). The student runs on labelled and on unlabelled
images: used twice a step.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class SemiPlantedDetector(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.bbox_head = nn.Conv2d(8, 2, 1)

    def loss(self, inputs, data_samples):
        return dict(loss_cls=self.bbox_head(self.backbone(inputs)).square().mean())

    def predict(self, inputs, data_samples):
        return self.bbox_head(self.backbone(inputs))  # uncounted: teacher

    def forward(self, inputs, data_samples=None, mode="tensor"):
        return self.loss(inputs, data_samples) if mode == "loss" else self.predict(inputs, data_samples)


@MODELS.register_module()
class SemiPlantedBase(BaseModel):
    def __init__(self, detector, semi_train_cfg=None, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.student = MODELS.build(detector)
        self.teacher = MODELS.build(detector)  # created: teacher
        self.semi_train_cfg = semi_train_cfg
        if self.semi_train_cfg.get("freeze_teacher", True) is True:
            self.freeze(self.teacher)

    @staticmethod
    def freeze(model):
        model.eval()
        for param in model.parameters():
            param.requires_grad = False

    @torch.no_grad()
    def get_pseudo_instances(self, inputs, data_samples):
        self.teacher.eval()
        return self.teacher.predict(inputs, data_samples)  # uncounted: teacher

    def loss(self, multi_batch_inputs, multi_batch_data_samples):
        losses = dict()
        sup = self.student.loss(multi_batch_inputs["sup"], multi_batch_data_samples["sup"])
        losses.update({f"sup_{name}": value for name, value in sup.items()})
        pseudo = self.get_pseudo_instances(multi_batch_inputs["unsup_teacher"], None)
        unsup = self.student.loss(multi_batch_inputs["unsup_student"], pseudo)
        losses.update({f"unsup_{name}": value * 2.0 for name, value in unsup.items()})
        return losses

    def forward(self, inputs, data_samples=None, mode="tensor"):
        if mode == "loss":
            return self.loss(inputs, data_samples)
        return self.student(inputs, data_samples, mode=mode)
