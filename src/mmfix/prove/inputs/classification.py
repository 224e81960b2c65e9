"""Batches for mmpretrain: labels for classifiers, the config's own pipeline over noise for the others."""

from __future__ import annotations

import copy
import random as python_random
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, Sequence, Tuple

import numpy as np
import torch

from mmfix.prove.inputs import drawing, settings
from mmfix.prove.inputs.protocol import InputMaker, NoInputs, Request
from mmfix.wording import say

#: Keys of transforms that set the final size of an image, for instance ``RandomResizedCrop(scale=224)``.
SIZES = ("scale", "crop_size")
NOISE = 256


class Labelled:
    """Images with class labels; each is labelled, so there is only one kind of batch."""

    kinds: Tuple[str, ...] = ("normal",)

    def size(self, config: Any) -> Tuple[int, int]:
        """What the pipeline crops to: position embeddings and windows fit that; 224 if it does not say."""
        found = [node.get(key) for node in settings.transforms(config) for key in SIZES]
        sizes = [pair(size) for size in found if isinstance(size, (int, list, tuple))]
        return sizes[-1] if sizes else (224, 224)

    def adapt(self, config: Any, size: Tuple[int, int]) -> Sequence[str]:
        """Nothing."""
        return ()

    def batch(self, request: Request) -> Dict[str, Any]:
        """One ``DataSample`` for each image; several labels or tasks where the head has them."""
        random = drawing.random_state(request.seed)
        channels = settings.channels(request.config)
        indices = range(request.batch_size)
        return {
            "inputs": [drawing.image(random, channels, request.size) for _ in indices],
            "data_samples": [
                label(random, request.config.model.head, bound(request.config)) for _ in indices
            ],
        }


class OwnPipeline(Labelled):
    """Self-supervised models: views, crops and masks are what the config's own transforms make of noise."""

    def batch(self, request: Request) -> Dict[str, Any]:
        """See :class:`InputMaker`; the pipeline decides about the size."""
        from mmengine.dataset import Compose

        loader = request.config.get("train_dataloader") or {}
        pipelines = [node["pipeline"] for _, node in settings.dicts(loader) if "pipeline" in node]
        if not pipelines:
            raise NoInputs(
                say("the config has no training pipeline"), hint=say("register an input maker for its scope")
            )
        random = drawing.random_state(request.seed)
        with tempfile.TemporaryDirectory() as folder, seeded(request.seed):
            try:
                pipeline = Compose(without_hue(pipelines[0]))
                items = [
                    pipeline(
                        {"img_path": noise_file(random, folder, index), "gt_label": 0, "sample_idx": index}
                    )
                    for index in range(request.batch_size)
                ]
            except Exception as error:
                raise NoInputs(
                    say(
                        "the config's pipeline cannot work on an image of noise alone: {error!r}", error=error
                    ),
                    hint=say("use `--data real`, or register an input maker"),
                ) from error
        made: Dict[str, Any] = collate(loader)(items)
        return made


def pair(size: Any) -> Tuple[int, int]:
    """Height and width of an MMCV size: one number, or width and height."""
    return (size, size) if isinstance(size, int) else (int(size[-1]), int(size[0]))


def bound(config: Any) -> int:
    """The number of classes that every part of the config has."""
    counts = settings.numbers(config.model, "num_classes")
    for _, node in settings.preprocessors(config):
        counts += settings.numbers(node, "num_classes")
    return min([*counts, 1000])


def without_hue(pipeline: Any) -> Any:
    """A copy in which ``ColorJitter`` leaves the hue alone: MMCV < 2.2 fails there under numpy 2."""
    copied = copy.deepcopy(pipeline)
    for _, node in settings.dicts(copied):
        if settings.type_name(node) == "ColorJitter":
            node["hue"] = 0.0
    return copied


def label(random: Any, head: Any, most: int) -> Any:
    """A ``DataSample`` with a label that `head` knows, below `most` if the head does not say."""
    from mmpretrain.structures import DataSample, MultiTaskDataSample

    if settings.type_name(head) == "MultiTaskHead":
        tasks = MultiTaskDataSample()
        for name, part in head["task_heads"].items():
            tasks.set_field(label(random, part, most), name)
        return tasks
    classes = min(settings.numbers(head, "num_classes") or [most])
    several = "MultiLabel" in settings.type_name(head) or "CSRA" in settings.type_name(head)
    number = random.randint(0, classes)
    return DataSample().set_gt_label(sorted({0, number}) if several else number)


def noise_file(random: Any, folder: str, index: int) -> str:
    """Path of a new image file of 256 x 256 pixels."""
    import mmcv

    path = str(Path(folder) / f"noise{index}.png")
    mmcv.imwrite(random.randint(0, 256, (NOISE, NOISE, 3)).astype(np.uint8), path)
    return path


def collate(loader: Any) -> Any:
    """The function of the dataloader that makes a batch. mmengine/runner/runner.py: build_dataloader"""
    from mmengine.registry import FUNCTIONS

    kind = loader.get("collate_fn", {"type": "pseudo_collate"})["type"]
    return FUNCTIONS.get(kind) if isinstance(kind, str) else kind


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Transforms draw from the global generators: seed them, and put them back afterwards."""
    states = python_random.getstate(), np.random.get_state(), torch.get_rng_state()
    python_random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    try:
        yield
    finally:
        python_random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


def maker(config: Any) -> InputMaker:
    """The maker for an mmpretrain config: classifiers have a head of classes."""
    head = settings.type_name(config.model.get("head"))
    classifies = "ClsHead" in head or head == "MultiTaskHead"
    return Labelled() if classifies else OwnPipeline()
