"""The order of parameters that is read from source is that of real models of the released packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.zoo

#: A model of each kind: stages, towers, transformers, frozen parts, a teacher, a classifier.
CONFIGS = {
    "mmdet": (
        "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py",
        "cascade_rcnn/cascade-mask-rcnn_r50_fpn_1x_coco.py",
        "deformable_detr/deformable-detr_r50_16xb2-50e_coco.py",
        "soft_teacher/soft-teacher_faster-rcnn_r50-caffe_fpn_180k_semi-0.1-coco.py",
    ),
    "mmseg": (
        "upernet/upernet_r50_4xb2-80k_cityscapes-512x1024.py",
        "segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py",
    ),
}


@pytest.mark.parametrize("package", CONFIGS)
def test_the_order_is_that_of_the_real_model(
    package: str, openmmlab: Path, repository: Path, tmp_path: Path
) -> None:
    script, found = repository / "bench" / "parameter_order.py", tmp_path / "found.json"
    path = os.pathsep.join(filter(None, [str(openmmlab), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [
            *(sys.executable, str(script), "--output", str(found), "--only", *CONFIGS[package]),
            *("--packages", package),
        ],
        env={**os.environ, "PYTHONPATH": path, "MMFIX_CACHE_DIR": "off"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    results = json.loads(found.read_text(encoding="utf-8"))
    assert len(results) == len(CONFIGS[package])
    assert {name: result for name, result in results.items() if result["result"] != "equal"} == {}
