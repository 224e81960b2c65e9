"""Bare parameters: in a list, in a dict, behind a method, and one that a sum swallows.

``log_vars`` of an uncertainty weighting (Kendall): one parameter a task; only the tasks with a loss are
read. A parameter in a Python list is not registered; a ``ParameterList`` is.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class BareParametersModel(BaseModel):
    def __init__(self, num_tasks=2, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.heads = nn.ModuleList([nn.Conv2d(8, 2, 1) for _ in range(2)])
        log_vars = [nn.Parameter(torch.zeros(1)) for _ in range(num_tasks)]  # created: log_vars.2
        self.log_vars = nn.ParameterList(log_vars)  # created: log_vars.2
        self.register_parameter("bias", nn.Parameter(torch.zeros(1)))
        self.spare = [nn.Parameter(torch.zeros(1))]

    def _weighted(self, index, loss):
        return torch.exp(-self.log_vars[index]) * loss + self.log_vars[index]  # uncounted: log_vars.2

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs) + self.bias
        scores = [head(feats) for head in self.heads]
        if mode != "loss":
            return scores
        return {f"loss_{i}": self._weighted(i, score.square().mean()) for i, score in enumerate(scores)}
