"""Features taken from the middle of a network by a forward hook.

Distillation recorders (mmrazor) and perceptual losses. The hook, not the returned value, carries the
gradient: the layers up to the hook train, the last one does not. Reading the calls alone would call all
three unused; the reader should say that it lost track.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class HookFeaturesModel(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.network = nn.Sequential(*[nn.Conv2d(size, 8, 1) for size in (3, 8, 8)])  # created: network.2
        self.head = nn.Conv2d(8, 2, 1)
        self.recorded = {}
        self.network[1].register_forward_hook(self._record)

    def _record(self, module, inputs, output):
        self.recorded["feat"] = output

    def forward(self, inputs, data_samples=None, mode="tensor"):
        self.network(inputs)  # uncounted: network.2
        scores = self.head(self.recorded["feat"])
        return dict(loss=scores.square().mean()) if mode == "loss" else scores
