"""Conditions that are not known: each is an object of its own, so that one asked twice takes one side.

A path is the sides that hold where the code runs now. Of a value that two paths give, what it must depend on
is known for either side (``given``), and comes back where one of the sides is known to hold.
"""

from __future__ import annotations

import itertools
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

#: Counts the things made; their order of birth tells which of them a branch made itself.
CLOCK = itertools.count()
#: Sides that one value is told apart by; the oldest conditions count, for they are asked most often.
_MOST_SIDES = 16
_ELSEWHERE = object()


class Condition:
    """A condition that is not known; its sides are True and False, or the number of a branch.

    Attributes:
        born: When what it asks about came to be.
        over: The turn of a loop that it was asked in has ended; the next one asks again.
        implied: What else holds on a side.
        once: A side that at most one turn of ``turns`` takes.
        turns: The loop of unknown length that it was asked in.
        full: The side on which there is something to compute on, where it asks for that.
        healthy: That side is taken in every step of a training that works: it asks for what the model itself
            has computed for a batch.
    """

    __slots__ = ("born", "full", "healthy", "implied", "once", "over", "turns")

    def __init__(self, born: int, turns: Optional[Turns] = None) -> None:
        self.born = born
        self.over = False
        self.implied: Dict[Any, Tuple[Side, ...]] = {}
        self.once: Any = None
        self.turns = turns
        self.full: Optional[bool] = None
        self.healthy = False


Side = Tuple[Condition, Any]
Path = Dict[Condition, Any]
#: Parameters (bits) that a value depends on beside its musts, where a side holds.
Given = Dict[Side, int]
NO_GIVEN: Given = {}


#: There is something to compute on, whatever asks for it.
FULL: Side = (Condition(0), True)


def when_full(given: Given) -> Given:
    """What a value depends on in every step that has something to compute on, as one side."""
    bits = 0
    for (condition, side), found in given.items():
        if (side is FULL[1] and condition is FULL[0]) or (
            condition.full is not None and side is condition.full
        ):
            bits |= found
    return {FULL: bits} if bits else NO_GIVEN


class Turns:
    """A loop of unknown length, while its turns are followed one for many.

    Attributes:
        around: The loop of that kind around it.
        first, last: The turn that is followed now is the first, the last.
        asked_first, asked_last: Its body asks whether it is.
        running: It has not ended.
    """

    __slots__ = ("_met", "_things", "around", "asked_first", "asked_last", "first", "last", "running")

    def __init__(self, around: Optional[Turns]) -> None:
        self.around = around
        self.first = self.last = self.asked_first = self.asked_last = self.running = False
        self._met: Dict[Any, int] = {}
        self._things: Dict[Any, Any] = {}

    def again(self, first: bool = False, last: bool = False) -> None:
        """The next turn that is followed."""
        self.first, self.last = first, last
        self._met = {}

    def same(self, key: Any, new: Any) -> Any:
        """``new``, or what stood in its place in the turn followed before: the nth met under this key."""
        number = self._met.get(key, 0)
        self._met[key] = number + 1
        return self._things.setdefault((key, number), new)

    @property
    def which(self) -> str:
        """Whether what runs now runs in the first turn alone, the last alone, the only one, or in any."""
        if self.last:
            return "only" if self.first else "last"
        return "first" if self.first and self.asked_first else "any"


class Number(NamedTuple):
    """What is known of a count: ``base + offset``.

    Attributes:
        base: The value it was counted from; for an index the end of the range.
        offset: What was added.
        turns: The loop that it is the index of; None for other counts.
        counts: It stands for the index of a loop that has not begun.
    """

    base: Any
    offset: int = 0
    turns: Optional[Turns] = None
    counts: bool = False


class MaybeScalar(NamedTuple):
    """A value that is one of a few scalars, or depends on parameters.

    Attributes:
        scalars: What it may be.
        otherwise: What it must depend on where it is none of them (bits).
    """

    scalars: Tuple[Any, ...]
    otherwise: int


class Note(NamedTuple):
    """What is known of a value that is not.

    Attributes:
        test: The side on which it is true.
        none: The side on which it is None.
        number: What is known of it as a count.
        picked: Data has chosen which entries it has: there may be none.
        sizes: Of a tensor that was just given a shape, its sizes; None for those that are not known.
        rows: Of a tensor that was made from a list, how long that is; None: not known.
        maybe_scalar: The scalars that it may be.
    """

    test: Optional[Side] = None
    none: Optional[Side] = None
    number: Optional[Number] = None
    picked: bool = False
    sizes: Tuple[Optional[int], ...] = ()
    rows: Optional[int] = None
    maybe_scalar: Optional[MaybeScalar] = None


PLAIN = Note()
#: Of what data has picked entries from.
PICKED = Note(picked=True)


def with_implied(sides: Tuple[Side, ...]) -> Iterator[Side]:
    """Sides, and all that follows from them."""
    if len(sides) == 1 and not sides[0][0].implied:
        yield sides[0]
        return
    seen: Set[Condition] = set()
    stack: List[Side] = list(sides)
    while stack:
        condition, side = stack.pop()
        if condition not in seen:
            seen.add(condition)
            yield condition, side
            stack.extend(condition.implied.get(side, ()))


def common(paths: List[Path]) -> Path:
    """What holds on every path."""
    found = {condition: side for condition, side in paths[0].items() if not condition.over}
    for other in paths[1:]:
        found = {
            condition: side for condition, side in found.items() if other.get(condition, _ELSEWHERE) == side
        }
    return found


def excludes(a: Path, b: Path) -> bool:
    """Whether no step takes both paths."""
    return any(b.get(condition, side) != side for condition, side in a.items())


class Split(NamedTuple):
    """Where two paths differ."""

    first: Path
    second: Path

    def telling(self) -> Optional[Condition]:
        """A condition with True on one path and False on the other; None when there is none."""
        for condition, side in self.first.items():
            if isinstance(side, bool) and self.second.get(condition) is (not side):
                return condition
        return None


UNSPLIT = Split({}, {})


def split(a: Path, b: Path) -> Split:
    """Where ``a`` and ``b`` differ."""
    if a is b:
        return UNSPLIT
    return Split(
        {condition: side for condition, side in a.items() if b.get(condition, _ELSEWHERE) != side},
        {condition: side for condition, side in b.items() if a.get(condition, _ELSEWHERE) != side},
    )


def ways_between(paths: List[Path]) -> List[Split]:
    """Where each path but the last differs from what all behind it share, the last of them first.

    Paths that left early differ from all later ones by one condition.
    """
    path = paths[-1]
    found: List[Split] = []
    for other in reversed(paths[:-1]):
        found.append(split(other, path))
        path = common([path, other])
    return found


def must_on(must: int, given: Given, path: Path) -> int:
    """What a value must depend on where a path is taken."""
    if not given or not path:
        return must
    for (condition, side), bits in given.items():
        if path.get(condition, _ELSEWHERE) == side:
            must |= bits
    return must


def join_given(must_a: int, a: Given, must_b: int, b: Given, ways: Split) -> Tuple[int, Given]:
    """The must of a value that is one of two, and what it must depend on beside on either side."""
    if not a and not b and (must_a == must_b or not (ways.first or ways.second)):
        return must_a & must_b, NO_GIVEN
    first, second = must_on(must_a, a, ways.first), must_on(must_b, b, ways.second)
    must = first & second
    found: Given = {}
    for condition, side in _sides(a, b, ways):
        bits = -1
        if ways.first.get(condition, side) == side:
            bits &= first | a.get((condition, side), 0)
        if ways.second.get(condition, side) == side:
            bits &= second | b.get((condition, side), 0)
        if bits != -1 and bits & ~must:
            found[condition, side] = bits & ~must
    return must, bounded(found)


def _sides(a: Given, b: Given, ways: Split) -> Dict[Side, None]:
    sides = dict.fromkeys((*a, *b, *ways.first.items(), *ways.second.items()))
    for path in ways:
        sides.update(
            ((condition, not side), None) for condition, side in path.items() if isinstance(side, bool)
        )
    return {side: None for side in sides if not side[0].over}


def merge_given(found: Given, given: Given, path: Path) -> int:
    """Add what ``given`` says to ``found``; the result is what it says for sure on this path."""
    must = 0
    for (condition, side), bits in given.items():
        holds = path.get(condition, _ELSEWHERE)
        if holds == side:
            must |= bits
        elif holds is _ELSEWHERE and not condition.over:
            found[condition, side] = found.get((condition, side), 0) | bits
    return must


def resolved(must: int, given: Given) -> Tuple[int, Given]:
    """What depends on a parameter on both sides of a condition must depend on it."""
    for (condition, side), bits in given.items():
        if side is True:
            must |= bits & given.get((condition, False), 0)
    return must, bounded({side: bits for side, bits in given.items() if bits & ~must})


def bounded(given: Given) -> Given:
    """The same, of the oldest conditions only when there are many."""
    if len(given) <= _MOST_SIDES:
        return given
    oldest = sorted(given, key=lambda side: side[0].born)[:_MOST_SIDES]
    return {side: given[side] for side in oldest}
