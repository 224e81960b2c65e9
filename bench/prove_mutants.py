"""Mutants of real configs: each changes a key or two, and what comes of it is predicted and rehearsed."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from mmfix.config.assign import set_override
from mmfix.config.keypath import parse_key
from mmfix.config.reader import Reader
from mmfix.prove.job import Job
from prove_configs import folder_of, job_of
from prove_many import rehearse_many
from prove_results import Results, static_verdict, summary

CP, FIND = {"model.backbone.with_cp": True}, {"find_unused_parameters": True}
STATIC = {"model_wrapper_cfg": {"type": "MMDistributedDataParallel", "static_graph": True}}
TWO_STEPS = {"optim_wrapper.accumulative_counts": 2}


class Mutant(NamedTuple):
    """A config of a package, and what is set in it."""

    package: str
    config: str
    changes: Dict[str, Any]

    @property
    def name(self) -> str:
        """``retinanet_r18_fpn_1x_coco: with_cp=True, find_unused_parameters=True``."""
        return f"{self.package} {Path(self.config).stem}: " + ", ".join(
            f"{'.'.join(key.split('.')[-2:])}={_short(value)}" for key, value in self.changes.items()
        )


def _short(value: Any) -> str:
    return "static_graph" if isinstance(value, dict) and "static_graph" in value else repr(value)


def frozen(stages: int) -> Dict[str, Any]:
    """Freeze the first stages of the backbone."""
    return {"model.backbone.frozen_stages": stages}


def _of(package: str, config: str, *changes: Dict[str, Any]) -> List[Mutant]:
    return [Mutant(package, config, one) for one in changes]


RETINA = "retinanet/retinanet_r18_fpn_1x_coco.py"
SWIN = "swin/retinanet_swin-t-p4-w7_fpn_1x_coco.py"
SHORTER = {"model.backbone.out_indices": (0, 1, 2)}
MUTANTS: Tuple[Mutant, ...] = (
    *_of(
        *("mmdet", RETINA, CP, FIND, {**CP, **FIND}, {**CP, **STATIC}, TWO_STEPS, {**STATIC, **TWO_STEPS}),
        *({**CP, **TWO_STEPS}, {**CP, **FIND, **TWO_STEPS}, frozen(4), {**CP, **frozen(4)}, {**CP, **frozen(2), **FIND}),
        {**SHORTER, "model.neck.in_channels": [64, 128, 256]},
        {**SHORTER, "model.neck.in_channels": [64, 128, 256], **FIND},
        {"activation_checkpointing": ["backbone.layer3"]},
        {"activation_checkpointing": ["backbone.layer3"], **FIND},
        {"activation_checkpointing": ["neck"], **FIND, **STATIC},
    ),
    *_of(
        *("mmdet", SWIN, frozen(2), {**frozen(2), **FIND}, CP, {**CP, **FIND}, {**CP, **frozen(2)}),
        *({**CP, **frozen(2), **FIND}, {**CP, **frozen(2), **STATIC}, frozen(0)),
    ),
    *_of("mmdet", "convnext/mask-rcnn_convnext-t-p4-w7_fpn_amp-ms-crop-3x_coco.py", frozen(1), {**CP, **FIND}, CP),
    *_of("mmdet", "rtmdet/rtmdet_tiny_8xb32-300e_coco.py", frozen(1), {**frozen(1), **FIND}),
    *_of("mmdet", "yolox/yolox_nano_8xb8-300e_coco.py", frozen(2)),
    *_of(
        *("mmdet", "yolo/yolov3_mobilenetv2_8xb24-320-300e_coco.py", {"find_unused_parameters": False}),
        *(CP, {**CP, "find_unused_parameters": False}, frozen(3)),
    ),
    *_of("mmdet", "efficientnet/retinanet_effb3_fpn_8xb4-crop896-1x_coco.py", frozen(1), {**CP, **FIND}),
    *_of(
        *("mmdet", "pvt/retinanet_pvt-t_fpn_1x_coco.py", {**SHORTER, "model.neck.in_channels": [64, 128, 320]}),
        {**SHORTER, "model.neck.in_channels": [64, 128, 320], **FIND},
    ),
    *_of("mmdet", "hrnet/fcos_hrnetv2p-w18-gn-head_4xb4-1x_coco.py", {**CP, **FIND}),
    *_of("mmdet", "solo/solo_r18_fpn_8xb8-lsj-200e_coco.py", {**CP, **FIND}),
    *_of(
        *("mmdet", "soft_teacher/soft-teacher_faster-rcnn_r50-caffe_fpn_180k_semi-0.1-coco.py"),
        *({"model.semi_train_cfg.freeze_teacher": False}, {"model.semi_train_cfg.freeze_teacher": False, **FIND}),
    ),
    *_of("mmdet", "ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py", frozen(2)),
    *_of(
        *("mmseg", "fcn/fcn_r18-d8_4xb2-80k_cityscapes-769x769.py", CP, {**CP, **FIND}, {"model.auxiliary_head": None}),
        *({"model.decode_head.in_index": 2, "model.decode_head.in_channels": 256}, {**STATIC, **TWO_STEPS}),
    ),
    *_of(
        *("mmseg", "segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py", CP, {**CP, **FIND}),
        {"model.decode_head.in_index": [0, 1, 2], "model.decode_head.in_channels": [32, 64, 160]},
    ),
    *_of("mmseg", "vit/vit_deit-s16_upernet_8xb2-80k_ade20k-512x512.py", {"model.backbone.out_indices": (2, 5, 7, 9)}),
    *_of(
        *("mmseg", "bisenetv1/bisenetv1_r18-d32_4xb4-160k_cityscapes-1024x1024.py", {"model.auxiliary_head": None}),
        {"model.backbone.backbone_cfg.with_cp": True, **FIND},
    ),
    *_of("mmseg", "bisenetv2/bisenetv2_fcn_4xb4-160k_cityscapes-1024x1024.py", {"model.auxiliary_head": None}),
    *_of("mmseg", "poolformer/fpn_poolformer_s12_8xb4-40k_ade20k-512x512.py", frozen(3)),
    *_of(
        *("mmseg", "mobilenet_v2/mobilenet-v2-d8_fcn_4xb4-160k_ade20k-512x512.py", frozen(2), {**CP, **FIND}),
    ),
    *_of("mmseg", "segmenter/segmenter_vit-t_mask_8xb1-160k_ade20k-512x512.py", {**CP, **FIND}, CP),
    *_of("mmseg", "unet/unet-s5-d16_fcn_4xb4-40k_drive-64x64.py", CP, {**CP, **FIND}, {"model.auxiliary_head": None}),
    *_of("mmseg", "hrnet/fcn_hr18_4xb4-80k_isaid-896x896.py", frozen(2), {**CP, **FIND, **STATIC}),
    *_of("mmseg", "stdc/stdc1_4xb12-80k_cityscapes-512x1024.py", {"model.auxiliary_head": None}),
    *_of("mmseg", "cgnet/cgnet_fcn_4xb4-60k_cityscapes-680x680.py", CP),
    *_of("mmseg", "icnet/icnet_r18-d8_4xb2-80k_cityscapes-832x832.py", {"model.auxiliary_head": None}),
)  # fmt: skip


def mutants(root: Path, results: Results, only: Callable[[str], bool]) -> None:
    """Predict and rehearse every mutant.

    Each is written to a file with everything in it, so that what is read and what is run is the same text.
    """
    wanted = [mutant for mutant in MUTANTS if only(mutant.name)]
    with tempfile.TemporaryDirectory(prefix="mmfix-mutants-") as scratch:
        paths = [
            written(root, mutant, Path(scratch) / f"m{number}.py") for number, mutant in enumerate(wanted)
        ]
        jobs = [_job(path) for path in paths]
        for place, rehearsal, seconds, alone in rehearse_many(jobs):
            mutant, path = wanted[place], paths[place]
            result = {**summary(rehearsal, seconds, alone), **static_verdict(path), "family": _family(mutant)}
            results.put("mutants", mutant.name, result)
            said = f"{rehearsal.outcome}, predicted {result['static']} {result['static_finding']}"
            print(f"{mutant.name}: {said}, {seconds:.0f} s {rehearsal.reason[:200]}", flush=True)


def _job(path: Path) -> Job:
    job = job_of(path)
    return replace(job, scenarios=tuple(kind for kind in job.scenarios if kind in ("normal", "empty")))


def _family(mutant: Mutant) -> str:
    return f"{mutant.package}/{mutant.config.split('/')[0]}"


def written(root: Path, mutant: Mutant, path: Path) -> Path:
    """The mutant as a file with everything in it."""
    tree = Reader().load(str(folder_of(root, mutant.package) / mutant.config)).to_dict()
    for key, value in mutant.changes.items():
        set_override(tree, parse_key(key), value)
    path.write_text("".join(f"{key} = {value!r}\n" for key, value in tree.items()), encoding="utf-8")
    return path
