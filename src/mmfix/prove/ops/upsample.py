"""CARAFE: each upsampled pixel is a weighted sum of a neighbourhood, with weights of its own."""

from __future__ import annotations

import sys
from typing import Any, Optional, Tuple

import torch
from torch import Tensor

from mmfix.prove.ops.taps import gradients, pixel_rows, weighted_rows, wide


def carafe(features: Tensor, masks: Tensor, kernel_size: int, group_size: int, scale_factor: int) -> Tensor:
    """``[B, C, H * s, W * s]`` of ``[B, C, H, W]`` and masks ``[B, groups * k * k, H * s, W * s]``."""
    images, channels, height, width = features.shape
    reach = torch.arange(kernel_size, device=features.device) - (kernel_size - 1) // 2
    y = torch.arange(height, device=features.device).repeat_interleave(scale_factor)[:, None] + reach
    x = torch.arange(width, device=features.device).repeat_interleave(scale_factor)[:, None] + reach
    inside = ((y >= 0) & (y < height))[:, None, :, None] & ((x >= 0) & (x < width))[None, :, None, :]
    index = y.clamp(0, height - 1)[:, None, :, None] * width + x.clamp(0, width - 1)[None, :, None, :]
    maps = torch.arange(images * group_size, device=features.device)[:, None, None, None]
    index = index.flatten(2) + maps * (height * width)  # [B * groups, H * s, W * s, k * k]
    shares = wide(masks).reshape(images * group_size, -1, *masks.shape[2:]).permute(0, 2, 3, 1)
    rows = pixel_rows(features.reshape(images * group_size, -1, height, width))
    found = weighted_rows(rows, index, shares * inside.flatten(2))
    return found.permute(0, 3, 1, 2).reshape(images, channels, *masks.shape[2:])


def _backward_anywhere(ctx: Any, grad_output: Tensor) -> Tuple[Optional[Tensor], ...]:
    """As ``mmcv/ops/carafe.py: CARAFENaiveFunction.backward``, without its assertion that this is a GPU."""
    features, masks = ctx.saved_tensors
    sizes = ctx.kernel_size, ctx.group_size, ctx.scale_factor
    found = gradients(lambda values, shares: carafe(values, shares, *sizes), [features, masks], grad_output)
    return (found[0].to(features.dtype), found[1].to(masks.dtype), None, None, None)


def naive_forward(features: Tensor, masks: Tensor, output: Tensor, **settings: int) -> None:
    """Fill ``output`` (``mmcv/ops/carafe.py: CARAFENaiveFunction``)."""
    module = sys.modules.get("mmcv.ops.carafe")
    if module is not None:  # loaded by whoever calls this
        module.CARAFENaiveFunction.backward = staticmethod(_backward_anywhere)
    output.copy_(carafe(features, masks, **settings))


def naive_backward(
    grad_output: Tensor,
    features: Tensor,
    masks: Tensor,
    grad_input: Tensor,
    grad_masks: Tensor,
    **settings: int,
) -> None:
    """Fill ``grad_input`` and ``grad_masks``."""
    found = gradients(
        lambda values, shares: carafe(values, shares, **settings), [features, masks], grad_output
    )
    grad_input.copy_(found[0])
    grad_masks.copy_(found[1])


def carafe_forward(
    features: Tensor,
    masks: Tensor,
    rfeatures: Tensor,
    _routput: Tensor,
    _rmasks: Tensor,
    output: Tensor,
    **settings: int,
) -> None:
    """Fill ``output``; ``rfeatures`` is all that the backward pass gets to see of the features."""
    rfeatures.copy_(features)
    output.copy_(carafe(features, masks, **settings))


def carafe_backward(
    grad_output: Tensor,
    rfeatures: Tensor,
    masks: Tensor,
    _rgrad_output: Tensor,
    _rgrad_input_hs: Tensor,
    _rgrad_input: Tensor,
    _rgrad_masks: Tensor,
    grad_input: Tensor,
    grad_masks: Tensor,
    **settings: int,
) -> None:
    """Fill ``grad_input`` and ``grad_masks``."""
    naive_backward(grad_output, rfeatures, masks, grad_input, grad_masks, **settings)
