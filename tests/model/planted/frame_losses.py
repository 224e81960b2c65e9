"""Frames of a video in a loop of unknown length: the last one gives several losses, named after its number.

``form`` is how the names are put together; with ``overwritten`` the second loss takes the place of the first.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class FrameLossesModel(BaseModel):
    def __init__(self, form="add", data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.form = form
        self.stem = nn.Linear(8, 8)
        self.cls = nn.Linear(8, 3)  # created: cls
        self.reg = nn.Linear(8, 4)

    def losses_of(self, x, wanted):
        x = self.stem(x)
        scores = self.cls(x)  # used: cls
        boxes = self.reg(x)
        if wanted:
            losses = dict(loss_cls=scores.square().mean(), loss_reg=boxes.square().mean())
            if self.form == "levels":
                number = 0
                for level in range(boxes.shape[1]):
                    losses[f"d{number}.loss_level"] = boxes[:, level].square().mean()
                    number = number + 1
            return losses
        return None

    def forward(self, inputs, data_samples=None, mode="tensor"):
        losses = dict()
        frames = inputs.size(1)
        final = frames - 1
        for i in range(frames):
            loss = self.losses_of(inputs[:, i], i >= frames - 1)
            if loss is None:
                continue
            for key, value in loss.items():
                if self.form in ("add", "levels"):
                    losses["frame_" + str(i) + "_" + key] = value
                elif self.form == "format":
                    losses[f"frame_{i}.{key}"] = value
                else:
                    number = i if "cls" in key else final
                    losses[f"loss_of_{number}"] = value
        return losses
