"""Numbers that the program draws by chance, and the steps in which all of them come out low, or high.

What depends on such a number is not known. But of steps that differ by chance alone, some have the lowest
numbers throughout and some the highest: both can be followed as if the program had chosen them.
"""

from __future__ import annotations

from typing import Any, Optional

from mmfix.model.machine.values import Opaque

LOW, HIGH = "low", "high"
#: How near to the end of its range a number has to come out: code that runs in one step of thousands may
#: never run.
_NEAR = 0.001


class Draws:
    """What is drawn while a step is followed.

    Attributes:
        decides: What was drawn so far may make a difference.
        come_out: All numbers come out LOW or HIGH; None where they are not known.
        looked_at: Each call that draws is looked at: whether it makes one (``chances.py``).
    """

    __slots__ = ("come_out", "decides", "looked_at")

    def __init__(self) -> None:
        self.decides = self.looked_at = False
        self.come_out: Optional[str] = None

    def number(self, low: Any, high: Any, kind: str) -> Any:
        """One of the real numbers between two, each as likely as the other."""
        if not isinstance(low, (int, float)) or not isinstance(high, (int, float)) or not low < high:
            return Opaque(0, 0, kind)
        self.decides = True
        if self.come_out is None:
            return Drawn(low, high, kind)
        near = (high - low) * _NEAR
        return low + near if self.come_out is LOW else high - near

    def index(self, count: int) -> Optional[int]:
        """One of the numbers from 0 on, that many; None where it is not known which."""
        self.decides = True
        if self.come_out is None:
            return None
        return 0 if self.come_out is LOW else count - 1


class Drawn(Opaque):
    """A number between two, as chance decides."""

    __slots__ = ("high", "low")

    def __init__(self, low: float, high: float, kind: str) -> None:
        super().__init__(0, 0, kind)
        self.low, self.high = low, high


_MIRRORED = {"Lt": "Gt", "Gt": "Lt", "LtE": "GtE", "GtE": "LtE"}


def compared(operator: str, left: Any, right: Any) -> Optional[bool]:
    """``left operator right`` where that is the same whatever is drawn: ``random.random() < 0``."""
    if isinstance(right, Drawn):
        operator, left, right = _MIRRORED.get(operator, ""), right, left
    if not isinstance(left, Drawn) or not isinstance(right, (int, float)) or operator not in _MIRRORED:
        return None
    if left.low < right < left.high:
        return None
    return (right >= left.high) is (operator in ("Lt", "LtE"))
