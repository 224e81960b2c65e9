"""Bilinear sampling as weighted sums of feature rows: what most of the stand-ins are made of.

A feature map ``[B, C, H, W]`` is laid out as rows ``[B * H * W, C]``, one per pixel. A *tap* is a row number
and a weight; an output is the sum of its taps. ``embedding_bag`` computes such sums in one compiled kernel,
their gradients in another.
"""

from __future__ import annotations

from typing import Callable, List, NamedTuple, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

Taps = Tuple[Tensor, Tensor]


def wide(tensor: Tensor) -> Tensor:
    """``tensor`` in a type that is exact enough to compute in: half precision becomes float32."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def pixel_rows(features: Tensor) -> Tensor:
    """Rows ``[B * H * W, C]`` of the feature map ``[B, C, H, W]``."""
    return wide(features).permute(0, 2, 3, 1).reshape(-1, features.size(1))


def weighted_rows(rows: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    """``[..., C]``: for each of the ``[..., T]`` groups of taps the sum of ``weight * rows[index]``."""
    if not index.numel() or not rows.numel():  # embedding_bag refuses what is empty
        return rows.new_zeros(*index.shape[:-1], rows.size(1)) + 0 * (rows.sum() + weight.sum())
    taps = index.size(-1)
    found = F.embedding_bag(
        index.reshape(-1, taps), rows, mode="sum", per_sample_weights=weight.reshape(-1, taps).to(rows.dtype)
    )
    return found.reshape(*index.shape[:-1], rows.size(1))


class Entries(NamedTuple):
    """Lists of different lengths, one after the other.

    ``bag`` and ``place`` are ``[S]``, the number of the list that an entry is in and its number in there;
    ``starts`` is ``[N]``, where each list starts.
    """

    bag: Tensor
    place: Tensor
    starts: Tensor


def entries(count: Tensor) -> Entries:
    """N lists with ``count`` ``[N]`` entries."""
    bag = torch.repeat_interleave(torch.arange(len(count), device=count.device), count)
    starts = count.cumsum(dim=0) - count
    place = torch.arange(len(bag), device=bag.device) - starts.index_select(0, bag)
    return Entries(bag, place, starts)


def summed(rows: Tensor, index: Tensor, weight: Tensor, starts: Tensor) -> Tensor:
    """``[N, C]``: the sums of lists of taps, which ``starts`` ``[N]`` divides; an empty list gives zeros."""
    if not len(index) or not rows.numel():
        return rows.new_zeros(len(starts), rows.size(1)) + 0 * (rows.sum() + weight.sum())
    return F.embedding_bag(index, rows, starts, mode="sum", per_sample_weights=weight.to(rows.dtype))


def taps_in_zeros(y: Tensor, x: Tensor, height: int, width: int) -> Taps:
    """The four taps ``[..., 4]`` of the points ``(y, x)`` on a map that is surrounded by zeros.

    The rule of deformable convolution and of multi-scale deformable attention.
    """
    top, left = y.detach().floor(), x.detach().floor()
    down, right = y - top, x - left
    indices, weights = [], []
    for below in (0, 1):
        for beside in (0, 1):
            row, column = top + below, left + beside
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            weight = (down if below else 1 - down) * (right if beside else 1 - right)
            indices.append(row.clamp(0, height - 1).long() * width + column.clamp(0, width - 1).long())
            weights.append(weight * inside)
    return torch.stack(indices, dim=-1), torch.stack(weights, dim=-1)


def taps_at_edge(y: Tensor, x: Tensor, height: int, width: int) -> Taps:
    """The four taps ``[..., 4]`` of the points ``(y, x)``, moved onto the map if up to one pixel outside.

    The rule of the RoI operators; farther outside, the weights are zero.
    """
    inside = (y >= -1) & (y <= height) & (x >= -1) & (x <= width)
    y, x = y.clamp(0, height - 1), x.clamp(0, width - 1)
    top, left = y.detach().floor(), x.detach().floor()
    down, right = y - top, x - left
    indices, weights = [], []
    for below in (0, 1):
        for beside in (0, 1):
            row, column = (top + below).clamp(max=height - 1), (left + beside).clamp(max=width - 1)
            weight = (down if below else 1 - down) * (right if beside else 1 - right)
            indices.append(row.long() * width + column.long())
            weights.append(weight * inside)
    return torch.stack(indices, dim=-1), torch.stack(weights, dim=-1)


def scatter_at_edge(gradient: Tensor, plane: Tensor, y: Tensor, x: Tensor, into: Tensor) -> None:
    """Add to the map ``into`` ``[B, C, H, W]`` what each value, sampled at ``(y, x)`` of a plane, sends back.

    All of ``gradient``, ``plane`` (``batch * C + channel``), ``y`` and ``x`` have the same shape.
    """
    height, width = into.shape[-2:]
    index, weight = taps_at_edge(y, x, height, width)
    index = index + plane[..., None] * (height * width)
    total = wide(into).reshape(-1).index_add(0, index.reshape(-1), (weight * gradient[..., None]).reshape(-1))
    into.copy_(total.view_as(into))


def gradients(function: Callable[..., Tensor], inputs: Sequence[Tensor], gradient: Tensor) -> List[Tensor]:
    """The gradients of ``function(*inputs)`` to all its inputs, the output's gradient given."""
    with torch.enable_grad():
        leaves = [wide(value.detach()).requires_grad_() for value in inputs]
        output = function(*leaves)
        found = torch.autograd.grad(output, leaves, gradient.to(output.dtype), allow_unused=True)
    return [torch.zeros_like(leaf) if value is None else value for leaf, value in zip(leaves, found)]
