"""``copy.copy`` and ``copy.deepcopy``: a deep copy of a module has parameters of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List

from mmfix.model.machine.values import Either, Instance, Param, PyDict, PyList

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def _copy(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    value = args[0]
    if isinstance(value, PyDict):
        copied = PyDict(None, value.path)
        copied.load(value.save())
        return copied
    if isinstance(value, PyList):
        return PyList(list(value.items), value.open, value.path)
    if isinstance(value, Instance):
        m.doubt(f"a copy of a {value.cls.name} shares its parts")
        made = Instance(value.cls, value.key)
        made.items, made.notes = dict(value.items), value.notes
        made.lost = value.lost
        return made
    return value


def _deepcopy(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    return deep_copy(m, args[0], {})


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
        made = PyList(None, value.open, value.path)
        done[id(value)] = made
        made.items = [deep_copy(m, item, done) for item in value.items]
        return made
    if isinstance(value, tuple):
        return tuple(deep_copy(m, item, done) for item in value)
    if isinstance(value, Either):
        return Either(tuple(deep_copy(m, item, done) for item in value.values))
    return value


CALLS: Dict[str, Callable[[Machine, List[Any], Dict[str, Any]], Any]] = {
    "copy.copy": _copy,
    "copy.deepcopy": _deepcopy,
}
