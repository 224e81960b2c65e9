# A CMT-like camera + LiDAR detector, ResNet-50 at 800x320. Trains well as it is.
_base_ = ['./_base_/nuscenes.py']

plugin = True
plugin_dir = 'projects/mmdet3d_plugin/'

voxel_size = [0.1, 0.1, 0.2]
out_size_factor = 8

model = dict(
    type='CmtDetector',
    img_backbone=dict(
        type='ResNet',
        depth=50,
        num_stages=4,
        out_indices=(2, 3),
        frozen_stages=-1,
        norm_cfg=dict(type='BN', requires_grad=False),
        norm_eval=True,
        with_cp=True,  # saves memory: the forward pass of each block runs again in backward
        style='pytorch'),
    img_neck=dict(type='CPFPN', in_channels=[1024, 2048], out_channels=256, num_outs=2),
    pts_voxel_layer=dict(num_point_features=5, max_voxels=(120000, 160000), voxel_size=voxel_size),
    pts_voxel_encoder=dict(type='HardSimpleVFE', num_features=5),
    pts_middle_encoder=dict(type='SparseEncoder', in_channels=5, output_channels=128),
    pts_backbone=dict(type='SECOND', in_channels=256, out_channels=[128, 256], layer_nums=[5, 5]),
    pts_neck=dict(type='SECONDFPN', in_channels=[128, 256], out_channels=[256, 256]),
    pts_bbox_head=dict(
        type='CmtHead',
        in_channels=512,
        hidden_dim=256,
        downsample_scale=out_size_factor,
        transformer=dict(
            type='CmtTransformer',
            decoder=dict(
                type='PETRTransformerDecoder',
                num_layers=6,
                transformerlayers=dict(
                    type='PETRTransformerDecoderLayer',
                    with_cp=False,  # this class checkpoints unless told not to
                    feedforward_channels=1024,
                    ffn_dropout=0.1))),
        loss_cls=dict(type='FocalLoss', use_sigmoid=True, gamma=2, alpha=0.25),
        loss_bbox=dict(type='L1Loss', loss_weight=0.25)))

optimizer = dict(type='AdamW', lr=1.4e-4, weight_decay=0.01)
optimizer_config = dict(grad_clip=dict(max_norm=35, norm_type=2))
lr_config = dict(policy='cyclic', target_ratio=(6, 1e-4), cyclic_times=1, step_ratio_up=0.4)
runner = dict(type='EpochBasedRunner', max_epochs=20)
checkpoint_config = dict(interval=1)
evaluation = dict(interval=20)
log_config = dict(interval=50, hooks=[dict(type='TextLoggerHook')])
dist_params = dict(backend='nccl')
workflow = [('train', 1)]
log_level = 'INFO'
load_from = None
resume_from = None
