"""Pooled regions against definitions written as loops, and their gradients against finite differences."""

from __future__ import annotations

import math
from typing import Any, List, Tuple

import pytest
from op_helpers import random, seeded, torch  # noqa: F401 (an autouse fixture)

from mmfix.prove.ops import pooling, roi, rotated


def sample(plane: Any, y: float, x: float) -> float:
    """Bilinear; up to one pixel outside the nearest edge counts, beyond that there is nothing."""
    height, width = plane.shape
    if y < -1 or y > height or x < -1 or x > width:
        return 0.0
    y, x = min(max(y, 0.0), height - 1.0), min(max(x, 0.0), width - 1.0)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    down, across = y - top, x - left
    upper = float(plane[top, left]) * (1 - across) + float(plane[top, right]) * across
    lower = float(plane[bottom, left]) * (1 - across) + float(plane[bottom, right]) * across
    return upper * (1 - down) + lower * down


def bin_samples(size: float, start: float, bins: int, number: int, ratio: int) -> List[float]:
    count = ratio or math.ceil(size / bins)
    return [start + size / bins * (number + (step + 0.5) / count) for step in range(count)]


def slow_roi_align(
    features: Any, rois: Any, bins: Tuple[int, int], scale: float, ratio: int, aligned: bool, mode: str
) -> Any:
    found = features.new_zeros(len(rois), features.size(1), *bins)
    for number, (image, *box) in enumerate(rois.tolist()):
        x1, y1, x2, y2 = (value * scale - 0.5 * aligned for value in box)
        width, height = (x2 - x1, y2 - y1) if aligned else (max(x2 - x1, 1.0), max(y2 - y1, 1.0))
        for channel in range(features.size(1)):
            plane = features[int(image), channel]
            for row in range(bins[0]):
                for column in range(bins[1]):
                    values = [
                        sample(plane, y, x)
                        for y in bin_samples(height, y1, bins[0], row, ratio)
                        for x in bin_samples(width, x1, bins[1], column, ratio)
                    ]
                    value = sum(values) / max(len(values), 1) if mode == "avg" else max(values)
                    found[number, channel, row, column] = value
    return found


#: Inside, over each edge, larger than the map, far outside, tiny, from corner to corner.
ROIS = torch.tensor(
    [
        [0, 2, 3, 17, 20],
        [1, -9, -7, 9, 30],
        [1, 20, 1, 45, 44],
        [0, 100, 100, 120, 130],
        [0, 5.1, 5.2, 5.3, 5.6],
        [1, 0, 0, 31.5, 27.5],
    ],
    dtype=torch.double,
)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("ratio", [0, 2])
def test_roi_align_values_and_gradient(ratio: int, aligned: bool, mode: str) -> None:
    features, bins = random(2, 3, 7, 8), (2, 3)
    settings = {
        "aligned_height": 2,
        "aligned_width": 3,
        "spatial_scale": 0.25,
        "sampling_ratio": ratio,
        "pool_mode": int(mode == "avg"),
        "aligned": aligned,
    }
    output = features.new_zeros(len(ROIS), 3, *bins)
    at_y, at_x = torch.zeros_like(output), torch.zeros_like(output)
    roi.align_forward(features, ROIS, output, at_y, at_x, **settings)
    assert torch.allclose(output, slow_roi_align(features, ROIS, bins, 0.25, ratio, aligned, mode))

    given, found = random(*output.shape), torch.zeros_like(features)
    roi.align_backward(given, ROIS, at_y, at_x, found, **settings)
    for place in ((0, 0, 2, 2), (1, 2, 0, 5), (1, 1, 6, 7), (0, 1, 0, 0)):
        moved = features.clone()
        moved[place] += 1e-6
        after = torch.zeros_like(output)
        roi.align_forward(moved, ROIS, after, at_y.clone(), at_x.clone(), **settings)
        assert float(found[place]) == pytest.approx(float(((after - output) * given).sum()) / 1e-6, abs=1e-6)


@pytest.mark.parametrize("mode", [0, 1])
def test_roi_align_without_regions(mode: int) -> None:
    features, nothing = random(1, 3, 4, 4), random(0, 3, 2, 2)
    settings = {
        "aligned_height": 2,
        "aligned_width": 2,
        "spatial_scale": 1.0,
        "sampling_ratio": 0,
        "pool_mode": mode,
        "aligned": True,
    }
    roi.align_forward(features, random(0, 5), nothing, nothing, nothing, **settings)
    into = torch.zeros_like(features)
    roi.align_backward(nothing, random(0, 5), nothing, nothing, into, **settings)
    assert not into.any()


def test_regions_outside_of_the_map_are_zero() -> None:
    features, far = random(1, 3, 4, 4), torch.tensor([[0, 50, 50, 60, 60]], dtype=torch.double)
    settings = {
        "aligned_height": 2,
        "aligned_width": 2,
        "spatial_scale": 1.0,
        "sampling_ratio": 0,
        "pool_mode": 1,
        "aligned": True,
    }
    output, nothing = torch.ones(1, 3, 2, 2, dtype=torch.double), random(0)
    roi.align_forward(features, far, output, nothing, nothing, **settings)
    into = torch.zeros_like(features)
    roi.align_backward(torch.ones_like(output), far, nothing, nothing, into, **settings)
    assert not output.any()
    assert not into.any()


def test_roi_pool() -> None:
    features = random(2, 3, 7, 8)
    output, argmax = features.new_zeros(len(ROIS), 3, 2, 3), torch.zeros(len(ROIS), 3, 2, 3, dtype=torch.int)
    settings = {"pooled_height": 2, "pooled_width": 3, "spatial_scale": 0.25}
    pooling.roi_pool_forward(features, ROIS, output, argmax, **settings)
    into, expected = torch.zeros_like(features), torch.zeros_like(features)
    given = random(*output.shape)
    pooling.roi_pool_backward(given, ROIS, argmax, into, **settings)
    for number, (image, x1, y1, x2, y2) in enumerate(ROIS.tolist()):
        x1, y1, x2, y2 = x1 / 4, y1 / 4, (x2 + 1) / 4, (y2 + 1) / 4
        for channel in range(3):
            plane = features[int(image), channel]
            for row in range(2):
                for column in range(3):
                    rows = range(
                        max(math.floor(y1 + row * (y2 - y1) / 2), 0),
                        min(math.ceil(y1 + (row + 1) * (y2 - y1) / 2), 7),
                    )
                    columns = range(
                        max(math.floor(x1 + column * (x2 - x1) / 3), 0),
                        min(math.ceil(x1 + (column + 1) * (x2 - x1) / 3), 8),
                    )
                    pixels = [(float(plane[y, x]), y, x) for y in rows for x in columns]
                    value, y, x = max(pixels) if pixels else (0.0, -1, -1)
                    assert float(output[number, channel, row, column]) == value
                    if pixels:
                        expected[int(image), channel, y, x] += given[number, channel, row, column]
    assert torch.allclose(into, expected)


@pytest.mark.parametrize("ratio", [0, 2])
def test_deform_roi_pool_without_offsets_is_roi_align_and_its_gradients_hold(ratio: int) -> None:
    features = random(2, 3, 7, 8)
    plain = pooling.deform_roi_pool(features, random(0), ROIS, 2, 3, 0.25, ratio, 0.1)
    assert torch.allclose(plain, slow_roi_align(features, ROIS, (2, 3), 0.25, ratio, True, "avg"))

    inside = torch.tensor([[0, 4.3, 5.1, 15.2, 17.4], [1, 6.1, 3.3, 19.7, 14.9]], dtype=torch.double)
    offset = random(2, 2, 2, 3)
    moved = pooling.deform_roi_pool(features, offset, inside, 2, 3, 0.25, ratio, 0.1)
    shift = offset[1, :, 1, 2] * 0.1 * (inside[1, 3:] - inside[1, 1:3])  # one bin alone, its region moved
    alone = inside[1:].clone()
    alone[0, 1:] += shift.repeat(2)
    expected = slow_roi_align(features, alone, (2, 3), 0.25, ratio, True, "avg")[0, :, 1, 2]
    assert torch.allclose(moved[1, :, 1, 2], expected)
    assert torch.autograd.gradcheck(
        lambda one, two: pooling.deform_roi_pool(one, two, inside, 2, 3, 0.25, ratio, 0.1),
        (features.requires_grad_(), offset.requires_grad_()),
        fast_mode=True,
    )


def test_border_align() -> None:
    features = random(2, 8, 5, 6)
    boxes = torch.tensor([[[0.2, 1.1, 4.3, 3.9], [-3, -2, 7, 8], [2, 2, 2, 2]]], dtype=torch.double).repeat(
        2, 1, 1
    )
    output, number = features.new_zeros(2, 2, 3, 4), torch.zeros(2, 2, 3, 4, dtype=torch.int)
    pooling.border_align_forward(features, boxes, output, number, 3)
    given, into = random(*output.shape), torch.zeros_like(features)
    pooling.border_align_backward(given, boxes, number, into, 3)
    for image in range(2):
        for channel in range(2):
            for index, (x1, y1, x2, y2) in enumerate(boxes[image].tolist()):
                dx, dy = (x2 - x1) / 3, (y2 - y1) / 3
                borders = ((y1, x1, 0, dx), (y1, x1, dy, 0), (y2, x2, 0, -dx), (y2, x2, -dy, 0))
                for side, (y, x, step_y, step_x) in enumerate(borders):
                    plane = features[image, side * 2 + channel]
                    best = max(sample(plane, y + step_y * k, x + step_x * k) for k in range(4))
                    assert float(output[image, channel, index, side]) == pytest.approx(best)
    moved = features.clone()
    moved[1, 5, 2, 3] += 1e-6
    after = torch.zeros_like(output)
    pooling.border_align_forward(moved, boxes, after, number.clone(), 3)
    assert float(into[1, 5, 2, 3]) == pytest.approx(float(((after - output) * given).sum()) / 1e-6, abs=1e-6)


@pytest.mark.parametrize("aligned", [True, False])
def test_rotated_regions(aligned: bool) -> None:
    features = random(2, 3, 7, 8)
    size = ROIS[:, 3:] - ROIS[:, 1:3]
    upright = torch.cat([ROIS[:, :1], ROIS[:, 1:3] + size / 2, size, torch.zeros(len(ROIS), 1)], dim=1)
    found = rotated.roi_align_rotated(features, upright, 2, 3, 0.25, 0, aligned, False)
    inside = [
        0,
        1,
        2,
        3,
        5,
    ]  # without `aligned` a tiny region grows about its centre here, to the right there
    expected = slow_roi_align(features, ROIS, (2, 3), 0.25, 0, aligned, "avg")
    assert torch.allclose(found[inside], expected[inside])

    turned, quarter = torch.rot90(features, 1, (2, 3)), upright.clone()  # the map turned counterclockwise
    if aligned:
        quarter[:, 1], quarter[:, 2], quarter[:, 5] = upright[:, 2], 4 * 8 - upright[:, 1], math.pi / 2
        for angle, clockwise in ((math.pi / 2, False), (-math.pi / 2, True)):
            quarter[:, 5] = angle
            again = rotated.roi_align_rotated(turned, quarter, 2, 3, 0.25, 2, True, clockwise)
            expected = slow_roi_align(features, ROIS, (2, 3), 0.25, 2, True, "avg")
            assert torch.allclose(again, expected)
