"""The same unknown condition asked twice: both times it is answered alike.

Promptable segmentors (RAP-SAM) train on two kinds of batches. Each kind runs a branch of its own, and its
loss adds zeros made of the other's parameters, so that every parameter gets a gradient in every step. With
``form='another test'`` the zeros hang on something else, and sometimes a branch has no gradient.
"""

import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class CorrelatedModel(BaseModel):
    def __init__(self, form="attribute", data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.form = form
        self.backbone = nn.Conv2d(3, 8, 8)
        self.prompt = nn.Linear(8, 2)  # created: prompt
        self.plain = nn.Linear(8, 2)  # created: plain
        self.is_prompt = False

    def branch(self, x):
        if self.is_prompt:
            return self.prompt(x)  # used: prompt
        return self.plain(x)  # used: plain

    def zeros(self, module):
        return sum(param.sum() for param in module.parameters()) * 0.0

    def loss(self, out, is_prompt):
        if is_prompt:
            return out.square().mean() + self.zeros(self.plain)
        return out.square().mean() + self.zeros(self.prompt)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        labels = torch.cat([sample.gt_instances.labels for sample in data_samples])
        x = self.backbone(inputs).flatten(1)
        if self.form == "prompt is None":
            points = x if labels.sum() > 1 else None
            loss = x.square().mean()
            if points is not None:
                loss = loss + self.prompt(points).square().mean()
            if points is None:
                for _, param in self.prompt.named_parameters():
                    loss = loss + param.sum() * 0.0
            return dict(loss=loss + self.plain(x).square().mean())
        if self.form == "two flags":
            bright, labelled = x.mean() > 0, labels.sum() > 1
            loss = self.plain(x).square().mean()
            if bright and labelled:
                loss = loss + self.prompt(x).square().mean()
            if not (bright and labelled):
                loss = loss + 0 * self.prompt.weight.sum() + 0 * self.prompt.bias.sum()
            return dict(loss=loss)
        if self.form == "entries":
            losses = dict(loss_plain=self.plain(x).square().mean())
            bright = x.mean() > 0
            if bright:
                losses["loss_prompt"] = self.prompt(x).square().mean()
            if not bright:
                losses["loss_zero"] = self.zeros(self.prompt)
            return losses
        self.is_prompt = data_samples[0].gt_instances.labels.sum() > 0
        out = self.branch(x)
        if self.form == "attribute":
            if self.is_prompt:
                loss = out.sum() + self.plain.weight.sum() * 0.0 + self.plain.bias.sum() * 0.0
            else:
                loss = out.sum() + self.prompt.weight.sum() * 0.0 + self.prompt.bias.sum() * 0.0
        elif self.form == "another test":
            loss = self.loss(out, x.mean() > 0)
        else:
            loss = self.loss(out, self.is_prompt)
        return dict(loss=loss)
