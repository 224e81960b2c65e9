"""Which ground truth a detector's config asks for, in both eras of the framework, and how it is drawn."""

from __future__ import annotations

from typing import Any, Sequence, Tuple

import numpy as np

from mmfix.prove.inputs import drawing, settings

PROPOSALS = 16


class Wanted:
    """Which ground truth a config's pipeline loads or its heads need.

    Attributes:
        channels: Of an image.
        classes: A bound for labels that suits every head.
        stuff: First and last class of a semantic map; None if there is no such map.
        masks: Whether objects have masks.
        proposals: Whether proposals come from outside.
        box_type: The registered name of another box type than horizontal boxes, empty for those.
        text: Whether the model reads class names.
        least: Boxes that an image with any object must have, regions to ignore among them.
    """

    def __init__(self, config: Any) -> None:
        transforms = settings.transforms(config)
        names = {settings.type_name(node) for node in transforms}
        parts = [node for _, node in settings.dicts(config.model)]
        panoptic = "LoadPanopticAnnotations" in names
        self.channels = settings.channels(config)
        self.classes = min([*settings.numbers(config.model, "num_classes"), 80])
        self.masks = panoptic or any(node.get("with_mask") is True for node in transforms)
        self.masks = self.masks or any("mask_head" in node or "panoptic_head" in node for node in parts)
        self.proposals = "LoadProposals" in names or (
            settings.type_name(config.model) == "FastRCNN" and not any("rpn_head" in node for node in parts)
        )
        self.text = any("language_model" in node for node in parts)
        # mmdet/models/task_modules/assigners/multi_instance_assigner.py (CrowdDet) takes the best few of all
        # boxes for each proposal, and fails with fewer than that; with none at all it does not
        crowds = [node for node in parts if settings.type_name(node) == "MultiInstanceAssigner"]
        self.least = max([1, *(node.get("num_instance", 2) for node in crowds)])
        mappings = [node.get("box_type_mapping", {}) for node in transforms]
        self.box_type = next((kind["gt_bboxes"] for kind in mappings if "gt_bboxes" in kind), "")
        self.stuff = None
        if panoptic or any(node.get("with_seg") is True for node in transforms):
            things = settings.numbers(config.model, "num_things_classes")
            self.classes = min([self.classes, *things])
            count = min(settings.numbers(config.model, "num_stuff_classes") or [0])
            self.stuff = (things[0], things[0] + count - 1) if things and count else (0, self.classes - 1)


def proposals(random: Any, size: Tuple[int, int], corners: Any) -> Any:
    """The objects themselves, and boxes around them: objects + 16 x 4 corners."""
    return np.concatenate([corners, drawing.boxes(random, size, PROPOSALS)])


def semantic_map(
    random: Any, stuff: Tuple[int, int], size: Tuple[int, int], corners: Any, labels: Sequence[int]
) -> Any:
    """1 x height x width: four fields of stuff, the objects on top; without objects all is ignored (255)."""
    found = np.full((1, *size), 255, dtype=np.uint8)
    if len(corners) > 1:  # a single object stands alone
        height, width = size[0] // 2, size[1] // 2
        for rows, columns in ((0, 0), (0, 1), (1, 0), (1, 1)):
            field = random.randint(stuff[0], stuff[1] + 1)
            found[0, rows * height : (rows + 1) * height, columns * width : (columns + 1) * width] = field
    for (x1, y1, x2, y2), label in zip(corners.astype(int), labels):
        found[0, y1:y2, x1:x2] = label
    return found
