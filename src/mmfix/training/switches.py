"""Switch names of gradient checkpointing, and what their values mean."""

from __future__ import annotations

from typing import Any

from mmfix.config.origin import Unknown

# Names that mean a checkpoint on any class. A name that also means something else elsewhere
# (`memory_efficient`) counts only on classes of the table.
WELL_KNOWN = frozenset(
    {
        "with_cp",
        "num_cp",
        "use_cp",
        "use_checkpoint",
        "with_checkpoint",
        "use_act_checkpoint",
        "use_activation_checkpoint",
        "use_activation_checkpointing",
        "use_checkpointing",
        "grad_checkpoint",
        "grad_checkpointing",
        "use_grad_checkpoint",
        "use_grad_checkpointing",
        "use_gradient_checkpoint",
        "use_gradient_checkpointing",
        "gradient_checkpointing",
        "enable_gradient_checkpointing",
    }
)

# Switches that reach a library (transformers, timm, diffusers) whose version picks `use_reentrant`.
_LIBRARY = frozenset({"gradient_checkpointing", "enable_gradient_checkpointing", "grad_checkpointing"})
_MEANT_AS_BOOL = frozenset({"true", "false", "yes", "no", "on", "off", "1", "0"})


def is_on(value: Any) -> bool:
    """Whether a switch value turns checkpointing on: a truthy bool, a positive count, any true element.
    Counts use 0 or -1 for off (mmdet ``num_cp=-1``, Co-DETR ``with_cp=-1``).
    """
    if isinstance(value, (list, tuple)):
        return any(is_on(item) for item in value)
    if isinstance(value, (bool, int, float)):
        return value > 0
    return False


def is_on_as_text(value: Any, known: bool) -> bool:
    """Whether a text turns a switch on: any does, ``'False'`` too, where a class asks ``if self.with_cp``.

    See ``mmdet/models/backbones/resnet.py: Bottleneck.forward``. On a class that is not ``known`` only text
    that was meant as a bool counts: it may be the path of a checkpoint.
    """
    return isinstance(value, str) and bool(value) and (known or value.lower() in _MEANT_AS_BOOL)


def off_value(value: Any, default: Any) -> Any:
    """The value of the same kind that turns the switch off.

    Args:
        value: The value in effect.
        default: The class default as far as known, else None.
    """
    if isinstance(value, (list, tuple)):
        items = [0 if type(item) is int else False for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, (bool, str, Unknown)) or isinstance(default, bool):
        return False
    if isinstance(default, int) and not is_on(default):
        return default
    return -1


def suggests_reentrant(switch: str) -> Any:
    """What a switch on an unlisted class most likely does: reentrant, or None when a library decides.

    ``torch.utils.checkpoint.checkpoint`` without ``use_reentrant`` is reentrant up to torch 2.13.
    """
    return None if switch in _LIBRARY else True
