"""Batches for mmdet: boxes, and whatever else the pipeline or the model's heads ask for."""

from __future__ import annotations

import math
from typing import Any, Dict, Sequence, Tuple

import numpy as np
import torch

from mmfix.prove.inputs import drawing, settings
from mmfix.prove.inputs.protocol import Request
from mmfix.prove.inputs.wanted import Wanted, proposals, semantic_map

#: mmdet/datasets/transforms/formatting.py: the meta keys that `PackDetInputs` keeps by default, and what
#: semi-supervised pipelines add.
SCALE = {"scale_factor": (1.0, 1.0), "flip": False, "flip_direction": None}
#: Batch augmentations of mmdet that bring the images to a size of their own, and the key that says which.
FIXED_SIZES = {
    "BatchFixedSizePad": "size",
    "BatchResize": "scale",
    "BatchSyncRandomResize": "random_size_range",
}


class Detection:
    """Images with objects of several sizes."""

    kinds: Tuple[str, ...] = ("normal", "empty", "single")

    def size(self, config: Any) -> Tuple[int, int]:
        """128 x 128, more where a transformer picks more queries than there are positions on such an image.

        An SSD has a fixed size: its last layers shrink exactly that to one cell.
        """
        for _, node in settings.dicts(config.model):
            if settings.type_name(node).startswith("SSDAnchor") and "input_size" in node:
                return node["input_size"], node["input_size"]
        side = 128
        while positions(config.model, side) < picked_queries(config.model):
            side += 32
        return side, side

    def adapt(self, config: Any, size: Tuple[int, int]) -> Sequence[str]:
        """Sizes in batch augmentations become `size`."""
        lines = []
        for top, preprocessor in settings.preprocessors(config):
            for path, node in settings.dicts(preprocessor, top):
                key = FIXED_SIZES.get(settings.type_name(node), "")
                if key in node:
                    lines.append(settings.replace(node, path, key, size))
        return lines

    def batch(self, request: Request) -> Dict[str, Any]:
        """One ``DetDataSample`` for each image."""
        random = drawing.random_state(request.seed)
        wanted = Wanted(request.config)
        indices = range(request.batch_size)
        return {
            "inputs": [drawing.image(random, wanted.channels, request.size) for _ in indices],
            "data_samples": [
                sample(random, wanted, request.size, drawing.object_count(request.kind, index), index)
                for index in indices
            ],
        }


def picked_queries(model: Any) -> int:
    """How many queries a transformer picks among all positions; 0 if it picks none.

    mmdet/models/detectors/dino.py: ``pre_decoder`` fails where there are fewer positions.
    """
    if not any(node.get("as_two_stage") is True for _, node in settings.dicts(model)):
        return 0
    return max([0, *settings.numbers(model, "num_queries"), *settings.numbers(model, "num_query")])


def positions(model: Any, side: int) -> int:
    """Cells of all levels that the encoder of a transformer sees of an image of `side` x `side` pixels."""
    chosen = (model.get("backbone") or {}).get("out_indices")
    chosen = chosen if isinstance(chosen, (list, tuple)) and chosen else (1, 2, 3)
    neck = model.get("neck")
    levels = max([len(chosen), *settings.numbers(neck, "num_outs")])
    strides = [4 * 2 ** (chosen[0] + level) for level in range(levels)]  # of ResNet's and Swin's stages
    return sum(math.ceil(side / stride) ** 2 for stride in strides)


def meta(size: Tuple[int, int], index: int) -> Dict[str, Any]:
    """What a sample knows about its image."""
    return {
        "img_id": index,
        "img_path": "",
        "img_shape": size,
        "ori_shape": size,
        **SCALE,
        "homography_matrix": np.eye(3, dtype="f4"),
    }


def instances(random: Any, wanted: Wanted, size: Tuple[int, int], count: int) -> Tuple[Any, Any]:
    """`count` objects as ``InstanceData``, and their corners as an array."""
    from mmdet.structures.bbox import HorizontalBoxes
    from mmdet.structures.mask import BitmapMasks
    from mmengine.structures import InstanceData

    corners = drawing.boxes(random, size, count)
    found = InstanceData(
        bboxes=HorizontalBoxes(torch.from_numpy(corners)),
        labels=torch.from_numpy(random.randint(0, wanted.classes, count)),
    )
    if wanted.box_type:
        found.bboxes = found.bboxes.convert_to(wanted.box_type)
    if wanted.masks:
        found.masks = BitmapMasks(drawing.masks(corners, size), *size)
    return found, corners


def sample(random: Any, wanted: Wanted, size: Tuple[int, int], count: int, index: int) -> Any:
    """A ``DetDataSample`` with `count` objects."""
    from mmdet.structures import DetDataSample
    from mmengine.structures import InstanceData, PixelData

    made = DetDataSample(metainfo=meta(size, index))
    made.gt_instances, corners = instances(random, wanted, size, count)
    ignored = max(wanted.least - count, 0) if count else 0
    made.ignored_instances = instances(random, wanted, size, ignored)[0]
    made.ignored_instances.labels.fill_(-1)
    if wanted.stuff:
        labels = made.gt_instances.labels.tolist()
        found = semantic_map(random, wanted.stuff, size, corners, labels)
        made.gt_sem_seg = PixelData(sem_seg=torch.from_numpy(found))
    if wanted.proposals:
        found = torch.from_numpy(proposals(random, size, corners))
        made.proposals = InstanceData(bboxes=found, scores=torch.ones(len(found)))
    if wanted.text:
        names = tuple(f"thing {number}" for number in range(wanted.classes))
        made.set_metainfo({"text": names, "custom_entities": True})
    return made
