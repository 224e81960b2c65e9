"""What could not be called, though mmfix knows it by heart: the arguments do not fit, or mmfix has a bug."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, List

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
    args: List[Any],
    kwargs: Dict[str, Any],
) -> Opaque:
    """A call raised, in the function that caught it: the arguments do not fit, or mmfix has a bug."""
    values = [*args, *kwargs.values()]
    m.escape(values)
    if isinstance(error, TypeError) and not _has_begun(error):
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


def _has_begun(error: Exception) -> bool:
    """Whether what was called has run: else its frame is not among those that the error went through."""
    trace = error.__traceback__
    return trace is not None and trace.tb_next is not None
