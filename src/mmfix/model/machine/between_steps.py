"""What one training step hands on to the next: what it changes, and reads before it sets it."""

from __future__ import annotations

from typing import Any, Dict, List, Set, Tuple

from mmfix.model.machine.conditions import CLOCK
from mmfix.model.machine.single import plain
from mmfix.model.machine.values import Instance, is_scalar

Attribute = Tuple[Instance, str]


class BetweenSteps:
    """What steps hand on, of what was there before the first of them.

    An attribute that a step sets on every path before anything reads it is a variable of that step: what it
    was before makes no difference, so the next step is the same as this one.

    Attributes:
        asked: A step has asked how many steps there were.
    """

    def __init__(self) -> None:
        self._began = 0
        self._moved: Dict[Attribute, None] = {}
        self._read: Set[Attribute] = set()
        self._written: Set[Attribute] = set()
        self._counts: Any = 0
        self.asked = False

    def begin(self) -> None:
        """A step begins."""
        self._began = self._began or next(CLOCK)
        self._written.clear()

    def read(self, item: Instance, *names: str) -> None:
        """A step reads attributes, or asks whether they are there."""
        for name in names:
            if (item, name) not in self._written:
                self._read.add((item, name))

    def write(self, item: Instance, name: str, old: Any, value: Any, always: bool) -> None:
        """A step sets an attribute; ``always``: on every path through it."""
        if item.born < self._began:
            old, value = plain(old), plain(value)
            if is_scalar(old) and (value != old if is_scalar(value) else old is None):
                self._moved[item, name] = None
            if always:
                self._written.add((item, name))

    def count(self, unit: str) -> Any:
        """How many iterations or epochs there were, as the trainer tells a step."""
        self.asked = True
        return 0 if self._counts == 1 and unit == "epoch" else self._counts

    def move(self, steps: Any) -> None:
        """The next step is that many steps after the first, or nobody knows how many."""
        self._counts = steps

    @property
    def differ(self) -> bool:
        """Whether a later step may be another than the first."""
        return self.asked or bool(self.counters)

    @property
    def counters(self) -> List[Attribute]:
        """Attributes that a step gave another value, or a first one, and reads before it sets them."""
        return [key for key in self._moved if key in self._read]
