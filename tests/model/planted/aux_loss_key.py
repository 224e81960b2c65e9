"""An auxiliary loss returned under a name that MMEngine does not add up.

``mmengine/model/base_model/base_model.py: parse_losses`` sums the entries whose key contains ``loss``; the
rest is only logged. With ``aux_name='aux_ce'`` the auxiliary head runs, its curve is in the log, and it
never gets a gradient.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class AuxNamedClassifier(BaseModel):
    def __init__(self, aux_name="loss_aux", data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.aux_name = aux_name
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 1)
        self.aux_head = nn.Conv2d(8, 2, 1)  # created: aux_head

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        logits = self.head(feats)
        if mode == "loss":
            losses = {"loss_cls": logits.square().mean()}
            losses[self.aux_name] = self.aux_head(feats).square().mean()  # used: aux_head
            return losses
        return logits
