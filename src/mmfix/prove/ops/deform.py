"""Deformable convolution, plain and modulated, and multi-scale deformable attention."""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Sequence, Tuple

import torch
from torch import Tensor

from mmfix.prove.ops.taps import gradients, pixel_rows, taps_in_zeros, weighted_rows, wide

Pair = Tuple[int, int]


class Geometry(NamedTuple):
    """How a convolution moves: pairs are (y, x)."""

    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int
    deform_groups: int


def _size(features: Tensor, kernel: Pair, geometry: Geometry) -> Pair:
    """Height and width of the output."""

    def along(axis: int) -> int:
        span = geometry.dilation[axis] * (kernel[axis] - 1) + 1
        return (features.size(2 + axis) + 2 * geometry.padding[axis] - span) // geometry.stride[axis] + 1

    return along(0), along(1)


def _columns(
    features: Tensor, offset: Tensor, mask: Optional[Tensor], kernel: Pair, geometry: Geometry
) -> Tensor:
    """What the kernel sees at each of the ``B * P`` places: ``[groups, B * P, taps]``.

    ``offset`` is ``[B, deform_groups * K * 2, H', W']`` (y before x), ``mask`` the same without the 2.
    """
    images, _, height, width = features.shape
    parts, (rows, columns) = geometry.deform_groups, _size(features, kernel, geometry)

    def grid(size: int, axis: int) -> Tensor:
        starts = torch.arange(size, device=offset.device) * geometry.stride[axis] - geometry.padding[axis]
        taps = torch.arange(kernel[axis], device=offset.device) * geometry.dilation[axis]
        return starts[:, None] + taps

    if mask is not None:
        # the modulated operator reads what it needs from the start of each image's memory, however large the
        # map is: mmdet/models/necks/dyhead.py passes the offsets of a larger level
        needed = mask.size(1) * rows * columns
        offset, mask = offset.flatten(1)[:, : 2 * needed], mask.flatten(1)[:, :needed]
    moved = wide(offset).reshape(images, parts, *kernel, 2, rows, columns).permute(0, 5, 6, 1, 2, 3, 4)
    y = moved[..., 0] + grid(rows, 0)[:, None, None, :, None]
    x = moved[..., 1] + grid(columns, 1)[:, None, None, :]
    index, share = taps_in_zeros(y, x, height, width)
    if mask is not None:
        scale = wide(mask).reshape(images, parts, *kernel, rows, columns, 1)
        share = share * scale.permute(0, 4, 5, 1, 2, 3, 6)
    maps = torch.arange(images * parts, device=offset.device) * height * width
    index = index + maps.view(images, 1, 1, parts, 1, 1, 1)
    values = pixel_rows(features.reshape(images * parts, -1, height, width))
    # bags in the order place, deform group, tap: then the usual case needs no copy of this large matrix
    sampled = weighted_rows(values, index, share)  # [B, H', W', parts, kernel, kernel, channels / parts]
    if geometry.groups == 1:
        return sampled.reshape(1, images * rows * columns, -1)
    by_channel = sampled.flatten(4, 5).transpose(4, 5).reshape(images * rows * columns, geometry.groups, -1)
    return by_channel.transpose(0, 1)


def _kernel(weight: Tensor, geometry: Geometry) -> Tensor:
    """``[groups, taps, O / groups]`` of a weight ``[O, C / groups, K, K]``, ordered as :func:`_columns`."""
    weight = wide(weight).flatten(2)
    if geometry.groups == 1:
        parts = weight.reshape(weight.size(0), geometry.deform_groups, -1, weight.size(2))
        return parts.transpose(2, 3).reshape(1, weight.size(0), -1).transpose(1, 2)
    return weight.reshape(geometry.groups, weight.size(0) // geometry.groups, -1).transpose(1, 2)


def _by_place(values: Tensor, groups: int) -> Tensor:
    """``[groups, B * P, O / groups]`` of ``[B, O, H', W']``."""
    found = wide(values).permute(0, 2, 3, 1).reshape(-1, groups, values.size(1) // groups)
    return found.transpose(0, 1)


def deform_conv(
    features: Tensor, offset: Tensor, mask: Optional[Tensor], weight: Tensor, geometry: Geometry
) -> Tensor:
    """``[B, O, H', W']``: a convolution whose taps are moved by ``offset`` and scaled by ``mask``.

    Shapes as for :func:`_columns` and :func:`_kernel`.
    """
    kernel = (weight.size(2), weight.size(3))
    found = torch.matmul(_columns(features, offset, mask, kernel, geometry), _kernel(weight, geometry))
    size = _size(features, kernel, geometry)
    found = found.transpose(0, 1).reshape(features.size(0), *size, weight.size(0))
    return found.permute(0, 3, 1, 2)


def _to_inputs(
    inputs: Sequence[Tensor], weight: Tensor, grad_output: Tensor, geometry: Geometry
) -> List[Tensor]:
    """Gradients to features, offset and, if it is the third of ``inputs``, mask."""
    given = torch.matmul(_by_place(grad_output, geometry.groups), _kernel(weight, geometry).transpose(1, 2))
    kernel = (weight.size(2), weight.size(3))
    return gradients(
        lambda features, offset, mask=None: _columns(features, offset, mask, kernel, geometry), inputs, given
    )


def _to_weight(inputs: Sequence[Tensor], weight: Tensor, grad_output: Tensor, geometry: Geometry) -> Tensor:
    """Gradient to the weight; ``inputs`` as for :func:`_to_inputs`."""
    features, offset, mask = (*inputs, None)[:3]
    columns = _columns(features, offset, mask, (weight.size(2), weight.size(3)), geometry)  # type: ignore[arg-type]
    given = torch.matmul(columns.transpose(1, 2), _by_place(grad_output, geometry.groups))
    return gradients(lambda kernel: _kernel(kernel, geometry), [weight], given)[0]


def _geometry(
    kW: int,
    kH: int,
    dW: int,
    dH: int,
    padW: int,
    padH: int,
    dilationW: int,
    dilationH: int,
    group: int,
    deformable_group: int,
    im2col_step: int,
    scale: float = 1,
) -> Geometry:
    del kW, kH, im2col_step, scale
    return Geometry((dH, dW), (padH, padW), (dilationH, dilationW), group, deformable_group)


def conv_forward(
    input: Tensor,
    weight: Tensor,
    offset: Tensor,
    output: Tensor,
    _columns: Tensor,
    _ones: Tensor,
    **settings: int,
) -> None:
    """Fill ``output`` (``mmcv/ops/deform_conv.py: DeformConv2dFunction``)."""
    output.copy_(deform_conv(input, offset, None, weight, _geometry(**settings)))


def conv_backward_input(
    input: Tensor,
    offset: Tensor,
    grad_output: Tensor,
    grad_input: Tensor,
    grad_offset: Tensor,
    weight: Tensor,
    _columns: Tensor,
    **settings: int,
) -> None:
    """Fill ``grad_input`` and ``grad_offset``."""
    found = _to_inputs([input, offset], weight, grad_output, _geometry(**settings))
    grad_input.copy_(found[0])
    grad_offset.copy_(found[1])


def conv_backward_parameters(
    input: Tensor,
    offset: Tensor,
    grad_output: Tensor,
    grad_weight: Tensor,
    _columns: Tensor,
    _ones: Tensor,
    **settings: int,
) -> None:
    """Fill ``grad_weight``."""
    grad_weight.copy_(_to_weight([input, offset], grad_weight, grad_output, _geometry(**settings)))


def _modulated_geometry(
    kernel_h: int,
    kernel_w: int,
    stride_h: int,
    stride_w: int,
    pad_h: int,
    pad_w: int,
    dilation_h: int,
    dilation_w: int,
    group: int,
    deformable_group: int,
    with_bias: int,
) -> Geometry:
    del kernel_h, kernel_w, with_bias
    return Geometry((stride_h, stride_w), (pad_h, pad_w), (dilation_h, dilation_w), group, deformable_group)


def modulated_forward(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    _ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    output: Tensor,
    _columns: Tensor,
    **settings: int,
) -> None:
    """Fill ``output`` (``mmcv/ops/modulated_deform_conv.py: ModulatedDeformConv2dFunction``)."""
    found = deform_conv(input, offset, mask, weight, _modulated_geometry(**settings))
    output.copy_(found + wide(bias)[:, None, None] if settings["with_bias"] else found)


def modulated_backward(
    input: Tensor,
    weight: Tensor,
    _bias: Tensor,
    _ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    _columns: Tensor,
    grad_input: Tensor,
    grad_weight: Tensor,
    grad_bias: Tensor,
    grad_offset: Tensor,
    grad_mask: Tensor,
    grad_output: Tensor,
    **settings: int,
) -> None:
    """Fill the gradients to input, weight, bias, offset and mask."""
    inputs, geometry = [input, offset, mask], _modulated_geometry(**settings)
    found = _to_inputs(inputs, weight, grad_output, geometry)
    for target, value in zip((grad_input, grad_offset, grad_mask), found):
        target.copy_(value)
    grad_weight.copy_(_to_weight(inputs, weight, grad_output, geometry))
    if settings["with_bias"]:
        grad_bias.copy_(grad_output.sum(dim=(0, 2, 3)))


def deform_attention(
    value: Tensor, shapes: Tensor, starts: Tensor, locations: Tensor, attention: Tensor
) -> Tensor:
    """``[B, Q, heads * D]``: values ``[B, S, heads, D]``, sampled on each level, weighted and summed.

    ``locations`` is ``[B, Q, heads, levels, points, 2]`` (x before y, from 0 to 1), ``attention`` the same
    without the last dimension.
    """
    images, keys, heads, _ = value.shape
    image = torch.arange(images, device=value.device).view(-1, 1, 1, 1, 1)
    head = torch.arange(heads, device=value.device).view(1, 1, -1, 1, 1)
    indices, weights = [], []
    for level, ((height, width), start) in enumerate(zip(shapes.tolist(), starts.tolist())):
        at = wide(locations[:, :, :, level])
        index, weight = taps_in_zeros(at[..., 1] * height - 0.5, at[..., 0] * width - 0.5, height, width)
        indices.append(((image * keys + start + index) * heads + head).flatten(3))
        weights.append((weight * wide(attention[:, :, :, level, :, None])).flatten(3))
    rows = wide(value).reshape(images * keys * heads, -1)
    return weighted_rows(rows, torch.cat(indices, dim=-1), torch.cat(weights, dim=-1)).flatten(2)


def attention_forward(
    value: Tensor, shapes: Tensor, starts: Tensor, locations: Tensor, attention: Tensor, im2col_step: int
) -> Tensor:
    """The output; mmcv calls this for tensors on a GPU only."""
    del im2col_step
    return deform_attention(value, shapes, starts, locations, attention).to(value.dtype)


def attention_backward(
    value: Tensor,
    shapes: Tensor,
    starts: Tensor,
    locations: Tensor,
    attention: Tensor,
    grad_output: Tensor,
    grad_value: Tensor,
    grad_locations: Tensor,
    grad_attention: Tensor,
    im2col_step: int,
) -> None:
    """Fill the gradients to value, locations and attention."""
    del im2col_step
    found = gradients(
        lambda values, places, shares: deform_attention(values, shapes, starts, places, shares),
        [value, locations, attention],
        grad_output,
    )
    for target, gradient in zip((grad_value, grad_locations, grad_attention), found):
        target.copy_(gradient)
