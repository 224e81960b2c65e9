# A RAP-SAM-like segmentor on ADE20K, 8 GPUs; its code is in models/.
#
# Three modules take part in the loss only when their flag says so. With more than one GPU and
# `find_unused_parameters = False` this run dies in its second iteration:
#   RuntimeError: Expected to have finished reduction in the prior iteration before starting a new one.
_base_ = ['./_base_/ade20k.py', './_base_/runtime.py']

num_classes = 150

model = dict(
    type='RapSAM',
    data_preprocessor=dict(
        type='SegDataPreProcessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        size=(512, 512)),
    backbone=dict(type='RapSAMBackbone', widths=(32, 64, 128, 256)),
    neck=dict(type='YOSONeck', in_channels=[32, 64, 128, 256], agg_dim=128),
    decode_head=dict(type='RapSAMHead', num_classes=num_classes, in_channels=128, num_queries=100),
    # The conditional modules:
    use_learnable_fusion=True,  # its `fusion_weights` wait for a second level of the neck
    use_resolution_distill=True,  # `resolution_distill_module` runs on low-resolution crops only
    use_sam_distill=False,  # switched off, but the module is still created
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))

find_unused_parameters = False
