"""Focal losses, element by element; mmcv reduces them itself."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mmfix.prove.ops.taps import gradients, wide


def sigmoid_focal(logits: Tensor, target: Tensor, weight: Tensor, gamma: float, alpha: float) -> Tensor:
    """``[N, classes]``; other targets are background; ``weight`` is ``[classes]`` or empty."""
    positive = target[:, None] == torch.arange(logits.size(1), device=logits.device)
    chance = logits.sigmoid()
    yes = -alpha * (1 - chance).pow(gamma) * F.logsigmoid(logits)
    no = -(1 - alpha) * chance.pow(gamma) * F.logsigmoid(-logits)
    loss = torch.where(positive, yes, no)
    return loss * weight[target.clamp(0, len(weight) - 1)][:, None] if weight.numel() else loss


def sigmoid_forward(
    input: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Fill ``output`` (``mmcv/ops/focal_loss.py: SigmoidFocalLossFunction``)."""
    output.copy_(sigmoid_focal(wide(input), target, wide(weight), gamma, alpha))


def sigmoid_backward(
    input: Tensor, target: Tensor, weight: Tensor, grad_input: Tensor, gamma: float, alpha: float
) -> None:
    """Fill ``grad_input`` with the slope of each element; mmcv multiplies it by the gradient."""
    (found,) = gradients(
        lambda logits: sigmoid_focal(logits, target, wide(weight), gamma, alpha),
        [input],
        torch.ones_like(input),
    )
    grad_input.copy_(found)


def _softmax_parts(softmax: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Factor of each row: its class weight, zero for a negative label."""
    factor = (target >= 0).to(softmax.dtype)
    return factor * wide(weight)[target.clamp(min=0)] if weight.numel() else factor


def softmax_forward(
    input: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Fill ``output`` ``[N]``; ``input`` are the probabilities ``[N, classes]``."""
    chance = wide(input).gather(1, target.clamp(min=0)[:, None])[:, 0]
    small = torch.finfo(chance.dtype).tiny
    loss = -alpha * (1 - chance).pow(gamma) * chance.clamp(min=small).log()
    output.copy_(loss * _softmax_parts(chance, target, weight))


def softmax_backward(
    input: Tensor,
    target: Tensor,
    weight: Tensor,
    buff: Tensor,
    grad_input: Tensor,
    gamma: float,
    alpha: float,
) -> None:
    """Fill ``grad_input`` ``[N, classes]`` with the slopes to the logits, ``buff`` with what they share."""
    softmax = wide(input)
    label = target.clamp(min=0)[:, None]
    chance = softmax.gather(1, label)[:, 0]
    log = chance.clamp(min=torch.finfo(chance.dtype).tiny).log()
    shared = alpha * (gamma * (1 - chance).pow(gamma - 1) * chance * log - (1 - chance).pow(gamma))
    shared = shared * _softmax_parts(chance, target, weight)
    buff.copy_(shared)
    hit = torch.zeros_like(softmax).scatter_(1, label, 1)
    grad_input.copy_(shared[:, None] * (hit - softmax))
