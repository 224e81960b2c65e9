"""An auxiliary head whose loss is computed and then forgotten.

The commonest hand-made fault behind "make sure all forward outputs take part in the loss"
(mmdetection#10515 is one such custom module): the auxiliary loss is a local variable and never enters the
returned dict.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class AuxDroppedClassifier(BaseModel):
    def __init__(self, num_classes=4, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(8, num_classes)
        self.aux_head = nn.Linear(8, num_classes)  # created: aux_head

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.pool(self.stem(inputs)).flatten(1)
        logits = self.head(feats)
        if mode == "loss":
            losses = dict()
            losses["loss_cls"] = logits.logsumexp(dim=1).mean()
            aux_logits = self.aux_head(feats)  # uncounted: aux_head
            loss_aux = 0.4 * aux_logits.logsumexp(dim=1).mean()  # noqa: F841
            return losses
        return logits
