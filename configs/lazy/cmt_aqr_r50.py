# The same crash as ../cmt/cmt_aqr_voxel0100_r50_800x320_cbgs.py, in a lazy config.
from mmengine.config import read_base
from torch.optim import AdamW

with read_base():
    from ._base_.cmt_r50 import *
    from ._base_.nuscenes import *

model.update(dict(pts_bbox_head=dict(type='CmtAQRHead', aqr_topk=128)))

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type=AdamW, lr=1.4e-4, weight_decay=0.01),
    clip_grad=dict(max_norm=35, norm_type=2))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20)

find_unused_parameters = True
