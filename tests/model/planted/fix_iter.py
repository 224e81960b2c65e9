"""A part that is frozen for the first iterations and then set free, inside the training step.

mmagic's BasicVSR (``train_cfg.fix_iter``, risk A18): the optical flow network is registered with DDP, gets
no gradient while it is fixed, and trains from then on. Needs ``find_unused_parameters=True``, never static
graph.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class FixIterRestorer(BaseModel):
    def __init__(self, train_cfg=None, buffer=False, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.spynet = nn.Conv2d(3, 3, 3, padding=1)  # created: spynet
        self.upsample = nn.Conv2d(3, 3, 3, padding=1)
        self.fix_iter = train_cfg.get("fix_iter", 0) if train_cfg else 0
        self.is_weight_fixed = False
        if buffer:
            self.register_buffer("step_counter", torch.tensor(0))
        else:
            self.step_counter = 0

    def loss(self, inputs, data_samples):
        if self.step_counter < self.fix_iter:
            if not self.is_weight_fixed:
                self.is_weight_fixed = True
                for name, param in self.named_parameters():
                    if "spynet" in name:
                        param.requires_grad_(False)  # toggled: spynet
        elif self.step_counter == self.fix_iter:
            self.requires_grad_(True)
        self.step_counter += 1
        return dict(loss_pix=self.upsample(inputs + self.spynet(inputs)).abs().mean())

    def forward(self, inputs, data_samples=None, mode="tensor"):
        if mode == "loss":
            return self.loss(inputs, data_samples)
        return self.upsample(inputs + self.spynet(inputs))
