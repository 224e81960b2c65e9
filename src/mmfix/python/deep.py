"""Room for calls that nest deeply."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any, Callable, TypeVar

_T = TypeVar("_T")
#: Slots of the frame below all others: it gets a chunk of twice as many, and the calls from it get the rest.
_ROOM = 1 << 17


def _run(run: Callable[[], Any]) -> Any:
    return run()


if sys.version_info >= (3, 11):
    _run = FunctionType(_run.__code__.replace(co_stacksize=_ROOM), globals())


def deeply(run: Callable[[], _T], limit: int) -> _T:
    """``run()``, in which that many calls may nest, without a system call for many of them.

    Python 3.11 and later keep the frames of functions in chunks of 16 KB: one more is mapped when a call
    does not fit into the last, and unmapped when it returns (``Python/pystate.c: push_chunk``,
    ``_PyThreadState_PopFrame``). Code that nests deeply goes over the end of a chunk again and again; a fifth
    of the time of a first ``check`` went there. A frame that asks for a large stack gets a large chunk.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, limit))
    try:
        result: _T = _run(run)
        return result
    finally:
        sys.setrecursionlimit(before)
