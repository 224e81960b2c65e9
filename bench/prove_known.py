"""What is known about single results: why a config is not proved, and why a reading and a rehearsal differ."""

from __future__ import annotations

from typing import Dict

#: Configs that the package itself cannot build: the next one of the folder is taken.
BROKEN: Dict[str, str] = {
    "mmdet/cascade_rpn/cascade-rpn_r50-caffe_fpn_1x_coco.py": "`CascadeRPNHead` asks for `num_classes`, which it does not set",
}
#: Why a config is not proved, or fails as it is shipped.
REASONS: Dict[str, str] = {}
#: Why a reading and a rehearsal differ, and which of them is right.
DISAGREEMENTS: Dict[str, str] = {}
