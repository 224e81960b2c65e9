"""Batches for semi-supervised detectors of mmdet: labelled and unlabelled images in branches."""

from __future__ import annotations

from typing import Any, Dict, List

from mmfix.prove.inputs import drawing
from mmfix.prove.inputs.detection import Detection, sample
from mmfix.prove.inputs.protocol import Request
from mmfix.prove.inputs.wanted import Wanted


class Branches(Detection):
    """Half of the images is labelled (``sup``); teacher and student see the others, which have no objects.

    mmdet/datasets/transforms/wrappers.py: ``MultiBranch`` leaves None where an image has no part in a branch.
    """

    def batch(self, request: Request) -> Dict[str, Any]:
        """``{"inputs": {"sup": [image, None], "unsup_teacher": [None, image], ...}, ...}``."""
        random = drawing.random_state(request.seed)
        wanted = Wanted(request.config)
        labelled = max(1, request.batch_size // 2)
        unlabelled = max(1, request.batch_size - labelled)
        made: Dict[str, Any] = {"inputs": {}, "data_samples": {}}
        for branch in ("sup", "unsup_teacher", "unsup_student"):
            images: List[Any] = [None] * (labelled + unlabelled)
            samples = list(images)
            for index in range(labelled) if branch == "sup" else range(labelled, len(images)):
                count = drawing.object_count(request.kind, index) if branch == "sup" else 0
                images[index] = drawing.image(random, wanted.channels, request.size)
                samples[index] = sample(random, wanted, request.size, count, index)
            made["inputs"][branch], made["data_samples"][branch] = images, samples
        return made
