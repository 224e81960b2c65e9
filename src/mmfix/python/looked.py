"""Where this process has looked for source: the files that it read and the folders that it listed.

What was read for one config is remembered for the next, so that nobody knows what a single answer rests on.
All of this is more than that, and never less.
"""

from __future__ import annotations

from typing import FrozenSet, Set

_at: Set[str] = set()


def note(path: str) -> None:
    """A file or folder has been looked at, whether it is there or not."""
    _at.add(path)


def looked_at() -> FrozenSet[str]:
    """Every file and folder so far."""
    return frozenset(_at)
