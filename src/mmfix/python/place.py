"""A line of source code, and what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

#: How the reason of a problem ends when a class has no source here.
NOT_FOUND = "was found in source"
#: How it ends when a module-level name stands for one of several things; each of them is followed.
SEVERAL = "has several definitions, and which one holds is not known"


@dataclass(frozen=True)
class Place:
    """A line of source code.

    Attributes:
        path: The file.
        line: 1-based.
    """

    path: str
    line: int


@dataclass(frozen=True)
class Problem:
    """Something in the source that could not be read or followed.

    Attributes:
        reason: One clause.
        place: Where, if known.
    """

    reason: str
    place: Optional[Place] = None
