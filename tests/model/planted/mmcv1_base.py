"""The least of mmcv 1.x that the ``mmcv1_*.py`` files need: registries, ``BaseModule``, ``BaseDetector``;
no fault here.

Written after ``mmcv/runner/base_module.py`` and ``mmdet/models/detectors/base.py`` of that era.
"""

import torch
import torch.nn as nn
from mmengine.registry import Registry

DETECTORS = Registry("planted detector")
BACKBONES = Registry("planted backbone")
HEADS = Registry("planted head")


def build_backbone(cfg):
    """As ``mmdet.models.builder.build_backbone``."""
    return BACKBONES.build(cfg)


def build_head(cfg):
    """As ``mmdet.models.builder.build_head``."""
    return HEADS.build(cfg)


class BaseModule(nn.Module):
    def __init__(self, init_cfg=None):
        super().__init__()
        self.init_cfg = init_cfg

    def init_weights(self):
        for module in self.children():
            if hasattr(module, "init_weights"):
                module.init_weights()


class BaseDetector(BaseModule):
    def forward_train(self, img, img_metas, **kwargs):
        raise NotImplementedError

    def forward(self, img, img_metas, return_loss=True, **kwargs):
        if return_loss:
            return self.forward_train(img, img_metas, **kwargs)
        return self.simple_test(img, img_metas, **kwargs)

    def _parse_losses(self, losses):
        log_vars = {}
        for loss_name, loss_value in losses.items():
            if isinstance(loss_value, torch.Tensor):
                log_vars[loss_name] = loss_value.mean()
            else:
                log_vars[loss_name] = sum(_loss.mean() for _loss in loss_value)
        loss = sum(_value for _key, _value in log_vars.items() if "loss" in _key)
        log_vars["loss"] = loss
        return loss, log_vars

    def train_step(self, data, optimizer):
        losses = self(**data)
        loss, log_vars = self._parse_losses(losses)
        return dict(loss=loss, log_vars=log_vars, num_samples=len(data["img_metas"]))
