"""A head that is only ever called by a helper in another module of the package.

Forks move loss code to ``utils.py``. Reading the model class alone would call ``aux_head`` unused: a false
alarm with ``with_aux=True``, and the truth with ``with_aux=False``.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS

from . import helpers
from .helpers import weighted_sum as combine


@MODELS.register_module()
class HelperFunctionModel(BaseModel):
    def __init__(self, with_aux=True, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.with_aux = with_aux
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.heads = nn.ModuleList([nn.Conv2d(8, 2, 1), nn.Conv2d(8, 2, 3, padding=1)])
        self.aux_head = nn.Conv2d(8, 2, 1)  # created: aux_head

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        logits = combine(self.heads, feats, weights=(1.0, 0.5))
        if mode == "loss":
            losses = {"loss_seg": logits.square().mean()}
            aux = helpers.auxiliary_loss(self.aux_head, feats, self.with_aux)  # used: aux_head
            losses.update(aux)
            return losses
        return logits
