"""Noise images and made-up objects, as plain numpy: the same seed draws the same."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np
import torch

#: Sides of the objects as parts of the image's shorter side: small to large, for each level of a pyramid.
SIDES = (0.07, 0.13, 0.2, 0.3, 0.45, 0.65, 0.9)
#: The label of pixels that belong to no class.
IGNORED = 255


def random_state(seed: int) -> Any:
    """The only source of chance of a batch."""
    return np.random.RandomState(seed % 2**32)


def image(random: Any, channels: int, size: Tuple[int, int]) -> torch.Tensor:
    """Noise as a pipeline packs it: channels x height x width, bytes."""
    return torch.from_numpy(random.randint(0, 256, (channels, *size)).astype(np.uint8))


def boxes(random: Any, size: Tuple[int, int], count: int = len(SIDES)) -> Any:
    """`count` x 4 corners (x1, y1, x2, y2) inside the image; one alone has a middle size."""
    height, width = size
    sides = np.array([SIDES[index % len(SIDES)] for index in range(count)] if count != 1 else [SIDES[4]])
    sides = np.maximum(sides * min(size), 4)[:, None]
    corner = random.rand(count, 2) * (np.array([[width, height]]) - sides - 1)
    return np.concatenate([corner, corner + sides], axis=1).astype(np.float32)


def masks(corners: Any, size: Tuple[int, int]) -> Any:
    """One map a box, objects x height x width: ones inside the box."""
    found = np.zeros((len(corners), *size), dtype=np.uint8)
    for mask, (x1, y1, x2, y2) in zip(found, corners.astype(int)):
        mask[y1:y2, x1:x2] = 1
    return found


def object_count(kind: str, index: int) -> int:
    """How many objects the image at `index` of a batch of this kind has."""
    if kind == "single":
        return 1 if index == 0 else 0
    return 0 if kind == "empty" else len(SIDES)


def label_map(random: Any, classes: int, size: Tuple[int, int], count: int) -> Any:
    """1 x height x width: all labelled, one field alone, or nothing but ignored pixels (255)."""
    found = np.full((1, *size), IGNORED, dtype=np.int64)
    if count > 1:
        stripe = max(size[0] // 8, 1)
        for row in range(0, size[0], stripe):
            found[0, row : row + stripe] = random.randint(0, classes)
    for x1, y1, x2, y2 in boxes(random, size, count).astype(int):
        found[0, y1:y2, x1:x2] = random.randint(0, classes)
    return found
