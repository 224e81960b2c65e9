"""A line of source code, and what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Optional

#: Kinds of problems: a class that the model is made of has no source here; a source file cannot be read; a
#: module-level name stands for one of several things, each of which is followed. Any other has no kind.
ABSENT, BROKEN, SEVERAL = "absent", "broken", "several"


class Place(NamedTuple):
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
        kind: One of the constants above, or empty.
        name: What has no source here, by the name it was looked for: ``NewBEV``,
            ``mmdet3d.ops.spconv.SparseModule``; empty where it is not one class.
    """

    reason: str
    place: Optional[Place] = None
    kind: str = ""
    name: str = ""
