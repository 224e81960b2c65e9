"""Rotated boxes: their overlap, and RoIAlign in their frame."""

from __future__ import annotations

import torch
from torch import Tensor

from mmfix.prove.ops.taps import entries, gradients, pixel_rows, summed, taps_at_edge

#: Pairs of boxes whose intersections are computed at once.
PAIRS = 65536


def corners(boxes: Tensor) -> Tensor:
    """``[..., 4, 2]``: corners of boxes ``[..., 5]`` (centre, width, height, clockwise angle), in turn."""
    cos, sin = boxes[..., 4].cos() / 2, boxes[..., 4].sin() / 2
    width, height = boxes[..., 2], boxes[..., 3]
    along = torch.stack([cos * width, sin * width], dim=-1)
    across = torch.stack([-sin * height, cos * height], dim=-1)
    shifts = torch.stack([-along - across, along - across, along + across, across - along], dim=-2)
    return boxes[..., None, :2] + shifts


def _cross(first: Tensor, second: Tensor) -> Tensor:
    return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]


def _inside(points: Tensor, frame: Tensor) -> Tensor:
    """Whether the points ``[P, 4, 2]`` lie in the rectangle with the corners ``frame`` ``[P, 4, 2]``."""
    found = torch.ones_like(points[..., 0], dtype=torch.bool)
    for side in (frame[:, 1] - frame[:, 0], frame[:, 3] - frame[:, 0]):
        along = ((points - frame[:, :1]) * side[:, None]).sum(dim=-1)
        found &= (along >= 0) & (along <= (side * side).sum(dim=-1)[:, None])
    return found


def _intersection(first: Tensor, second: Tensor) -> Tensor:
    """Areas ``[P]`` that pairs of rectangles, given by their corners ``[P, 4, 2]``, have in common."""
    side1, side2 = first.roll(-1, dims=1) - first, second.roll(-1, dims=1) - second
    between = second[:, None] - first[:, :, None]
    turn = _cross(side1[:, :, None], side2[:, None])
    parallel = turn.abs() <= 1e-14
    turn = turn.masked_fill(parallel, 1)
    at1, at2 = _cross(between, side2[:, None]) / turn, _cross(between, side1[:, :, None]) / turn
    crossing = ~parallel & (at1 >= 0) & (at1 <= 1) & (at2 >= 0) & (at2 <= 1)
    meeting = first[:, :, None] + at1[..., None] * side1[:, :, None]
    points = torch.cat([meeting.flatten(1, 2), first, second], dim=1)
    valid = torch.cat([crossing.flatten(1), _inside(first, second), _inside(second, first)], dim=1)
    count = valid.sum(dim=1, keepdim=True)
    # seen from their middle, the corners of a convex shape lie in the order of their angles
    points = points - (points * valid[..., None]).sum(dim=1, keepdim=True) / count.clamp(min=1)[..., None]
    angle = torch.atan2(points[..., 1], points[..., 0]).masked_fill(~valid, float("inf"))
    order = angle.argsort(dim=1)
    points = points.gather(1, order[..., None].expand(-1, -1, 2))
    spare = torch.arange(points.size(1), device=points.device) >= count
    points = torch.where(spare[..., None], points[:, :1], points)  # closing the ring, they add nothing
    area = _cross(points, points.roll(-1, dims=1)).sum(dim=1).abs() / 2
    return torch.where(count[:, 0] > 2, area, torch.zeros_like(area))


def rotated_iou(first: Tensor, second: Tensor, mode: int = 0) -> Tensor:
    """Overlap of rotated boxes ``[..., 5]``, which broadcast; ``mode`` 1: over the first one's area."""
    kind = first.dtype
    first, second = torch.broadcast_tensors(first.double(), second.double())  # type: ignore[no-untyped-call]
    shape = first.shape[:-1]
    found = []
    for one, other in zip(
        torch.split(first.reshape(-1, 5), PAIRS), torch.split(second.reshape(-1, 5), PAIRS)
    ):
        middle = (one[:, :2] + other[:, :2]) / 2
        one, other = (torch.cat([box[:, :2] - middle, box[:, 2:]], dim=1) for box in (one, other))
        common = _intersection(corners(one), corners(other))
        area, area2 = one[:, 2] * one[:, 3], other[:, 2] * other[:, 3]
        base = area if mode else area + area2 - common
        flat = (area < 1e-14) | (area2 < 1e-14)
        found.append((common / base.masked_fill(flat, 1)).masked_fill(flat, 0))
    return (torch.cat(found) if found else first.new_zeros(0)).reshape(shape).to(kind)


def box_iou_rotated(bboxes1: Tensor, bboxes2: Tensor, ious: Tensor, mode_flag: int, aligned: bool) -> None:
    """Fill ``ious``: ``[N * M]``, or ``[N]`` for pairs if ``aligned``."""
    if not aligned:
        bboxes1, bboxes2 = bboxes1[:, None], bboxes2[None]
    ious.copy_(rotated_iou(bboxes1, bboxes2, mode_flag).reshape(-1))


def roi_align_rotated(
    features: Tensor,
    rois: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    aligned: bool,
    clockwise: bool,
) -> Tensor:
    """``[R, C, pooled_height, pooled_width]``: mean of bilinear samples in each bin of rois ``[R, 6]``.

    A roi is image number, centre, width, height, angle (counterclockwise unless ``clockwise``).
    """
    rois = rois.to(features.dtype)
    height, width = features.shape[-2:]
    centre = rois[:, 1:3] * spatial_scale - (0.5 if aligned else 0.0)
    size = rois[:, 3:5] * spatial_scale
    size = size if aligned else size.clamp(min=1)
    angle = -rois[:, 5] if clockwise else rois[:, 5]
    bins = size / size.new_tensor([pooled_width, pooled_height])
    samples = torch.full_like(bins, sampling_ratio) if sampling_ratio > 0 else bins.ceil().clamp(min=0)
    samples = samples.long()
    count = samples.prod(dim=1)
    bag, place, starts = entries(count.repeat_interleave(pooled_height * pooled_width))
    roi = torch.div(bag, pooled_height * pooled_width, rounding_mode="floor")
    row = torch.div(bag, pooled_width, rounding_mode="floor")
    line = torch.div(place, samples[roi, 0], rounding_mode="floor")
    at = torch.stack([place - line * samples[roi, 0], line], dim=1)
    number = torch.stack([bag - row * pooled_width, row - roi * pooled_height], dim=1)
    x, y = ((number + (at + 0.5) / samples[roi]) * bins[roi] - size[roi] / 2).unbind(dim=1)
    cos, sin = angle.cos()[roi], angle.sin()[roi]
    index, weight = taps_at_edge(
        y * cos - x * sin + centre[roi, 1], y * sin + x * cos + centre[roi, 0], height, width
    )
    index = index + (rois[:, 0].long() * height * width)[roi][:, None]
    weight = weight / count[roi][:, None]
    found = summed(pixel_rows(features), index.reshape(-1), weight.reshape(-1), starts * 4)
    return found.view(len(rois), pooled_height, pooled_width, -1).permute(0, 3, 1, 2)


def align_forward(input: Tensor, rois: Tensor, output: Tensor, **settings: object) -> None:
    """Fill ``output`` (``mmcv/ops/roi_align_rotated.py: RoIAlignRotatedFunction``)."""
    output.copy_(roi_align_rotated(input, rois, **settings))  # type: ignore[arg-type]


def align_backward(grad_output: Tensor, rois: Tensor, grad_input: Tensor, **settings: object) -> None:
    """Fill ``grad_input``: the operator is linear, so the input's values do not matter."""
    (found,) = gradients(
        lambda features: roi_align_rotated(features, rois, **settings),  # type: ignore[arg-type]
        [torch.zeros_like(grad_input)],
        grad_output,
    )
    grad_input.copy_(found)
