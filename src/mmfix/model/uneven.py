"""Training steps that differ from others by what the program itself decides: chance, and the count of steps.

What such a step leaves out for certain stops the run, whatever the data is like: DDP waits for it.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from mmfix.model.machine.drawing import HIGH, LOW
from mmfix.model.machine.frame import Contents
from mmfix.model.machine.machine import Machine
from mmfix.model.machine.parting import Watch, watches
from mmfix.model.machine.values import Opaque

CHANCE, COUNT = "chance", "count"


class LeftOut(NamedTuple):
    """Parameters that get no gradient in some steps (bits), by what decides.

    Attributes:
        by_chance: What is drawn anew in each step.
        by_count: How many steps there were.
    """

    by_chance: int = 0
    by_count: int = 0


#: Follows one more step; None where it could not be followed to the end.
Step = Callable[[], Any]


def left_to_chance(m: Machine, begun: Contents, step: Step) -> int:
    """What is left out of the step in which all that is drawn comes out low, or of the one with all high.

    Args:
        m: The machine, after a step.
        begun: The contents, before that step, of what it changed.
        step: The same step once more.
    """
    if not m.draws.decides and not m.between_steps.by_chance:
        return 0
    found, now = 0, {item: item.save() for item in begun}
    _load(begun)
    for come_out in (LOW, HIGH):
        m.draws.come_out = come_out
        found |= left_out_of_another(m, step)
    m.draws.come_out = None
    _load(now)
    return found


def left_out_of_another(m: Machine, step: Step) -> int:
    """What is left out of one more step, which is then forgotten; nothing where that cannot be followed."""
    kept = (
        m.escaped, m.used.copy(), list(m.checkpoints), list(m.toggled), list(m.problems), m.astray, m.losses
    )  # fmt: skip
    m.astray, m.losses = "", []
    watches.append(Watch(m.frames))
    begun = m.begin()
    try:
        found = left_out(m, step())
    finally:
        watches.pop()
        if m.trail:  # else what has stopped the step has cleared it
            m.end(begun)
        _load(begun)
    m.escaped, m.used, m.checkpoints, m.toggled, m.problems, m.astray, m.losses = kept
    return found


def _load(contents: Contents) -> None:
    for item, saved in contents.items():
        item.load(saved)


def left_out(m: Machine, loss: Any) -> int:
    """What the loss of a step depends on in no way; nothing where the step was not understood."""
    if not isinstance(loss, Opaque) or not loss.may or m.astray:
        return 0
    return ~(loss.may | m.escaped | m.added_in_place) & ((1 << m.bits) - 1)
