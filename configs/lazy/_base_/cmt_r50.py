# The CMT-like detector of ../../cmt, for MMEngine, lazy style: types are imported names.
from mmdet.models.backbones import ResNet

model = dict(
    type='CmtDetector',
    img_backbone=dict(
        type=ResNet,
        depth=50,
        num_stages=4,
        out_indices=(2, 3),
        frozen_stages=-1,
        norm_cfg=dict(type='BN', requires_grad=False),
        norm_eval=True,
        with_cp=True,
        style='pytorch'),
    img_neck=dict(type='CPFPN', in_channels=[1024, 2048], out_channels=256, num_outs=2),
    pts_bbox_head=dict(type='CmtHead', in_channels=512, hidden_dim=256))
