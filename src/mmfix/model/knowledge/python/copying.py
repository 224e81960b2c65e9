"""``copy.copy`` and ``copy.deepcopy``: a deep copy of a module has parameters of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict

from mmfix.model.machine.values import Either, Instance, Param, PyDict, PyList
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def _copy(m: Machine, x: Any) -> Any:
    if isinstance(x, PyDict):
        copied = PyDict(None, x.path)
        copied.load(x.save())
        return copied
    if isinstance(x, PyList):
        return PyList(list(x.items), x.open, x.path, x.tail)
    if isinstance(x, Instance):
        m.doubt(say("a copy of a {type} shares its parts", type=x.cls.name))
        made = Instance(x.cls, x.key)
        m.between_steps.read_all(x)
        made.items, made.notes = dict(x.items), x.notes
        made.lost = x.lost
        return made
    return x


def _deepcopy(m: Machine, x: Any, memo: Any = None, _nil: Any = ()) -> Any:
    return deep_copy(m, x, {})


def deep_copy(m: Machine, value: Any, done: Dict[int, Any]) -> Any:
    """A copy down to the parameters; parts shared inside stay shared."""
    if id(value) in done:
        return done[id(value)]
    if isinstance(value, Param):
        made: Any = m.new_param(value.requires_grad, value.owner)
        made.created = value.created
        done[id(value)] = made
        return made
    if isinstance(value, Instance):
        m.between_steps.read_all(value)
        made = Instance(value.cls, value.key)
        made.lost = value.lost
        done[id(value)] = made
        made.items = {key: deep_copy(m, item, done) for key, item in value.items.items()}
        made.notes = value.notes
        return made
    if isinstance(value, PyDict):
        made = PyDict(None, value.path, value.rest)
        done[id(value)] = made
        made.items = {key: deep_copy(m, item, done) for key, item in value.items.items()}
        made.maybe = value.maybe
        return made
    if isinstance(value, PyList):
        made = PyList(None, value.open, value.path, value.tail)
        done[id(value)] = made
        made.items = [deep_copy(m, item, done) for item in value.items]
        return made
    if isinstance(value, tuple):
        return tuple(deep_copy(m, item, done) for item in value)
    if isinstance(value, Either):
        return Either(tuple(deep_copy(m, item, done) for item in value.values))
    return value


CALLS: Dict[str, Callable[..., Any]] = {
    "copy.copy": _copy,
    "copy.deepcopy": _deepcopy,
}
