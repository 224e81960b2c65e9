"""A weight that a hook makes anew before each forward, of a parameter under another name.

Equalised learning rates and spectral norms of generators work so. Where a hook is there already, a second one
is refused.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


class PlantedScaled:
    def __init__(self, name, gain):
        self.name, self.gain = name, gain

    def __call__(self, module, inputs):
        setattr(module, self.name, getattr(module, self.name + "_orig") * self.gain)

    @staticmethod
    def apply(module, name="weight", gain=0.5):
        for _, hook in module._forward_pre_hooks.items():
            if isinstance(hook, PlantedScaled):
                raise RuntimeError("scaled already")
        weight = module._parameters[name]
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        setattr(module, name, weight.data)
        module.register_forward_pre_hook(PlantedScaled(name, gain))
        return module


@MODELS.register_module()
class WeightBeforeForward(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = PlantedScaled.apply(nn.Conv2d(3, 8, 3, padding=1))
        self.head = PlantedScaled.apply(nn.Conv2d(8, 2, 1))
        self.idle_head = PlantedScaled.apply(nn.Conv2d(8, 2, 1))  # created: idle_head
        self.scales = nn.ParameterDict(parameters={"a": nn.Parameter(self.head.bias.new_ones(1))})

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.head(self.backbone(inputs))
        return {"loss": feats.square().mean() * self.scales["a"].sum()} if mode == "loss" else feats
