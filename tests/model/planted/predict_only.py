"""A refinement module that runs in prediction only.

Test-time post-processing with parameters (score fusion, temporal smoothing) is called by ``predict`` and
forgotten in ``loss``; mmaction2 and mmdet3d forks have such heads.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class PredictOnlySegmentor(BaseModel):
    def __init__(self, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.decode_head = nn.Conv2d(8, 2, 1)
        self.refine = nn.Conv2d(2, 2, 3, padding=1)  # created: refine

    def forward(self, inputs, data_samples=None, mode="tensor"):
        if mode == "loss":
            return self.loss(inputs, data_samples)
        elif mode == "predict":
            return self.predict(inputs, data_samples)
        elif mode == "tensor":
            return self._forward(inputs)
        raise RuntimeError(f'Invalid mode "{mode}".')

    def _forward(self, inputs):
        return self.decode_head(self.backbone(inputs))

    def loss(self, inputs, data_samples):
        return dict(loss_seg=self._forward(inputs).square().mean())

    def predict(self, inputs, data_samples):
        return self.refine(self._forward(inputs)).argmax(dim=1)  # uncounted: refine
