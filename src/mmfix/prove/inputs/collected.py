"""Batches of the mmcv 1.x era: a dict with the keys that the config's own pipeline collects."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np
import torch

from mmfix.prove.inputs import drawing, settings
from mmfix.prove.inputs.classification import Labelled, bound, pair
from mmfix.prove.inputs.detection import Detection
from mmfix.prove.inputs.protocol import InputMaker, NoInputs, Request
from mmfix.prove.inputs.segmentation import Segmentation, class_count
from mmfix.prove.inputs.wanted import Wanted, proposals, semantic_map
from mmfix.wording import say


class Objects(Detection):
    """mmdet 2.x: lists with one entry an image, and a stack of semantic maps."""

    def batch(self, request: Request) -> Dict[str, Any]:
        """``{"img": B x C x H x W, "img_metas": [...], "gt_bboxes": [n x 4], "gt_labels": [n], ...}``."""
        random = drawing.random_state(request.seed)
        wanted = Wanted(request.config)
        size, indices = request.size, range(request.batch_size)
        made = images(random, wanted.channels, request)
        counts = [drawing.object_count(request.kind, index) for index in indices]
        corners = [drawing.boxes(random, size, count) for count in counts]
        labels = [random.randint(0, wanted.classes, count) for count in counts]

        def maps() -> Any:
            stuff = wanted.stuff or (0, wanted.classes - 1)
            every = _map_step(request.config)
            each = [semantic_map(random, stuff, size, *pair) for pair in zip(corners, labels)]
            return torch.from_numpy(np.stack(each)[..., ::every, ::every].copy())

        makers: Dict[str, Callable[[], Any]] = {
            "gt_bboxes": lambda: [torch.from_numpy(found) for found in corners],
            "gt_labels": lambda: [torch.from_numpy(found) for found in labels],
            "gt_bboxes_ignore": lambda: [torch.zeros(0, 4) for _ in indices],
            "gt_masks": lambda: [_masks(found, size) for found in corners],
            "gt_semantic_seg": maps,
            "proposals": lambda: [torch.from_numpy(proposals(random, size, found)) for found in corners],
        }
        return {**made, **_of_keys(makers, request.config)}


class Fields(Segmentation):
    """mmseg 0.x: a stack of label maps."""

    def batch(self, request: Request) -> Dict[str, Any]:
        """``{"img": B x C x H x W, "img_metas": [...], "gt_semantic_seg": B x 1 x H x W}``."""
        random = drawing.random_state(request.seed)
        classes = class_count(request.config)
        made = images(random, settings.channels(request.config), request)

        def maps() -> Any:
            counts = [drawing.object_count(request.kind, index) for index in range(request.batch_size)]
            each = [drawing.label_map(random, classes, request.size, count) for count in counts]
            return torch.from_numpy(np.stack(each))

        return {**made, **_of_keys({"gt_semantic_seg": maps}, request.config)}


class Classes(Labelled):
    """mmcls: a class for each image."""

    def size(self, config: Any) -> Tuple[int, int]:
        """What the pipeline crops to, ``RandomResizedCrop(size=224)``."""
        nodes = [node for node in settings.transforms(config) if "Crop" in settings.type_name(node)]
        sizes = [node["size"] for node in nodes if isinstance(node.get("size"), (int, list, tuple))]
        return pair(sizes[-1]) if sizes else super().size(config)

    def batch(self, request: Request) -> Dict[str, Any]:
        """``{"img": B x C x H x W, "img_metas": [...], "gt_label": B}``."""
        random = drawing.random_state(request.seed)
        made = images(random, settings.channels(request.config), request)
        count = bound(request.config)

        def labels() -> Any:
            return torch.from_numpy(random.randint(0, count, request.batch_size))

        return {**made, **_of_keys({"gt_label": labels}, request.config)}


def images(random: Any, channels: int, request: Request) -> Dict[str, Any]:
    """A stack of normalised images, and what is known about each.

    The keys are those of ``mmdet/datasets/pipelines/formatting.py: Collect``.
    """
    height, width = request.size
    meta = {
        "filename": "",
        "ori_filename": "",
        **dict.fromkeys(("ori_shape", "img_shape", "pad_shape"), (height, width, channels)),
        "scale_factor": np.ones(4, dtype=np.float32),
        "flip": False,
        "flip_direction": None,
        "img_norm_cfg": {"mean": [128.0] * channels, "std": [64.0] * channels, "to_rgb": False},
    }
    indices = range(request.batch_size)
    noise = torch.stack([drawing.image(random, channels, request.size) for _ in indices])
    return {"img": (noise.float() - 128) / 64, "img_metas": [dict(meta) for _ in indices]}


def collected(config: Any) -> List[str]:
    """The keys that the training pipeline collects for the model, without the images."""
    for node in settings.transforms(config):
        keys = node.get("keys")
        if "Collect" in settings.type_name(node) and isinstance(keys, (list, tuple)):
            return [key for key in keys if key != "img"]
    return []


def _of_keys(makers: Dict[str, Callable[[], Any]], config: Any) -> Dict[str, Any]:
    """What the pipeline collects; in the order of ``makers``, so that the same seed draws the same."""
    keys = collected(config)
    missing = [key for key in keys if key not in makers]
    if missing:
        raise NoInputs(
            say(
                "no made-up batches for {keys}, which the training pipeline collects", keys=", ".join(missing)
            ),
            hint=say("register an input maker (docs/inputs.md), or use `--data real`"),
        )
    return {key: make() for key, make in makers.items() if key in keys}


def _map_step(config: Any) -> int:
    """Pixels for each one of a semantic map. mmdet/datasets/pipelines/transforms.py: SegRescale"""
    nodes = settings.transforms(config)
    factors = [node.get("scale_factor", 1) for node in nodes if settings.type_name(node) == "SegRescale"]
    return round(1 / factors[0]) if factors else 1


def _masks(corners: Any, size: Tuple[int, int]) -> Any:
    from mmdet.core import BitmapMasks

    return BitmapMasks(drawing.masks(corners, size), *size)


def maker(config: Any) -> InputMaker:
    """The maker for a config of mmcv 1.x, by what its pipeline collects.

    Raises:
        NoInputs: Nothing says what the model takes.
    """
    keys = collected(config)
    served: Sequence[Tuple[str, Callable[[], InputMaker]]] = (
        ("gt_bboxes", Objects),
        ("gt_semantic_seg", lambda: Fields(config)),
        ("gt_label", Classes),
    )
    for key, made in served:
        if key in keys:
            return made()
    raise NoInputs(
        say("no made-up batches for {keys}", keys=", ".join(keys))
        if keys
        else say("no made-up batches for a pipeline that collects nothing"),
        hint=say("register an input maker (docs/inputs.md), or use `--data real`"),
    )
