"""mmcv 1.x: training goes through ``train_step``, and ``forward_train`` only says so.

mmhuman3d's and mmgeneration's models of that era: the wrapper calls ``train_step``. ``regress=False`` leaves
a branch out of its loss.
"""

import torch.nn as nn

from .mmcv1_base import DETECTORS, BaseModule


@DETECTORS.register_module()
class OldStepEstimator(BaseModule):
    def __init__(self, regress=False, train_cfg=None, init_cfg=None):
        super().__init__(init_cfg)
        self.regress = regress
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.pose = nn.Conv2d(8, 3, 1)
        self.shape = nn.Conv2d(8, 4, 1)  # created: shape

    def forward(self, img, img_metas=None, return_loss=True, **kwargs):
        if return_loss:
            return self.forward_train(img, img_metas, **kwargs)
        return self.pose(self.backbone(img))

    def forward_train(self, *args, **kwargs):
        raise NotImplementedError("this estimator trains in train_step()")

    def train_step(self, data_batch, optimizer):
        features = self.backbone(data_batch["img"])
        loss = self.pose(features).square().mean()
        if self.regress:
            loss = loss + self.shape(features).abs().mean()  # used: shape
        return dict(loss=loss, log_vars={}, num_samples=len(data_batch["img"]))
