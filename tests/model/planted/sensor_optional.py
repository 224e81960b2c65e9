"""An encoder that all sensors share, under a checkpoint; which sensors there are is asked by name.

The config makes no second sensor, so the encoder runs once a step.
"""

import torch.nn as nn
import torch.utils.checkpoint as cp

from .mmcv1_base import DETECTORS, BaseDetector


@DETECTORS.register_module()
class OptionalSensorDetector(BaseDetector):
    def __init__(self, with_cp=True, lidar=None, init_cfg=None):
        super().__init__(init_cfg)
        self.with_cp = with_cp
        self.camera = nn.Conv2d(3, 4, 1)  # created: camera
        self.encoder = nn.Conv2d(4, 4, 1)  # created: encoder
        if lidar is not None:
            self.lidar = nn.Conv2d(lidar, 4, 1)

    def has(self, name):
        return getattr(self, name, None) is not None

    def encode(self, x):
        if self.with_cp:
            return cp.checkpoint(self.encoder, x, use_reentrant=True)  # checkpoint  # used: encoder
        return self.encoder(x)

    def extract_feat(self, img, points):
        results = {}
        if img is not None and self.has("camera"):
            results["img"] = self.encode(self.camera(img))  # used: camera
        if points is not None and self.has("lidar"):
            results["pts"] = self.encode(self.lidar(points))
        if not (points is None or not hasattr(self, "lidar")):
            results["more"] = self.encode(self.lidar(points))
        return results

    def forward_train(self, img=None, img_metas=None, points=None, **kwargs):
        results = self.extract_feat(img, points)
        return {"loss": sum(x.square().mean() for x in results.values())}
