"""A module handed to an object whose code the reader does not know.

The head is given to an executor, and whatever comes back is the loss. The reader must say that it lost
track. Measured: it is used in every step.
"""

from concurrent.futures import ThreadPoolExecutor

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class ForeignObjectModel(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 2, 1)
        self.side_head = nn.Conv2d(8, 2, 1)  # created: side_head

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        logits = self.head(feats)
        if mode != "loss":
            return logits
        with ThreadPoolExecutor(max_workers=1) as pool:
            future = pool.submit(self.side_head, feats)  # used: side_head
        return dict(loss_seg=logits.square().mean(), loss_side=future.result().square().mean())
