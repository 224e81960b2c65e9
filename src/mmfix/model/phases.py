"""The phases of a reading: what stops one is a problem, and the next goes on from there."""

from __future__ import annotations

import os
from typing import Any, Callable, Tuple

from mmfix.model.machine.machine import Machine
from mmfix.model.machine.values import GaveUp, Raised
from mmfix.python.place import Problem
from mmfix.wording import say


def run_phase(m: Machine, phase: str, run: Callable[[], Any]) -> Tuple[Any, str]:
    """Run a phase; what stops it is a problem, and the reason is given back."""
    m.phase = phase
    try:
        return run(), ""
    except Exception as error:
        reason = failure_of(error)
    m.trail.clear()
    m.started.clear()
    m.frames.clear()
    m.conditional, m.guards, m.grad, m.assumed, m.turns = 0, 0, True, {}, None
    m.problems.append(Problem(f"{phase}: {reason}"))
    return None, reason


def failure_of(error: Exception) -> str:
    """What stopped the machine, as a reason; its own bugs must not hide what else is known of the config."""
    if isinstance(error, (Raised, GaveUp)):
        return str(error)
    if isinstance(error, RecursionError):
        return say("the code nests too deeply")
    if os.environ.get("MMFIX_DEBUG"):
        raise error
    return say(
        "the reader itself failed ({error}: {why}); please report it with the model",
        error=type(error).__name__,
        why=error,
    )
