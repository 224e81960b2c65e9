"""Layers that join a container in every other way than by its constructor.

``Sequential`` runs, and ``ModuleList`` gives, whatever is registered with it, in the order of registration;
how it got in does not matter.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


def layer():
    return nn.Conv2d(3, 3, 1)


class Tower(nn.Sequential):
    """Its attribute is a layer of it, too."""

    def __init__(self):
        super().__init__(layer())
        self.behind = layer()


@MODELS.register_module()
class JoinedLayersModel(BaseModel):
    def __init__(self, spare=False, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.named = nn.Sequential(layer())
        self.named.add_module("norm", nn.BatchNorm2d(3))
        self.named.register_module("act", nn.PReLU())
        for name in ("extra",):
            setattr(self.named, name, layer())
        self.named.last = layer()
        for index in range(2):
            self.named.add_module(f"block{index}", layer())
        self.inside = nn.Sequential(layer())
        self.inside._modules["norm"] = nn.BatchNorm2d(3)
        self.grown = nn.Sequential(layer())
        self.grown.append(layer())
        self.grown.insert(1, layer())
        self.grown += nn.Sequential(layer())
        self.grown[0] = layer()
        self.added = self.grown.__class__(layer()) + nn.Sequential(layer())
        self.listed = nn.ModuleList()
        self.listed += [layer()]
        self.listed.extend([layer(), layer()])
        self.listed.insert(0, layer())
        self.listed[1] = layer()
        self.listed.add_module("tail", layer())
        self.table = nn.ModuleDict()
        self.table["first"] = layer()
        self.table.update({"second": layer()})
        self.table.add_module("third", layer())
        self.cut = nn.Sequential(layer(), layer(), layer())
        del self.cut[1:]
        self.cut.last = self.table.pop("second")
        self.tower = Tower()
        self.direct = nn.Module()
        self.direct.conv = layer()
        self.left_out = nn.ModuleList([layer(), layer()]) if spare else None  # created: left_out.1
        self.spare = spare

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.tower(self.cut(self.added(self.grown(self.inside(self.named(inputs))))))
        for item in self.listed:
            x = item(x)
        for name in self.table:
            x = self.table[name](x)
        for item in self.direct._modules.values():
            x = item(x)
        if self.spare:
            for index in range(1):
                x = self.left_out[index](x)  # uncounted: left_out.1
        return {"loss": x.square().mean()} if mode == "loss" else x
