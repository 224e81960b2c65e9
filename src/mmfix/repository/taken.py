"""What a class or function may be given by name. Plain data."""

from __future__ import annotations

from typing import FrozenSet, NamedTuple, Tuple

#: What becomes of an argument that is none of the names: Python refuses it, nothing is done with it, or that
#: is not known.
REFUSED, DROPPED, UNKNOWN = "refused", "dropped", "unknown"


class Taken(NamedTuple):
    """What may be passed by name.

    Attributes:
        names: Every argument that is known of.
        files: The source files of it and its bases, and of what gets its ``**kwargs``; its own first.
        others: What becomes of any other: ``refused``, ``dropped`` or ``unknown``.
        required: Those of the names without which the class or function cannot be called.
    """

    names: FrozenSet[str]
    files: Tuple[str, ...]
    others: str = REFUSED
    required: FrozenSet[str] = frozenset()
