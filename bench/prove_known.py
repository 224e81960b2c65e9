"""What is known about single results: why a config is not proved, and why a reading and a rehearsal differ."""

from __future__ import annotations

from typing import Dict

#: Configs, by the beginning of their names, that the package itself cannot train: the next one of the folder is taken.
BROKEN: Dict[str, str] = {
    "mmdet/cascade_rpn/cascade-rpn_r50-caffe_fpn_1x_coco.py": "`CascadeRPNHead` asks for `num_classes`, which it does not set",
    **{
        f"mmdet/glip/glip_atss_swin-t_{kind}_fpn_dyhead_pretrain": "its smooth L1 loss refuses the weights that its head gives it"
        for kind in "abc"
    },
    "mmdet/qdtrack/qdtrack_faster-rcnn_r50_fpn_4e_base.py": "a base of others: it has no `train_dataloader`",
    "mmseg/upernet/upernet_r18_": "its `data_preprocessor` has no size: the batch cannot be stacked",
}


def is_broken(name: str) -> bool:
    """Whether a config is one of them."""
    return name.startswith(tuple(BROKEN))


#: Why a config is not proved, or fails as it is shipped.
REASONS: Dict[str, str] = {
    "mmdet/misc/d2_mask-rcnn_r50-caffe_fpn_ms-90k_coco.py": "needs Detectron2, which is not on the package index",
    "mmseg/vpd/vpd_sd_4xb8-25k_nyu-480x480.py": "needs `ldm` (Stable Diffusion), which is not on the package index",
    "mmseg/san/san-vit-b16_voc12aug-640x640.py": "without its CLIP weights, which a rehearsal leaves out, its own `init_weights` fails "
    "(`RecWithAttnbias` asks for one of `nn.Module`)",
    "mmseg/ddrnet/ddrnet_23-slim_in1k-pre_2xb6-120k_cityscapes-1024x1024.py": "the model itself cannot train on a batch in which every pixel is "
    "ignored: its losses have no gradient. The other scenarios are OK",
}
#: Why a reading and a rehearsal differ, and which of them is right.
DISAGREEMENTS: Dict[str, str] = {}
