"""mmcv 1.x: a model with a ``train_step`` of its own that forgets one of its losses.

mmediting and mmselfsup of that era: no ``forward_train``; ``train_step`` adds the terms by hand.
``w_perceptual=0`` skips the module (not the same as a weight of zero in a loss, which would keep it in the
graph).
"""

import torch.nn as nn

from .mmcv1_base import DETECTORS, BaseModule


@DETECTORS.register_module()
class OldTrainStepModel(BaseModule):
    def __init__(self, w_perceptual=0.0, train_cfg=None, init_cfg=None):
        super().__init__(init_cfg)
        self.w_perceptual = w_perceptual
        self.generator = nn.Conv2d(3, 3, 3, padding=1)
        self.perceptual = nn.Conv2d(3, 8, 3, padding=1)  # created: perceptual

    def forward(self, img, img_metas=None, **kwargs):
        output = self.generator(img)
        losses = dict(loss_pix=(output - img).abs().mean())
        if self.w_perceptual:
            features = self.perceptual(output)  # used: perceptual
            losses["loss_perceptual"] = self.w_perceptual * features.abs().mean()
        return losses

    def train_step(self, data_batch, optimizer):
        losses = self.forward(**data_batch)
        loss = sum(losses.values())
        return dict(loss=loss, log_vars={}, num_samples=len(data_batch["img"]))
