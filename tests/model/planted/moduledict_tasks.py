"""A ``ModuleDict`` of task heads, trained on fewer tasks than it holds.

Multi-task forks (UniAD, OpenSeeD type): one head a task; ``train_tasks`` lists those in this training. The
others keep their parameters in the buckets.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class TaskDictModel(BaseModel):
    def __init__(self, tasks=("seg", "depth", "normal"), train_tasks=None, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.train_tasks = train_tasks or tasks
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        self.heads = nn.ModuleDict()
        for task in tasks:
            self.heads[task] = nn.Conv2d(8, 2, 1)  # created: heads.normal

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        if mode == "loss":
            losses = {}
            for task in self.train_tasks:
                losses[f"{task}_loss"] = self.heads[task](feats).square().mean()
            return losses
        return {task: head(feats) for task, head in self.heads.items()}  # uncounted: heads.normal
