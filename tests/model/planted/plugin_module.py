"""A loss engine imported by a name that only the running system knows.

``importlib.import_module(os.environ...)`` picks the code that will use the module. Nothing can be said of
``plugin_head`` from source. Measured with the default, the ``map`` of Python: it is used.
"""

import importlib
import os

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class PluginModel(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.plugin_head = nn.Conv2d(8, 2, 1)  # created: plugin_head
        self.engine = importlib.import_module(os.environ.get("PLANTED_ENGINE", "builtins"))

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        (scores,) = self.engine.map(self.plugin_head, [feats])  # used: plugin_head
        if mode == "loss":
            return dict(loss_main=feats.square().mean(), loss_plugin=scores.square().mean())
        return scores
