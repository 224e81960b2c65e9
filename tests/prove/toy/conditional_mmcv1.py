"""A segmentor of mmseg 0.x with the conditional modules of the first example."""

from __future__ import annotations

import torch
from mmseg.models import SEGMENTORS, EncoderDecoder
from torch import nn


@SEGMENTORS.register_module()
class RapSAM(EncoderDecoder):
    def __init__(self, use_learnable_fusion, use_resolution_distill, use_sam_distill, **options):
        super().__init__(**options)
        if use_learnable_fusion:
            self.fusion_weights = nn.Parameter(torch.ones(2))
        if use_resolution_distill:
            self.resolution_distill_module = nn.Conv2d(3, 8, 1)
        self.sam_distill_module = nn.Linear(8, 8)  # whatever the flag says
