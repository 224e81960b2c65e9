"""Other operators that pool regions: ``roi_pool``, ``deform_roi_pool``, ``border_align``."""

from __future__ import annotations

from typing import Any, Tuple

import torch
from torch import Tensor

from mmfix.prove.ops.roi import places, planes, regions
from mmfix.prove.ops.taps import (
    entries,
    gradients,
    pixel_rows,
    scatter_at_edge,
    summed,
    taps_at_edge,
    weighted_rows,
    wide,
)


def _edges(start: Tensor, end: Tensor, bins: int, size: int) -> Tuple[Tensor, Tensor]:
    """First pixel and the pixel after the last one of each bin, both ``[R, bins]``, clipped to the map."""
    step = ((end - start) / bins)[:, None]
    number = torch.arange(bins, device=start.device)
    low = (number * step + start[:, None]).floor().clamp(0, size)
    return low.long(), ((number + 1) * step + start[:, None]).ceil().clamp(0, size).long()


def roi_pool_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
    """Fill ``output`` with the largest pixel of each bin, ``argmax`` with its number (-1: an empty bin)."""
    if not len(rois):
        return
    height, width = input.shape[-2:]
    box = wide(rois)[:, 1:] * spatial_scale
    box = torch.cat([box[:, :2], box[:, 2:] + spatial_scale], dim=1)
    top, bottom = _edges(box[:, 1], box[:, 3], pooled_height, height)
    left, right = _edges(box[:, 0], box[:, 2], pooled_width, width)
    sound = ((box[:, 2] > box[:, 0]) & (box[:, 3] > box[:, 1]))[:, None]
    bottom, right = torch.where(sound, bottom, top), torch.where(sound, right, left)
    rows = pixel_rows(input)
    image = (rois[:, 0].long() * height * width)[:, None, None]
    best = rows.new_full((len(rois), pooled_height, pooled_width, rows.size(1)), -float("inf"))
    found = torch.full_like(best, -1, dtype=torch.long)
    for down in range(int((bottom - top).max())):
        for across in range(int((right - left).max())):
            y, x = (top + down)[:, :, None], (left + across)[:, None, :]
            inside = ((y < bottom[:, :, None]) & (x < right[:, None, :]))[..., None]
            pixel = y.clamp(max=height - 1) * width + x.clamp(max=width - 1)
            value = rows[image + pixel]
            better = inside & (value > best)
            best = torch.where(better, value, best)
            found = torch.where(better, pixel[..., None], found)
    output.copy_(best.masked_fill(found < 0, 0).permute(0, 3, 1, 2))
    argmax.copy_(found.permute(0, 3, 1, 2))


def roi_pool_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax: Tensor,
    grad_input: Tensor,
    **_: Any,
) -> None:
    """Fill ``grad_input``, which is zero."""
    channels, height, width = grad_input.shape[1:]
    index = planes(rois, channels) * height * width + argmax.long().clamp(min=0)
    given = wide(grad_output * (argmax >= 0))
    total = wide(grad_input).reshape(-1).index_add(0, index.reshape(-1), given.reshape(-1))
    grad_input.copy_(total.view_as(grad_input))


def deform_roi_pool(
    features: Tensor,
    offset: Tensor,
    rois: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    gamma: float,
) -> Tensor:
    """``[R, C, *bins]``: as an aligned average ``roi_align``, each bin moved by ``gamma * size * offset``.

    ``offset`` is ``[R, 2, *bins]`` (x before y) or empty. Outside the map the gradient to it is zero,
    as the value does not change there; mmcv's CUDA kernel goes on with the slope at the edge.
    """
    bins = pooled_height, pooled_width
    height, width = features.shape[-2:]
    rois = rois.to(features.dtype)
    vertical, horizontal = regions(rois, bins, spatial_scale, sampling_ratio, aligned=True)
    shape = (len(rois), *bins)
    start_y = places(vertical, 0)[:, :, None].expand(shape)
    start_x = places(horizontal, 0)[:, None, :].expand(shape)
    if offset.numel():
        moves = offset.reshape(len(rois), 2, *bins) * gamma
        start_x = start_x + moves[:, 0] * (horizontal.step * bins[1])[:, None, None]
        start_y = start_y + moves[:, 1] * (vertical.step * bins[0])[:, None, None]
    count = vertical.samples * horizontal.samples
    bag, place, starts = entries(count.repeat_interleave(bins[0] * bins[1]))
    roi = torch.div(bag, bins[0] * bins[1], rounding_mode="floor")
    line = torch.div(place, horizontal.samples[roi], rounding_mode="floor")
    column = place - line * horizontal.samples[roi]
    y = start_y.reshape(-1)[bag] + line * (vertical.step / vertical.samples)[roi]
    x = start_x.reshape(-1)[bag] + column * (horizontal.step / horizontal.samples)[roi]
    index, weight = taps_at_edge(y, x, height, width)
    index = index + (rois[:, 0].long() * height * width)[roi][:, None]
    weight = weight / count[roi][:, None]
    found = summed(pixel_rows(features), index.reshape(-1), weight.reshape(-1), starts * 4)
    return found.view(*shape, -1).permute(0, 3, 1, 2)


def deform_pool_forward(input: Tensor, rois: Tensor, offset: Tensor, output: Tensor, **settings: Any) -> None:
    """Fill ``output`` (``mmcv/ops/deform_roi_pool.py: DeformRoIPoolFunction``)."""
    output.copy_(deform_roi_pool(wide(input), wide(offset), rois, **settings))


def deform_pool_backward(
    grad_output: Tensor,
    input: Tensor,
    rois: Tensor,
    offset: Tensor,
    grad_input: Tensor,
    grad_offset: Tensor,
    **settings: Any,
) -> None:
    """Fill ``grad_input`` and ``grad_offset``."""
    found = gradients(
        lambda features, moves: deform_roi_pool(features, moves, rois, **settings),
        [input, offset],
        grad_output,
    )
    grad_input.copy_(found[0])
    grad_offset.copy_(found[1])


def _border_points(boxes: Tensor, pool_size: int, number: Tensor) -> Tuple[Tensor, Tensor]:
    """y and x of point ``number`` ``[..., boxes, 4]`` on the top, left, bottom and right border of boxes."""
    x1, y1, x2, y2 = wide(boxes).unbind(dim=-1)
    across, down, still = (x2 - x1) / pool_size, (y2 - y1) / pool_size, torch.zeros_like(x1)
    start_y, start_x = torch.stack([y1, y1, y2, y2], dim=-1), torch.stack([x1, x1, x2, x2], dim=-1)
    step_y = torch.stack([still, down, still, -down], dim=-1)
    step_x = torch.stack([across, still, -across, still], dim=-1)
    return start_y + step_y * number, start_x + step_x * number


def border_align_forward(
    input: Tensor, boxes: Tensor, output: Tensor, argmax_idx: Tensor, pool_size: int
) -> None:
    """Fill ``output`` ``[B, C / 4, boxes, 4]`` with the largest point of each border, and its number."""
    images, channels, height, width = input.shape
    rows = pixel_rows(input.reshape(images * 4, channels // 4, height, width))
    plane = torch.arange(images * 4, device=input.device).view(images, 1, 4, 1) * height * width
    best = rows.new_full((*boxes.shape[:2], 4, channels // 4), -float("inf"))
    found = torch.zeros_like(best, dtype=torch.long)
    for number in range(pool_size + 1):
        y, x = _border_points(boxes, pool_size, torch.tensor(number, device=boxes.device))
        index, weight = taps_at_edge(y, x, height, width)
        value = weighted_rows(rows, index + plane, weight)
        found = torch.where(value > best, torch.full_like(found, number), found)
        best = torch.max(best, value)
    output.copy_(best.permute(0, 3, 1, 2))
    argmax_idx.copy_(found.permute(0, 3, 1, 2))


def border_align_backward(
    grad_output: Tensor, boxes: Tensor, argmax_idx: Tensor, grad_input: Tensor, pool_size: int
) -> None:
    """Fill ``grad_input``, which is zero."""
    images, channels, _, _ = grad_output.shape
    y, x = _border_points(boxes[:, None], pool_size, argmax_idx)
    plane = torch.arange(images, device=boxes.device).view(-1, 1, 1, 1) * 4
    plane = plane + torch.arange(4, device=boxes.device)
    plane = plane * channels + torch.arange(channels, device=boxes.device).view(1, -1, 1, 1)
    scatter_at_edge(wide(grad_output), plane.expand(y.shape), y, x, grad_input)
