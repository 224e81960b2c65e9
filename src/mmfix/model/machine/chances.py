"""Calls in which something is drawn by chance: whether what comes out makes a difference.

A mask over the images that is as large as chance has it, or is left out, makes none: what depends on which
parameters is the same. Where that holds of all that is drawn, the steps in which all of it comes out low, or
high, are as any other, and need not be followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, NamedTuple, Optional, Tuple

from mmfix.model.machine.conditions import Note
from mmfix.model.machine.drawing import HIGH, LOW
from mmfix.model.machine.frame import Contents
from mmfix.model.machine.parting import Watch, watches
from mmfix.model.machine.state import THROUGH
from mmfix.model.machine.values import MISSING, Instance, Opaque, PyDict, PyList, Storage, is_scalar

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

#: Steps of a call that is followed twice more; a longer one costs as much as the steps that it may save.
_MOST_STEPS = 20_000


class _Outcome(NamedTuple):
    """What a call gives.

    Attributes:
        result: Its result.
        after: The contents of what it changed.
        beside: What else it left behind.
    """

    result: Any
    after: Contents
    beside: Tuple[Any, ...]


def look_at(m: Machine, run: Callable[[], Any]) -> Any:
    """The result of a call; what is drawn in it decides nothing where low and high numbers give the same."""
    before, steps = m.draws.decides, m.steps
    m.draws.decides = False
    level = m.begin()
    try:
        result = run()
        if m.draws.decides and m.steps - steps <= _MOST_STEPS:
            m.draws.decides = not _gives_the_same(m, level, run)
    finally:
        m.end(level)
        m.draws.decides = m.draws.decides or before
    return result


def _gives_the_same(m: Machine, level: Contents, run: Callable[[], Any]) -> bool:
    """Follow a call again, from the contents before it, as if chance had chosen; and forget it."""
    now = {item: item.save() for item in level}
    decides = m.draws.decides
    _put(level)
    try:
        low, high = (_outcome(m, run, come_out) for come_out in (LOW, HIGH))
    finally:
        m.draws.come_out, m.draws.decides = None, decides
        _put(now)
    if low is None or high is None or low.beside != high.beside or not _same(low.result, high.result):
        return False
    chosen: Dict[Tuple[Instance, str], None] = {}
    for item in {**low.after, **high.after}:
        contents = [outcome.after[item] if item in outcome.after else item.save() for outcome in (low, high)]
        if not _same_contents(item, contents[0], contents[1], chosen):
            return False
    for item, name in chosen:
        m.between_steps.chose(item, name)
    return True


def _put(contents: Contents) -> None:
    for item, saved in contents.items():
        item.load(saved.copy() if isinstance(saved, dict) else saved)


def _outcome(m: Machine, run: Callable[[], Any], come_out: str) -> Optional[_Outcome]:
    """What a call gives where all numbers come out low, or high; None where that cannot be compared."""
    kept = (
        m.escaped, m.used, m.checkpoints, m.toggled, m.problems, m.losses, m.catchers, m.turns,
        m.same_losses, m.astray,
    )  # fmt: skip
    bits = m.bits
    m.draws.come_out = come_out
    m.used, m.checkpoints, m.toggled, m.losses, m.catchers = dict(m.used), [], [], [], []
    m.problems, m.turns, m.astray = list(m.problems), None, ""
    watches.append(Watch(m.frames))
    try:
        attempt = m.attempt(run)
        made = bool(m.checkpoints or m.toggled or m.losses or m.astray) or m.bits != bits
        if attempt.ended is not THROUGH or made:
            return None
        return _Outcome(attempt.result, attempt.after, (m.escaped, m.used.keys(), m.same_losses))
    finally:
        watches.pop()
        (
            m.escaped, m.used, m.checkpoints, m.toggled, m.problems, m.losses, m.catchers, m.turns,
            m.same_losses, m.astray,
        ) = kept  # fmt: skip


def _same_contents(item: Storage, a: Any, b: Any, chosen: Dict[Tuple[Instance, str], None]) -> bool:
    """Whether an object holds the same; numbers and data that only one call has put there are noted."""
    if not isinstance(item, Instance):
        parts = [saved if isinstance(saved, tuple) else (saved,) for saved in (a, b)]
        return all(_same(x, y) for x, y in zip(*parts))
    for name in {**a[0], **b[0]}:
        x, y = a[0].get(name), b[0].get(name)
        if _same(x, y) and (name in a[0]) is (name in b[0]):
            continue
        if not _is_data(x) or not _is_data(y):
            return False
        chosen[item, name] = None
    return a[1] is b[1]


def _is_data(value: Any) -> bool:
    """Whether no gradient flows through a value."""
    return is_scalar(value) or (type(value) is Opaque and not value.may)


def _same(a: Any, b: Any) -> bool:
    """Whether two values are the same as far as gradients go."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if is_scalar(a):
        return bool(a == b)
    if type(a) is Opaque:
        alike = (a.may, a.must, a.given, _told(a)) == (b.may, b.must, b.given, _told(b))
        return alike and (a.kind == b.kind or not a.may)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(map(_same, a.values(), b.values()))
    if isinstance(a, PyDict):
        return a.maybe == b.maybe and _same(a.rest, b.rest) and _same(a.items, b.items)
    if isinstance(a, PyList):
        return (a.open, a.tail) == (b.open, b.tail) and _same(a.items, b.items)
    return a is MISSING


def _told(value: Opaque) -> Note:
    """What is known of a value, but for how many sizes it has that are not known."""
    return value.note._replace(sizes=tuple(size for size in value.note.sizes if size is not None))
