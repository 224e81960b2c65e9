"""A change of one file, as editors make it. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional

from mmfix.findings import Remedy


@dataclass(frozen=True)
class Change:
    """Lines of a file that get another text. What is changed stands in the file as it is now.

    Attributes:
        before: The text of the file.
        start: Characters before the first one that is replaced.
        end: Characters before the first one after it; ``start`` where text is only put in.
        text: What stands there afterwards.
    """

    before: str
    start: int
    end: int
    text: str


#: Plans what ``mmfix patch PATH --remedy NAME`` would change; None where that cannot be done.
Plan = Callable[[str, Remedy], Optional[Change]]
