"""Parts that are fetched by a name made at run time: by the number of a loop, or by what the data says."""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS

FORM = "level{}"


@MODELS.register_module()
class NamedPartsModel(BaseModel):
    """``way`` is how the names of the levels are made."""

    def __init__(self, way="f-string", data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.way = way
        self.stem = nn.Linear(3, 3)
        for number in range(3):
            self.add_module(f"level{number}", nn.Linear(3, 2))
        self.table = nn.ModuleDict({str(number): nn.Linear(2, 2) for number in range(3)})
        for number in range(3):
            setattr(self, f"expert{number}", nn.Linear(3, 2))  # created: expert0, expert1, expert2
        self.idle = nn.Linear(3, 2)  # created: idle

    def name_of(self, number):
        if self.way == "f-string":
            return f"level{number}"
        if self.way == "percent":
            return "level%d" % number
        return FORM.format(number) if self.way == "format" else "level" + str(number)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.stem(inputs.mean((2, 3)))
        states = torch.stack([x, x + 1, x + 2])
        outs = []
        for number in range(states.shape[0]):
            out = getattr(self, self.name_of(number))(states[number])
            outs.append(self.table[str(number)](out))
        loss = torch.stack(outs).square().mean()
        if data_samples is not None:
            labels = torch.cat([sample.gt_instances.labels for sample in data_samples])
            expert = getattr(self, f"expert{int(labels.sum()) % 3}")
            loss = loss + expert(x).square().mean()  # used: expert0, expert1, expert2
        if hasattr(self, f"extra{self.way}"):
            loss = loss + self.idle(x).square().mean()  # uncounted: idle
        return {"loss": loss} if mode == "loss" else loss
