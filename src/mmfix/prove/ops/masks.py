"""Operators that move pixels: ``psa_mask``, ``masked_conv2d``, ``tin_shift``."""

from __future__ import annotations

from typing import Tuple

import torch
from torch import Tensor


def _psa_pairs(
    device: torch.device,
    psa_type: int,
    h_feature: int,
    w_feature: int,
    h_mask: int,
    w_mask: int,
    **_: int,
) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    """For each mask entry on the map: its number and its pixel's, and the two that the result is numbered by.

    Those are the entry's pixel and the one that it speaks of: ``psa_type`` 0 collects, so that the other one
    comes first, 1 distributes.
    """
    rows, columns = torch.arange(h_feature, device=device), torch.arange(w_feature, device=device)
    y = torch.arange(h_mask, device=device)[:, None] - (h_mask - 1) // 2 + rows
    x = torch.arange(w_mask, device=device)[:, None] - (w_mask - 1) // 2 + columns
    inside = ((y >= 0) & (y < h_feature))[:, None, :, None] & ((x >= 0) & (x < w_feature))[None, :, None, :]
    others = (y[:, None, :, None] * w_feature + x[None, :, None, :]).flatten(2).flatten(0, 1)
    entry, pixel = inside.flatten(2).flatten(0, 1).nonzero(as_tuple=True)
    other = others[entry, pixel]
    return (entry, pixel, pixel, other) if psa_type else (entry, pixel, other, pixel)


def psa_forward(input: Tensor, output: Tensor, **settings: int) -> None:
    """Fill ``output`` ``[B, H * W, H, W]`` (``mmcv/ops/psa_mask.py: PSAMaskFunction``)."""
    entry, pixel, first, second = _psa_pairs(input.device, **settings)
    output.flatten(2)[:, first, second] = input.flatten(2)[:, entry, pixel]


def psa_backward(grad_output: Tensor, grad_input: Tensor, **settings: int) -> None:
    """Fill ``grad_input``, which is zero."""
    entry, pixel, first, second = _psa_pairs(grad_output.device, **settings)
    grad_input.flatten(2)[:, entry, pixel] = grad_output.flatten(2)[:, first, second]


def masked_im2col(
    input: Tensor,
    mask_h_idx: Tensor,
    mask_w_idx: Tensor,
    data_col: Tensor,
    kernel_h: int,
    kernel_w: int,
    pad_h: int,
    pad_w: int,
) -> None:
    """Fill ``data_col`` ``[C * K, P]`` with the neighbourhood of each chosen pixel of the only image."""
    height, width = input.shape[-2:]
    y = mask_h_idx - pad_h + torch.arange(kernel_h, device=input.device)[:, None]
    x = mask_w_idx - pad_w + torch.arange(kernel_w, device=input.device)[:, None]
    inside = ((y >= 0) & (y < height))[:, None] & ((x >= 0) & (x < width))[None]
    found = input[0][:, y.clamp(0, height - 1)[:, None], x.clamp(0, width - 1)[None]] * inside
    data_col.copy_(found.flatten(0, 2))


def masked_col2im(
    col: Tensor,
    mask_h_idx: Tensor,
    mask_w_idx: Tensor,
    output: Tensor,
    height: int,
    width: int,
    channels: int,
) -> None:
    """Put ``col`` ``[C, P]`` at the chosen pixels of ``output``."""
    del height, width, channels
    output[0, :, mask_h_idx, mask_w_idx] = col.to(output.dtype)


def _shifted(values: Tensor, shift: Tensor, direction: int) -> Tensor:
    """``values`` ``[B, T, C, P]``, groups of channels moved along T by ``direction * shift`` ``[B, G]``."""
    _, frames, channels, _ = values.shape
    steps = shift.long().repeat_interleave(channels // shift.size(1), dim=1) * direction
    source = torch.arange(frames, device=values.device)[None, :, None] - steps[:, None]
    inside = (source >= 0) & (source < frames)
    index = source.clamp(0, frames - 1)[..., None].expand_as(values)
    return values.gather(1, index) * inside[..., None]


def tin_forward(input: Tensor, shift: Tensor, output: Tensor) -> None:
    """Fill ``output`` (``mmcv/ops/tin_shift.py: TINShiftFunction``)."""
    output.copy_(_shifted(input, shift, 1))


def tin_backward(grad_output: Tensor, shift: Tensor, grad_input: Tensor) -> None:
    """Fill ``grad_input``."""
    grad_input.copy_(_shifted(grad_output, shift, -1))
