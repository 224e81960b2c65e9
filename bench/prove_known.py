"""What is known about single results: why a config is not proved, and why a reading and a rehearsal differ."""

from __future__ import annotations

from typing import Dict

#: Configs that the package itself cannot build: the next one of the folder is taken.
BROKEN: Dict[str, str] = {
    "mmdet/cascade_rpn/cascade-rpn_r50-caffe_fpn_1x_coco.py": "`CascadeRPNHead` asks for `num_classes`, which it does not set",
    "mmdet/glip/glip_atss_swin-t_a_fpn_dyhead_pretrain_obj365.py": "its smooth L1 loss refuses the weights that its head gives it",
    "mmdet/qdtrack/qdtrack_faster-rcnn_r50_fpn_4e_base.py": "a base of others: it has no `train_dataloader`",
}
#: Why a config is not proved, or fails as it is shipped.
REASONS: Dict[str, str] = {}
_NO_REGIONS = (
    "`BBoxHead.loss` leaves the classification loss out when no region of any image was sampled. The rehearsal is right for its scenarios: in them "
    "there are always some"
)
#: Why a reading and a rehearsal differ, and which of them is right.
DISAGREEMENTS: Dict[str, str] = {
    "mmdet mask-rcnn_convnext-t-p4-w7_fpn_amp-ms-crop-3x_coco: backbone.frozen_stages=1": _NO_REGIONS,
    "mmdet mask-rcnn_convnext-t-p4-w7_fpn_amp-ms-crop-3x_coco: backbone.with_cp=True": _NO_REGIONS,
    "mmseg unet-s5-d16_fcn_4xb4-40k_drive-64x64: backbone.with_cp=True": "The input of the first encoder has no gradient: it takes the branch "
    "without the checkpoint, and its parameters get a gradient. The rehearsal is right",
    "mmseg cgnet_fcn_4xb4-60k_cityscapes-680x680: backbone.with_cp=True": "A checkpoint ran, and each extractor runs once in a step. The rehearsal is "
    "right: the finding is a false alarm",
}
