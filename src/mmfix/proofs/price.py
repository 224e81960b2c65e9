"""What a training step was measured to cost, in words: the same in `prove` and in `check`."""

from __future__ import annotations

from typing import Optional

from mmfix.proofs.types import Rehearsal
from mmfix.wording import say

#: Memory is counted and the same each time; from this difference on it is worth a ratio.
_SAME = 0.01
#: Times are of a single step: a smaller ratio, or one of shorter steps, is noise.
_NOISE, _SHORT = 1.3, 0.05


def price(activation_bytes: Optional[int], step_seconds: Optional[float], before: Rehearsal) -> str:
    """``activations 28 MB (1.09x), step 2.42 s (about 1.5x)``; empty where nothing was measured.

    Args:
        activation_bytes: Saved by one step for its backward pass.
        step_seconds: Of one step.
        before: The config as it is; a ratio is to this one, if it made a step and there is a difference.
    """
    told = []
    if activation_bytes is not None:
        size = f"{size_text(activation_bytes)}{_more(activation_bytes, before)}"
        told.append(say("activations {size}", size=size))
    if step_seconds is not None:
        time = f"{step_seconds:.2f} s{_longer(step_seconds, before.step_seconds)}"
        told.append(say("step {time}", time=time))
    return ", ".join(told)


def size_text(count: float) -> str:
    """A number of bytes, ``25 MB``: 1 MB is 1,000,000 bytes, as everywhere in mmfix."""
    for unit in ("B", "KB", "MB"):
        if count < 999.5:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.2f} GB"


def _more(size: int, before: Rehearsal) -> str:
    if not before.activation_bytes:
        return ""
    ratio = size / before.activation_bytes
    return f" ({ratio:.2f}x)" if abs(ratio - 1) >= _SAME else ""


def _longer(after: float, before: Optional[float]) -> str:
    if not before or max(after, before) < _SHORT:
        return ""
    ratio = after / before
    if 1 / _NOISE < ratio < _NOISE:
        return ""
    return say(" (about {ratio:.1f}x)", ratio=ratio)
