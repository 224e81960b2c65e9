"""One value for two: what is true of a variable after an ``if`` whose condition is not known."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional, Tuple

from mmfix.model.machine import maybe_scalar
from mmfix.model.machine.conditions import (
    NO_GIVEN,
    PICKED,
    PLAIN,
    UNSPLIT,
    Given,
    Note,
    Path,
    Side,
    Split,
    join_given,
    merge_given,
    resolved,
)
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.notes import Notes
from mmfix.model.machine.parting import compare, watches
from mmfix.model.machine.reach import HOLDERS, reachable
from mmfix.model.machine.values import (
    DATA,
    GIVEN,
    LOST,
    MISSING,
    TENSOR,
    UNKNOWN,
    Either,
    Instance,
    NativeClass,
    Opaque,
    Param,
    PyDict,
    PyList,
    Storage,
    is_scalar,
)

_MOST_ALTERNATIVES = 8
_DEEPEST = 12
#: Records may hold each other.
_DEEPEST_RECORD = 1


class StandIn(Instance):
    """One of several objects of one class, none of them a module, when it is not known which."""

    __slots__ = ()


def join(a: Any, b: Any, depth: int = 0, ways: Split = UNSPLIT) -> Any:
    """A value that stands for ``a`` and for ``b``; what only one of them depends on is no longer a must.

    ``ways``: where the paths that give them differ.
    """
    if a is b:
        return a
    if a is MISSING:
        return weaken(b, Split(ways.second, ways.first))
    if b is MISSING:
        return weaken(a, ways)
    if is_scalar(a) and is_scalar(b):
        return a if type(a) is type(b) and a == b else _joined_scalars(a, b, ways)
    if depth > _DEEPEST:
        return joined_summary(a, b, ways)
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(join(x, y, depth + 1, ways) for x, y in zip(a, b))
    if isinstance(a, PyList) and isinstance(b, PyList):
        return _join_lists(a, b, depth, ways)
    if isinstance(a, PyDict) and isinstance(b, PyDict):
        made = PyDict(None, a.path if a.path == b.path else None)
        made.items, made.rest, made.maybe = _join_dicts(a.save(), b.save(), depth + 1, ways)
        return made
    if _opaque_like(a) and _opaque_like(b):
        return joined_summary(a, b, ways)
    return _either(a, b, depth, ways)


def one_text_of(texts: List[str]) -> Any:
    """Any of several texts: a name that is looked up, and compared with others."""
    different = tuple(dict.fromkeys(texts))
    if len(different) > _MOST_ALTERNATIVES:
        return Opaque(0, 0, DATA)
    return different[0] if len(different) == 1 else Either(different)


def is_one_text(value: Any) -> bool:
    """Whether it is one of several known texts."""
    return isinstance(value, Either) and all(isinstance(item, str) for item in value.values)


def _joined_scalars(a: Any, b: Any, ways: Split) -> Any:
    """One of two numbers or texts; a condition may tell whether it is true."""
    if a is None or b is None:
        return _either(a, b, 0, ways)
    condition = ways.telling()
    if condition is None or bool(a) is bool(b):
        return Opaque(0, 0, DATA)
    return Opaque(0, 0, DATA, note=Note(test=(condition, ways.first[condition] is bool(a))))


def _when_none(a: Any, b: Any, ways: Split) -> Optional[Side]:
    """The side on which a value that is ``a`` or ``b`` is None."""
    condition = ways.telling()
    if condition is None or (a is None) is (b is None):
        return None
    other = b if a is None else a
    if isinstance(other, Either) or (isinstance(other, Opaque) and other.kind not in (TENSOR, GIVEN)):
        return None  # it may be None itself
    return condition, ways.first[condition] if a is None else ways.second[condition]


def _join_dicts(a: Any, b: Any, depth: int, ways: Split) -> Any:
    """Key by key; a key of one side alone may be missing afterwards."""
    joined = {key: join(value, b[0].get(key, MISSING), depth, ways) for key, value in a[0].items()}
    for key, value in b[0].items():
        if key not in a[0]:
            joined[key] = join(MISSING, value, depth, ways)
    rest = MISSING if a[1] is MISSING and b[1] is MISSING else join(a[1], b[1], depth, ways)
    return joined, rest, a[2] | b[2] | (a[0].keys() ^ b[0].keys())


def join_contents(item: Storage, a: Any, b: Any, ways: Split = UNSPLIT) -> Any:
    """What :meth:`Storage.load` takes, for the contents of one object after two branches."""
    if isinstance(item, Param):
        return a if a == b else None
    if isinstance(item, PyDict):
        return _join_dicts(a, b, 0, ways)
    if isinstance(item, PyList):
        a, b = PyList(list(a[0]), a[1], None, a[2]), PyList(list(b[0]), b[1], None, b[2])
        joined = _join_lists(a, b, 0, ways)
        return joined.items, joined.open, joined.tail
    if isinstance(item, Instance):
        return _join_names(a[0], b[0], 0, ways), _join_notes(a[1], b[1])
    return _join_names(a, b, 0, ways)


def _join_names(a: Dict[str, Any], b: Dict[str, Any], depth: int, ways: Split) -> Dict[str, Any]:
    """A variable or attribute that one branch never set cannot be read after it: the other one counts."""
    joined = {**a, **b}
    for key, value in a.items():
        other = joined[key]
        if other is not value:
            joined[key] = join(value, other, depth, ways)
    return joined


def _join_notes(a: Notes, b: Notes) -> Notes:
    """What either of two branches noted."""
    if a is b:
        return a
    return Notes(
        tuple({**dict.fromkeys(a.hidden), **dict.fromkeys(b.hidden)}),
        a.slots if len(a.slots) >= len(b.slots) else b.slots,
        a.hooks if len(a.hooks) >= len(b.hooks) else b.hooks,
        a.hooks_before if len(a.hooks_before) >= len(b.hooks_before) else b.hooks_before,
        a.checkpointed or b.checkpointed,
        a.initialised or b.initialised,
    )


def weaken(value: Any, ways: Split = UNSPLIT) -> Any:
    """A value that may be missing: nothing it depends on is a must, but where its path was taken."""
    if isinstance(value, Opaque):
        if value.may and watches:
            watches[-1].part(value.may)
        if not value.must and not value.given:
            return value
        must, given = join_given(value.must, value.given, 0, NO_GIVEN, ways)
        return Opaque(value.may, must, value.kind, given, value.note._replace(test=None, maybe_scalar=None))
    if isinstance(value, tuple):
        return tuple(weaken(item, ways) for item in value)
    return value


def without_none(value: Any) -> Any:
    """What a value is where None would raise: the other alternatives."""
    if not isinstance(value, Either) or None not in value.values:
        return value
    kept = tuple(item for item in value.values if item is not None)
    return kept[0] if len(kept) == 1 else Either(kept)


def summary(value: Any, depth: int = 0) -> Opaque:
    """Everything a value depends on, as one opaque value; its musts are those of all its parts together."""
    if isinstance(value, Opaque):
        return value
    if isinstance(value, Param):
        bit = 0 if value.requires_grad is False else value.bit
        return Opaque(bit, bit if value.requires_grad else 0, TENSOR)
    if isinstance(value, Either):
        return any_of([summary(item, depth + 1) for item in value.values])
    if isinstance(value, HOLDERS) or depth > _DEEPEST:
        return Opaque(reachable(value), 0, LOST)
    children: List[Any] = []
    if isinstance(value, (tuple, list)):
        children = list(value)
    elif isinstance(value, PyList):
        children = value.items
    elif isinstance(value, PyDict):
        children = [*value.items.values(), *([] if value.rest is MISSING else [value.rest])]
    return together([summary(child, depth + 1) for child in children], {}, DATA)


def together(parts: List[Opaque], path: Path, kind: str) -> Opaque:
    """What depends on all of several values, on this path."""
    may = must = 0
    picked = False
    given: Given = {}
    for part in parts:
        may |= part.may
        must |= part.must
        picked = picked or part.note.picked
        if part.given:
            must |= merge_given(given, part.given, path)
    if given:
        must, given = resolved(must, given)
    return Opaque(may, must, kind, given or NO_GIVEN, PICKED if picked else PLAIN)


def any_of(parts: List[Opaque], kind: str = DATA) -> Opaque:
    """One opaque value of that kind for any of several, whichever it is."""
    first = parts[0]
    may, must, given, picked = first.may, first.must, first.given, first.note.picked
    for part in parts[1:]:
        if watches and (may != part.may or must != part.must):
            watches[-1].part((may ^ part.may) | (must ^ part.must))
        must, given = join_given(must, given, part.must, part.given, UNSPLIT)
        may |= part.may
        picked = picked or part.note.picked
    return Opaque(may, must, kind, given, PICKED if picked else PLAIN)


def joined_summary(a: Any, b: Any, ways: Split = UNSPLIT) -> Opaque:
    """Either of two values, as one opaque value."""
    first, second = summary(a), summary(b)
    compare(first, second)
    kind = (
        TENSOR if first.kind == second.kind == TENSOR else LOST if LOST in (first.kind, second.kind) else DATA
    )
    must, given = join_given(first.must, first.given, second.must, second.given, ways)
    note = PICKED if first.note.picked or second.note.picked else PLAIN
    known = maybe_scalar.either(a, b, first, second, ways)
    return Opaque(
        first.may | second.may,
        must,
        kind,
        given,
        note if known is None else note._replace(maybe_scalar=known),
    )


def _join_lists(a: PyList, b: PyList, depth: int, ways: Split) -> PyList:
    path = a.path if a.path == b.path else None
    if a.open is b.open and len(a.items) == len(b.items):
        items = [join(x, y, depth + 1, ways) for x, y in zip(a.items, b.items)]
        return PyList(items, a.open, path, min(a.tail, b.tail))
    return PyList(_one([*a.items, *b.items], depth), True, path)


def grew(item: Storage, before: Any, after: Any) -> bool:
    """Whether an object reaches more parameters than before: one more turn of a loop may matter."""
    if isinstance(item, Param):
        return False
    if isinstance(item, PyList):
        return bool(reachable(after[0]) & ~reachable(before[0]))
    if isinstance(item, PyDict):
        before, after = {**before[0], MISSING: before[1]}, {**after[0], MISSING: after[1]}
    elif isinstance(item, Instance):
        before, after = ({**saved[0], **saved[1]._asdict()} for saved in (before, after))
    # a variable that the loop itself brings is written before it is read
    return any(
        bool(reachable(value) & ~reachable(before.get(key)))
        for key, value in after.items()
        if value is not before.get(key) and (key in before or not isinstance(item, Frame))
    )


def open_list(items: List[Any]) -> PyList:
    """A list of unknown length, made of items like these."""
    return PyList(_one(items, 0), True)


def concatenated(*lists: PyList) -> PyList:
    """The items of all lists, one list after the other."""
    items = [item for part in lists for item in part.items]
    if not any(part.open for part in lists):
        return PyList(items)
    tail = 0
    for part in reversed(lists):
        if part.open:
            tail += part.tail
            break
        tail += len(part.items)
    return PyList(items, True, None, tail)


def any_item(value: PyList) -> Any:
    """What stands for every item of an open list."""
    found = _one(value.items, 0)
    return found[0] if found else UNKNOWN


def _one(items: List[Any], depth: int) -> List[Any]:
    if not items:
        return []
    value = items[0]
    for item in items[1:]:
        value = join(value, item, depth + 1)
    return [value]


def _opaque_like(value: Any) -> bool:
    return isinstance(value, (Opaque, Param, tuple)) or (is_scalar(value) and value is not None)


def _either(a: Any, b: Any, depth: int, ways: Split) -> Any:
    if _one_class(a, b) and depth <= _DEEPEST_RECORD:
        return _one_record(a, b, depth, ways)
    found: List[Tuple[Any, Tuple[Side, ...]]] = []
    for item, sides in (*_alternatives(a, ways, ways.first), *_alternatives(b, ways, ways.second)):
        known = [number for number, (other, _) in enumerate(found)
                 if item is other or (is_scalar(item) and item == other)]  # fmt: skip
        if not known:
            found.append((item, sides))
        else:  # on several paths it is this one
            found[known[0]] = (item, ())
    found = _fewer(found, depth)
    values = tuple(item for item, _ in found)
    if len(values) == 1:
        return values[0]
    if len(values) > _MOST_ALTERNATIVES and not any(isinstance(item, Instance) for item in values):
        return joined_summary(a, b, ways)
    if all(value is None or isinstance(value, (Opaque, Param)) for value in values):
        if not isinstance(a, Either) and not isinstance(b, Either):
            result = joined_summary(a, b, ways)
            kind = LOST if result.kind == LOST else DATA
            note = result.note._replace(none=_when_none(a, b, ways))
            return Opaque(result.may, result.must, kind, result.given, note)
        parts = [summary(value) for value in values]
        return any_of(parts, LOST if any(part.kind == LOST for part in parts) else DATA)
    if watches and not isinstance(a, HOLDERS) and not isinstance(b, HOLDERS):
        compare(summary(a), summary(b))
    return Either(values, tuple(sides for _, sides in found))


def _alternatives(value: Any, ways: Split, path: Path) -> Iterator[Tuple[Any, Tuple[Side, ...]]]:
    """What a value may be, each with the sides that tell it from what the other path gives."""
    condition = ways.telling()
    side: Tuple[Side, ...] = () if condition is None else ((condition, path[condition]),)
    if not isinstance(value, Either):
        yield value, side
        return
    for number, item in enumerate(value.values):
        yield item, (*(value.when[number] if value.when else ()), *side)


def is_record(item: Any) -> bool:
    """Whether a value is an object that is no module: it only holds values."""
    if not isinstance(item, Instance):
        return False
    return not item.cls.is_module if isinstance(item.cls, NativeClass) else item.cls.is_record


def _one_class(a: Any, b: Any) -> bool:
    return is_record(a) and is_record(b) and a.cls is b.cls


def _fewer(found: List[Tuple[Any, Tuple[Side, ...]]], depth: int) -> List[Tuple[Any, Tuple[Side, ...]]]:
    """One opaque value in the place of all of them, one record in the place of all of its class."""
    kept: List[Tuple[Any, Tuple[Side, ...]]] = []
    for item, sides in found:
        for number, (other, known) in enumerate(kept):
            if len(found) > 2 and isinstance(other, Opaque) and isinstance(item, Opaque):
                made: Any = joined_summary(other, item, Split(dict(known), dict(sides)))
            elif depth <= _DEEPEST_RECORD and _one_class(other, item):
                made = _one_record(other, item, depth, Split(dict(known), dict(sides)))
            else:
                continue
            kept[number] = made, tuple(side for side in known if side in sides)
            break
        else:
            kept.append((item, sides))
    return kept


def _one_record(a: Instance, b: Instance, depth: int, ways: Split) -> Instance:
    """One object in the place of two records, as one dict stands for two."""
    made = StandIn(a.cls)
    made.items = _join_names(a.items, b.items, depth + 1, ways)
    made.notes = _join_notes(a.notes, b.notes)
    made.lost = a.lost or b.lost
    return made
