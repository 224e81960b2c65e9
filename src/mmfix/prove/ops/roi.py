"""``roi_align``: bilinear samples of regions, averaged or maximal in each bin.

An average over a regular grid of bilinear samples is the same as a weighted sum over a small window of
pixels, and its weights are a product of one factor for the row and one for the column. So the factors are
found per axis, and one sparse sum over (bin, pixel) does the rest for all regions of a level at once.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Tuple

import torch
from torch import Tensor

from mmfix.prove.ops.taps import (
    entries,
    pixel_rows,
    scatter_at_edge,
    summed,
    taps_at_edge,
    weighted_rows,
    wide,
)


class Grid(NamedTuple):
    """Sampling grid of R regions along one axis: all ``[R]``, in pixels of the feature map."""

    start: Tensor
    step: Tensor
    samples: Tensor
    bins: int


def regions(
    rois: Tensor, bins: Tuple[int, int], scale: float, ratio: int, aligned: bool
) -> Tuple[Grid, Grid]:
    """Grids along y and x of regions ``[R, 5]`` (image number, x1, y1, x2, y2 before ``scale``)."""
    start = rois[:, 1:3] * scale - (0.5 if aligned else 0.0)
    size = rois[:, 3:5] * scale - (0.5 if aligned else 0.0) - start
    size = size if aligned else size.clamp(min=1)
    step = size / size.new_tensor([bins[1], bins[0]])
    samples = torch.full_like(step, ratio) if ratio > 0 else step.ceil().clamp(min=0)
    return (
        Grid(start[:, 1], step[:, 1], samples[:, 1].long(), bins[0]),
        Grid(start[:, 0], step[:, 0], samples[:, 0].long(), bins[1]),
    )


def places(grid: Grid, number: int) -> Tensor:
    """``[R, bins]``: where sample ``number`` of each bin lies."""
    bins = torch.arange(grid.bins, device=grid.start.device)
    shift = (number + 0.5) * grid.step / grid.samples.clamp(min=1)
    return grid.start[:, None] + bins * grid.step[:, None] + shift[:, None]


def windows(grid: Grid, size: int) -> Tuple[Tensor, Tensor, Tensor]:
    """On one axis: first pixel and number of pixels, both ``[R, bins]``, and weights ``[R, bins, T]``."""
    most = int(grid.samples.max())
    at = torch.stack([places(grid, number) for number in range(most)], dim=-1)
    valid = (at >= -1) & (at <= size) & (torch.arange(most, device=at.device) < grid.samples[:, None, None])
    at = at.clamp(0, size - 1)
    low = at.floor()
    part, low = at - low, low.long()
    high = (low + 1).clamp(max=size - 1)
    first = low.masked_fill(~valid, size).min(dim=-1)[0]
    count = (high.masked_fill(~valid, -1).max(dim=-1)[0] - first + 1).clamp(min=0)
    weights = at.new_zeros(*first.shape, max(int(count.max()), 1))
    for pixel, weight in ((low, 1 - part), (high, part)):
        position = (pixel - first[..., None]).masked_fill(~valid, 0)
        weights.scatter_add_(2, position, weight * valid / grid.samples[:, None, None].clamp(min=1))
    return first.clamp(max=size - 1), count, weights


class Sum(NamedTuple):
    """A sparse matrix: bin ``b`` is the sum of ``weight * rows[pixel]`` over its entries, bin by bin."""

    pixel: Tensor
    weight: Tensor
    bag: Tensor
    starts: Tensor


def mean_of_windows(images: Tensor, vertical: Grid, horizontal: Grid, height: int, width: int) -> Sum:
    """What :func:`roi_align` adds up for each bin; bins in the order region, row, column."""
    top, lines, down = windows(vertical, height)
    left, columns, across = windows(horizontal, width)
    shape = (len(images), vertical.bins, horizontal.bins)

    def per_bin(table: Tensor, axis: int) -> Tensor:
        return table.unsqueeze(3 - axis).expand(shape).reshape(-1)

    count = per_bin(lines, 1) * per_bin(columns, 2)
    corner = (images[:, None, None] * height + top[:, :, None]) * width + left[:, None, :]
    bag, place, starts = entries(count)

    def numbers(table: Tensor, axis: int) -> Tensor:
        """Where the weights of each bin begin in the flat ``table``, for each entry."""
        first = torch.arange(table.shape[:2].numel(), device=bag.device) * table.size(2)
        return per_bin(first.view(table.shape[:2]), axis).index_select(0, bag)

    per_line = per_bin(columns, 2).index_select(0, bag)
    line = torch.div(place, per_line, rounding_mode="floor")
    column = place - line * per_line
    index = corner.reshape(-1).index_select(0, bag) + line * width + column
    weight = down.reshape(-1).index_select(0, numbers(down, 1) + line)
    weight = weight * across.reshape(-1).index_select(0, numbers(across, 2) + column)
    return Sum(index, weight, bag, starts)


def _mean_forward(features: Tensor, rois: Tensor, vertical: Grid, horizontal: Grid) -> Tensor:
    found = mean_of_windows(rois[:, 0].long(), vertical, horizontal, *features.shape[-2:])
    shape = (len(rois), vertical.bins, horizontal.bins, features.size(1))
    total = summed(pixel_rows(features), found.pixel, found.weight, found.starts)
    return total.view(shape).permute(0, 3, 1, 2)


def _mean_backward(grad: Tensor, rois: Tensor, vertical: Grid, horizontal: Grid, into: Tensor) -> None:
    """The transposed sum: each pixel collects from the bins that used it."""
    images, channels, height, width = into.shape
    found = mean_of_windows(rois[:, 0].long(), vertical, horizontal, height, width)
    pixel, order = found.pixel.sort()
    starts = torch.searchsorted(pixel, torch.arange(images * height * width, device=into.device))
    rows = wide(grad).permute(0, 2, 3, 1).reshape(-1, channels)
    total = summed(rows, found.bag[order], found.weight[order], starts)
    into.copy_(total.view(images, height, width, channels).permute(0, 3, 1, 2))


def _maximum(
    features: Tensor, rois: Tensor, vertical: Grid, horizontal: Grid
) -> Tuple[Tensor, Tensor, Tensor]:
    """Each bin's largest sample, -10000 without one, and where it lies: three ``[R, C, bins, bins]``."""
    height, width = features.shape[-2:]
    rows = pixel_rows(features)
    image = (rois[:, 0].long() * height * width)[:, None, None, None]
    best = rows.new_full((len(rois), vertical.bins, horizontal.bins, rows.size(1)), -10000)
    best_y, best_x = torch.full_like(best, -1), torch.full_like(best, -1)
    for step_y in range(int(vertical.samples.max())):
        y = places(vertical, step_y)[:, :, None].expand(-1, -1, horizontal.bins)
        for step_x in range(int(horizontal.samples.max())):
            x = places(horizontal, step_x)[:, None].expand(-1, vertical.bins, -1)
            index, weight = taps_at_edge(y, x, height, width)
            value = weighted_rows(rows, index + image, weight)
            there = (step_y < vertical.samples) & (step_x < horizontal.samples)
            better = there[:, None, None, None] & (value > best)
            best = torch.where(better, value, best)
            best_y = torch.where(better, y[..., None].to(best), best_y)
            best_x = torch.where(better, x[..., None].to(best), best_x)
    return best.permute(0, 3, 1, 2), best_y.permute(0, 3, 1, 2), best_x.permute(0, 3, 1, 2)


def _grids(
    rois: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    aligned: bool,
) -> Tuple[Grid, Grid]:
    return regions(wide(rois), (aligned_height, aligned_width), spatial_scale, sampling_ratio, aligned)


def planes(rois: Tensor, channels: int) -> Tensor:
    """``[R, C, 1, 1]``: the number of each region's feature planes, ``image * C + channel``."""
    found = rois[:, :1].long() * channels + torch.arange(channels, device=rois.device)
    return found[:, :, None, None]


def align_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    pool_mode: int,
    **settings: Any,
) -> None:
    """Fill ``output``, for max pooling (``pool_mode`` 0) also where (``mmcv/ops/roi_align.py``).

    A region of negative size has no samples, as on a GPU; mmcv's CPU kernel refuses it.
    """
    if not len(rois):
        return
    grids = _grids(rois, **settings)
    if pool_mode:
        output.copy_(_mean_forward(input, rois, *grids))
        return
    for target, value in zip((output, argmax_y, argmax_x), _maximum(input, rois, *grids)):
        target.copy_(value)


def align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    pool_mode: int,
    **settings: Any,
) -> None:
    """Fill ``grad_input``, which is zero."""
    if not len(rois):
        return
    if pool_mode:
        _mean_backward(grad_output, rois, *_grids(rois, **settings), into=grad_input)
        return
    plane = planes(rois, grad_input.size(1)).expand(grad_output.shape)
    scatter_at_edge(grad_output * (argmax_y != -1), plane, wide(argmax_y), wide(argmax_x), grad_input)
