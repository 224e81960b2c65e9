"""A small RAP-SAM-like segmentor. Three of its modules take part in the loss only under conditions."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS
from torch import nn


@MODELS.register_module()
class RapSAMBackbone(BaseModule):

    def __init__(self, widths=(32, 64, 128, 256), init_cfg=None):
        super().__init__(init_cfg)
        self.stages = nn.ModuleList()
        channels = 3
        for width in widths:
            self.stages.append(nn.Sequential(nn.Conv2d(channels, width, 3, 2, 1), nn.BatchNorm2d(width), nn.ReLU()))
            channels = width

    def forward(self, x):
        outs = []
        for stage in self.stages:
            x = stage(x)
            outs.append(x)
        return tuple(outs)


@MODELS.register_module()
class YOSONeck(BaseModule):
    """Brings all levels to one size and adds them up: it returns one level."""

    def __init__(self, in_channels, agg_dim=128, init_cfg=None):
        super().__init__(init_cfg)
        self.lateral = nn.ModuleList([nn.Conv2d(channels, agg_dim, 1) for channels in in_channels])

    def forward(self, levels):
        size = levels[0].shape[-2:]
        return [sum(F.interpolate(conv(x), size) for conv, x in zip(self.lateral, levels))]


@MODELS.register_module()
class RapSAMHead(BaseModule):

    def __init__(self, num_classes, in_channels=128, num_queries=100, init_cfg=None):
        super().__init__(init_cfg)
        self.query = nn.Embedding(num_queries, in_channels)
        self.classify = nn.Linear(in_channels, num_classes)

    def forward(self, feature):
        masks = torch.einsum('qc,bchw->bqhw', self.query.weight, feature).sigmoid()
        return torch.einsum('qk,bqhw->bkhw', self.classify(self.query.weight), masks)


@MODELS.register_module()
class RapSAM(BaseModel):

    def __init__(self,
                 backbone,
                 neck,
                 decode_head,
                 use_learnable_fusion=False,
                 use_resolution_distill=False,
                 use_sam_distill=False,
                 train_cfg=None,
                 test_cfg=None,
                 data_preprocessor=None,
                 init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        channels = neck['agg_dim']
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck)
        self.decode_head = MODELS.build(decode_head)
        self.use_learnable_fusion = use_learnable_fusion
        self.use_resolution_distill = use_resolution_distill
        self.use_sam_distill = use_sam_distill
        if use_learnable_fusion:
            self.fusion_weights = nn.Parameter(torch.ones(2))
        if use_resolution_distill:
            self.resolution_distill_module = nn.Conv2d(channels, channels, 1)
        self.sam_distill_module = nn.Conv2d(channels, 256, 1)  # whether it is asked for or not

    def forward(self, inputs, data_samples=None, mode='tensor'):
        levels = self.neck(self.backbone(inputs))
        feature = levels[0]
        if self.use_learnable_fusion and len(levels) > 1:
            weights = self.fusion_weights.softmax(0)
            feature = weights[0] * levels[0] + weights[1] * levels[1]
        logits = self.decode_head(feature)
        if mode == 'loss':
            return self.loss(inputs, feature, logits, data_samples)
        return logits

    def loss(self, inputs, feature, logits, data_samples):
        target = torch.stack([sample.gt_sem_seg.data.squeeze(0) for sample in data_samples])
        logits = F.interpolate(logits, target.shape[-2:])
        losses = dict(loss_seg=F.cross_entropy(logits, target, ignore_index=255))
        if self.use_resolution_distill and inputs.shape[-1] < 512:
            low = self.resolution_distill_module(feature)
            losses['loss_resolution'] = F.mse_loss(low, feature.detach())
        if self.use_sam_distill:
            wanted = torch.stack([sample.sam_feature for sample in data_samples])
            losses['loss_sam'] = F.mse_loss(self.sam_distill_module(feature), wanted)
        return losses
