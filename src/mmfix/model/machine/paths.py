"""Which side of an unknown condition the code is on: from values to conditions, and back."""

from __future__ import annotations

from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any, Callable, Iterator, List, Optional, Sequence, Tuple

from mmfix.model.machine import drawing
from mmfix.model.machine.conditions import CLOCK, Condition, Note, Number, Side, Turns, bounded
from mmfix.model.machine.values import DATA, GIVEN, LOST, NUMBERS, TENSOR, UNKNOWN, Either, Opaque, is_scalar

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

#: For each of several branches, what holds on it.
Ways = Sequence[Tuple[Side, ...]]


def condition(m: Machine, born: Optional[int] = None) -> Condition:
    """A new condition, of something that came to be then."""
    made = Condition(next(CLOCK) if born is None else born, m.turns)
    m.conditions.append(made)
    return made


def ways(m: Machine, count: int) -> Ways:
    """Branches of which one is taken, by something that nobody else asks for."""
    one = condition(m)
    return [((one, True),), ((one, False),)] if count == 2 else [((one, number),) for number in range(count)]


def ways_if(m: Machine, value: Any) -> Ways:
    """What holds where ``value`` is true, and where it is not."""
    side = side_of(m, value)
    return [(side,), (opposite(side),)]


def ways_between(value: Either, values: Tuple[Any, ...]) -> Ways:
    """What holds where it is which of its values."""
    found = (
        [value.when[number] for number, item in enumerate(value.values) if any(item is one for one in values)]
        if value.when
        else []
    )
    return found if len(found) == len(values) and all(found) else ()


def side_of(m: Machine, value: Any) -> Side:
    """The side on which a value of unknown truth is true."""
    if isinstance(value, Either):
        rest = [item for item in value.values if item is not None]
        if len(rest) < len(value.values) and all(m.truth(item) is True for item in rest):
            return opposite(none_side(m, value))
    if not isinstance(value, Opaque) or value is UNKNOWN or value is NUMBERS:
        return condition(m), True
    test = value.note.test
    if test is None or test[0].over:
        test = (condition(m, value.born), True)
        value.note = value.note._replace(test=test)
        tell(value, test, bool)
    return test


def tell(value: Any, side: Side, test: Callable[[Any], Any]) -> None:
    """A test whose answer is not known has been asked of a value; ``side`` is where it is true.

    Where it answers other than the scalars would, the value is none of them.
    """
    if not isinstance(value, Opaque) or value.note.maybe_scalar is None:
        return
    scalars, otherwise = value.note.maybe_scalar
    try:
        answers = {bool(test(item)) for item in scalars}
    except TypeError:  # None > 0
        return
    if len(answers) == 1:
        condition, truth = side
        other = (condition, truth is not answers.pop())
        found = {**value.given, other: value.given.get(other, 0) | otherwise}
        value.given = bounded(found)


def opposite(side: Side) -> Side:
    """The other side."""
    return side[0], not side[1]


def holds(m: Machine, side: Optional[Side]) -> Optional[bool]:
    """Whether that side is taken; None when it is not known."""
    taken = m.assumed.get(side[0]) if side is not None else None
    return None if taken is None or side is None else taken == side[1]


def truth(m: Machine, value: Opaque) -> Optional[bool]:
    """The truth of a value that is not known, where what holds says it."""
    turns = _turns(value)
    if turns is not None:  # the first index is 0
        turns.asked_first = True
        return not turns.first
    return holds(m, value.note.test) if m.assumed else None


def is_none(m: Machine, value: Any) -> Optional[bool]:
    """Whether a value is None, where what holds says it."""
    if not isinstance(value, Either):
        return holds(m, value.note.none)
    answers = {item is None for item in alternatives(m, value)}
    return answers.pop() if len(answers) == 1 else holds(m, value.none)


def none_side(m: Machine, value: Any) -> Side:
    """The side on which a value is None."""
    if value is UNKNOWN or value is NUMBERS:
        return condition(m), True
    none: Optional[Side] = value.none if isinstance(value, Either) else value.note.none
    if none is not None and not none[0].over:
        return none
    if isinstance(value, Either):
        value.none = _told_by_one(value) or (condition(m), True)
        return value.none
    none = (condition(m, value.born), True)
    value.note = value.note._replace(none=none)
    tell(value, none, lambda item: item is None)
    return none


def _told_by_one(value: Either) -> Optional[Side]:
    """The side on which it is None, where that one condition tells None from all else."""
    when = dict(zip(map(id, value.values), value.when))
    sides = when.get(id(None), ())
    others = [when[id(item)] for item in value.values if item is not None] if when else []
    if len(sides) != 1 or sides[0][0].over:
        return None
    return sides[0] if all(opposite(sides[0]) in other for other in others) else None


def combined(m: Machine, is_and: bool, first: Side, others: List[Any], result: Any) -> Any:
    """The value of ``first and other``, or of ``first or other``, with what follows where all of it holds."""
    if not isinstance(result, Opaque) or not others:
        return result
    sides: List[Side] = [first]
    known = m.truth(others[0])
    if known is not None and known is not is_and:
        return result
    if known is None:
        sides.append(side_of(m, others[0]))
    if not is_and:  # none of them
        sides = [opposite(side) for side in sides]
    asked, all_of = sides[0]
    if len(sides) > 1:
        asked = interned(m, ("and", *sides), max(side[0].born for side in sides))
        asked.implied[True], all_of = tuple(sides), True
    side = (asked, all_of if is_and else not all_of)
    return Opaque(result.may, result.must, result.kind, result.given, result.note._replace(test=side))


def alternatives(m: Machine, value: Either) -> Tuple[Any, ...]:
    """Those of the values that there may be here."""
    values = value.values
    if value.when and m.assumed:
        kept = tuple(
            item for item, sides in zip(values, value.when)
            if not any(holds(m, side) is False for side in sides)
        )  # fmt: skip
        values = kept or values
    missing = holds(m, value.none)
    if missing is not None:
        values = tuple(item for item in values if (item is None) is missing) or values
    return values


def interned(m: Machine, key: Any, born: int) -> Condition:
    """The condition of that key."""
    known = m.interned.get(key)
    if known is None or known.over:
        known = m.interned[key] = condition(m, born)
    return known


#: Comparisons that are the opposite of others.
_OPPOSITE = {"NotEq": "Eq", "LtE": "Gt", "GtE": "Lt", "IsNot": "Is", "NotIn": "In"}
_MIRRORED = {"Lt": "Gt", "Gt": "Lt", "LtE": "GtE", "GtE": "LtE", "Eq": "Eq", "NotEq": "NotEq"}


def compared(m: Machine, operator: str, left: Any, right: Any, kind: str) -> Any:
    """``left operator right`` where that is not known: a test that has the same answer when asked again."""
    told = _of_index(m, operator, left, right)
    if told is None:
        told = drawing.compared(operator, left, right)
    if told is not None:
        return told
    names = [_name(item) for item in (left, right)]
    if None in names:
        return Opaque(0, 0, kind)
    side = operator not in _OPPOSITE
    operator = _OPPOSITE.get(operator, operator)
    if operator == "Gt" and names[1] == (int, 0):  # a count
        operator, side = "Eq", not side
    born = max((item.born for item in (left, right) if isinstance(item, Opaque)), default=next(CLOCK))
    return Opaque(0, 0, kind, note=Note(test=(interned(m, (operator, *names), born), side)))


def _name(value: Any) -> Any:
    if is_scalar(value):
        return type(value), value
    if isinstance(value, Opaque) and value is not UNKNOWN and value is not NUMBERS:
        number = value.note.number
        if number is None or number.turns is not None:
            return value
        return None if number.counts else (number.base, number.offset)
    return value if isinstance(value, Either) else None


def entry(value: Opaque, index: Any) -> Opaque:
    """``value[index]``: a tensor of indices, or of truths, picks entries, and may pick none.

    What a slice among several indices is cut out of is an array, and so is that: no None.
    """
    if not isinstance(index, tuple):
        found = value.like()
        if isinstance(index, Opaque) and index.kind in (TENSOR, LOST):
            found.note = found.note._replace(picked=found.note.picked or value.may != 0)
        return found
    items = index
    cut = len(items) > 1 and value.kind == DATA and any(item is UNKNOWN for item in items)
    found = value.like(GIVEN if cut else "")
    if any(isinstance(item, Opaque) and item.kind in (TENSOR, LOST) for item in items):
        found.note = found.note._replace(picked=found.note.picked or value.may != 0)
    return found


def added(operator: str, left: Any, right: Any, kind: str) -> Optional[Opaque]:
    """A count and a number more or less: which count it was is kept."""
    if operator not in ("Add", "Sub") or not isinstance(left, Opaque) or type(right) is not int:
        return None
    if left.may or left.kind == TENSOR or left is UNKNOWN or left is NUMBERS:
        return None
    number = left.note.number
    number = Number(left, 0) if number is None or number.turns is not None or number.counts else number
    step = right if operator == "Add" else -right
    return Opaque(0, 0, kind, note=Note(number=Number(number.base, number.offset + step)))


# -- loops of unknown length


def anew(m: Machine, value: Any) -> Any:
    """One of the values that an open list stands for: what is asked of it says nothing of the others."""
    if isinstance(value, tuple):
        return tuple(anew(m, item) for item in value)
    if not isinstance(value, Opaque):
        return value
    number = value.note.number
    if number is not None and number.counts:
        index = copy(value)
        index.born, index.note = next(CLOCK), Note(number=number._replace(turns=m.turns, counts=False))
        last = m.turns is not None and m.turns.last  # the same number, be it the first as well or not
        return m.turns.same("last index", index) if m.turns is not None and last else index
    return value.like()


def _of_index(m: Machine, operator: str, left: Any, right: Any) -> Any:
    """What a test of the index of a loop of unknown length says; None when it is not such a test."""
    if _turns(left) is None and _turns(right) is not None:
        operator, left, right = _MIRRORED.get(operator, ""), right, left
    turns = _turns(left)
    if turns is None:
        return None
    if type(right) is int:
        first = {("Eq", 0): True, ("LtE", 0): True, ("Lt", 1): True}
        later = {("NotEq", 0): False, ("Gt", 0): False, ("GtE", 1): False}
        side = {**first, **later}.get((operator, right))
        if side is not None:
            turns.asked_first = True
            return turns.first is side
    back = _from_the_end(left, right)
    if back is not None:
        side = {"GtE": True, "Lt": False, "Gt": True, "LtE": False, "Eq": True, "NotEq": False}.get(operator)
        back -= operator in ("Gt", "LtE")
        if side is not None and back >= 1 and (back == 1 or operator not in ("Eq", "NotEq")):
            turns.asked_last = True
            if turns.last or back == 1:
                return turns.last is side
    if operator in ("Eq", "NotEq"):
        asked = condition(m)
        asked.once = True
        return Opaque(0, 0, UNKNOWN.kind, note=Note(test=(asked, operator == "Eq")))
    return None


def _turns(value: Any) -> Optional[Turns]:
    number = value.note.number if isinstance(value, Opaque) else None
    return number.turns if number is not None and number.turns is not None and number.turns.running else None


def _from_the_end(index: Opaque, right: Any) -> Optional[int]:
    """k where ``right`` is the end of the range minus k."""
    if not isinstance(right, Opaque) or index.note.number is None:
        return None
    stop, number = index.note.number.base, right.note.number
    if right is stop:
        return 0
    return -number.offset if number is not None and number.turns is None and number.base is stop else None


def begin_turn(m: Machine, turns: Turns, first: bool = False, last: bool = False) -> Tuple[int, int]:
    """A turn of a loop begins; what :func:`end_turn` needs."""
    turns.again(first, last)
    return len(m.conditions), next(CLOCK)


def end_turn(m: Machine, begun: Tuple[int, int]) -> None:
    """It has ended: conditions on what came to be in it are asked anew in the next one."""
    known, started = begun
    for one in m.conditions[known:]:
        one.over = one.over or one.born >= started
    m.conditions[known:] = [one for one in m.conditions[known:] if not one.over]


@contextmanager
def turning(m: Machine, key: Any) -> Iterator[Turns]:
    """Follow a loop of unknown length; in every turn of a loop around it, it is the same loop."""
    around = m.turns
    new = Turns(around)
    turns = m.turns = new if around is None else around.same(key, new)
    turns.running = True
    try:
        yield turns
    finally:
        turns.running = False
        m.turns = around
