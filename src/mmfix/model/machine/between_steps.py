"""What one training step hands on to the next: what it changes, and reads before it sets it."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Set, Tuple

from mmfix.model.machine.conditions import CLOCK
from mmfix.model.machine.frame import Contents
from mmfix.model.machine.single import plain
from mmfix.model.machine.values import Instance, is_scalar

Attribute = Tuple[Instance, str]


class BetweenSteps:
    """What steps hand on, of what was there before the first of them.

    An attribute that a step sets on every path before anything reads it is a variable of that step: what it
    was before makes no difference, so the next step is the same as this one. So is one that every path sets
    which reads it.

    Attributes:
        asked: A step has asked how many steps there were.
        by_chance: A step reads what chance alone has set.

    Args:
        trail: The contents before the branches, calls and loops that run now, the outermost first
            (``state.py: State.trail``).
    """

    def __init__(self, trail: List[Contents]) -> None:
        self._trail = trail
        self._began = 0
        self._moved: Dict[Attribute, None] = {}
        self._read: Set[Attribute] = set()
        self._written: Set[Attribute] = set()
        self._written_in: Dict[Attribute, Optional[Contents]] = {}
        self._set_by_chance: Set[Attribute] = set()
        self._counts: Any = 0
        self.asked = self.by_chance = False

    def begin(self) -> None:
        """A step begins."""
        self._began = self._began or next(CLOCK)
        self._written.clear()
        self._written_in.clear()
        self._set_by_chance.clear()

    def meet(self) -> None:
        """Paths meet: one of them may not have set what the other has."""
        self._written_in.clear()

    def read(self, item: Instance, name: str) -> None:
        """A step reads an attribute, or asks whether it is there."""
        key = (item, name)
        if key in self._read and not self._set_by_chance:
            return
        if key in self._written_in and self._on_this_path(key):
            return
        if key in self._set_by_chance:
            self.by_chance = True
        if key not in self._written:
            self._read.add(key)

    def read_all(self, item: Instance) -> None:
        """A step reads every attribute that an object has."""
        for name in item.items:
            self.read(item, name)

    def _on_this_path(self, key: Attribute) -> bool:
        """Whether the branch, call or loop that has set an attribute still runs."""
        level = self._written_in[key]
        return level is None or any(level is running for running in self._trail)

    def write(self, item: Instance, name: str, old: Any, value: Any, always: bool) -> None:
        """A step sets an attribute; ``always``: on every path through it."""
        if item.born < self._began:
            old, value = plain(old), plain(value)
            if is_scalar(old) and (value != old if is_scalar(value) else old is None):
                self._moved[item, name] = None
            self._written_in[item, name] = self._trail[-1] if self._trail else None
            if always:
                self._written.add((item, name))

    def chose(self, item: Instance, name: str) -> None:
        """Chance decides what an attribute is set to, or whether it is set."""
        self._written_in.pop((item, name), None)
        self._set_by_chance.add((item, name))

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
