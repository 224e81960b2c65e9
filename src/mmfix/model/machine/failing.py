"""What could not be called, though mmfix knows it by heart: the arguments do not fit, or mmfix has a bug."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from mmfix.model.machine.values import GaveUp, Opaque, Raised
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

#: What the code that is followed raises, and what ends the reading of the whole model.
STOPS = (Raised, GaveUp, RecursionError)


def failed(
    m: Machine,
    name: str,
    error: Exception,
    run: Callable[..., Any],
    args: List[Any],
    kwargs: Dict[str, Any],
) -> Opaque:
    """``run(m, *args, **kwargs)`` has raised: the arguments do not fit it, or it has a bug, which is ours."""
    values = [*args, *kwargs.values()]
    m.escape(values)
    if isinstance(error, TypeError) and not _fits(run, [m, *args], kwargs):
        return m.lost(
            say("a call of {function} with arguments that it does not take", function=name), *values
        )
    if os.environ.get("MMFIX_DEBUG"):
        raise error
    return m.lost(
        say(
            "mmfix failed to follow a call of {function} ({error})", function=name, error=type(error).__name__
        ),
        *values,
    )


def _fits(run: Callable[..., Any], args: List[Any], kwargs: Dict[str, Any]) -> bool:
    try:
        inspect.signature(run).bind(*args, **kwargs)
    except TypeError:
        return False
    return True
