"""Where a value comes from: origins, blame chains, and values that cannot be known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, NamedTuple, Optional, Tuple


class Origin(NamedTuple):
    """The place in a file that set a value. Line and column are 1-based."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Blame(NamedTuple):
    """How a value came to be.

    Attributes:
        origin: The expression that set the value.
        via: Blame of the variable the expression read the value from (``with_cp=cp``), if it did.
        previous: Blame of the value that this one replaced, if there was one.
    """

    origin: Origin
    via: Optional[Blame] = None
    previous: Optional[Blame] = None

    def chain(self) -> Tuple[Origin, ...]:
        """All origins, newest first: the setter, what it read, then what it overrode."""
        seen = []
        stack: List[Blame] = [self]
        while stack:
            blame = stack.pop()
            if blame.origin not in seen:
                seen.append(blame.origin)
            if blame.previous is not None:
                stack.append(blame.previous)
            if blame.via is not None:
                stack.append(blame.via)
        return tuple(seen)


@dataclass(frozen=True)
class Unknown:
    """A value that cannot be known without running code, and why."""

    reason: str
    origin: Optional[Origin] = None

    def __repr__(self) -> str:
        return f"<unknown: {self.reason}>"
