"""Methods of lists, dicts, tuples, strings and numbers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from mmfix.model.knowledge.python.copying import deep_copy
from mmfix.model.knowledge.python.functions import in_order
from mmfix.model.machine import indexing
from mmfix.model.machine.concrete import NotConcrete, compute, compute_method, to_python
from mmfix.model.machine.joining import concatenated, join, open_list, weaken
from mmfix.model.machine.texts import filled
from mmfix.model.machine.values import (
    MISSING,
    UNKNOWN,
    Method,
    PyDict,
    PyList,
    is_scalar,
)

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

Run = Callable[..., Any]


def attribute(m: Machine, value: Any, name: str) -> Any:
    """A method of a container or scalar; the entry of a dict (ConfigDict lets one write ``cfg.key``)."""
    if isinstance(value, PyList):
        run = LIST.get(name)
        return MISSING if run is None else Method(name, value, run)
    if isinstance(value, PyDict):
        if name in value.items:
            return value.items[name]
        run = DICT.get(name)
        if run is not None:
            return Method(name, value, run)
        return MISSING if value.rest is MISSING else weaken(value.rest)
    if isinstance(value, tuple):
        return Method(name, value, python_method(name)) if hasattr(tuple, name) else MISSING
    if isinstance(value, (int, float)) and name in ("item", "tolist", "long", "float", "int"):
        return Method(name, value, _itself)
    if is_scalar(value) or isinstance(value, (range, frozenset)):
        if name == "join":
            return Method(name, value, _join_text)
        if name == "format" and isinstance(value, str):
            return Method(name, value, _format)
        return Method(name, value, python_method(name)) if hasattr(value, name) else MISSING
    return MISSING


def python_method(name: str) -> Run:
    """A method that Python itself runs when all is known."""

    def run(m: Machine, receiver: Any, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return compute_method(name, receiver, *args, **kwargs)
        except NotConcrete:
            return m.flow(receiver, *args, *kwargs.values())

    return run


def _itself(m: Machine, receiver: Any, /) -> Any:
    return receiver


def _format(m: Machine, receiver: str, /, *args: Any, **kwargs: Any) -> Any:
    try:
        return compute_method("format", receiver, *args, **kwargs)
    except NotConcrete:
        return filled(receiver, r"\{[^{}]*\}", args[0] if len(args) == 1 else UNKNOWN)


def _join_text(m: Machine, receiver: Any, iterable: Any, /) -> Any:
    try:
        return compute(str.join, receiver, iterable)
    except NotConcrete:
        return UNKNOWN


def _append(m: Machine, target: PyList, object: Any, /) -> None:
    m.touch(target)
    target.items.append(object)
    target.tail += target.open


def _extend(m: Machine, target: PyList, iterable: Any, /) -> None:
    m.touch(target)
    target.load(concatenated(target, m.items_of(iterable)).save())


def _insert(m: Machine, target: PyList, index: Any, object: Any, /) -> None:
    m.touch(target)
    if isinstance(index, int) and not target.open:
        target.items[index:index] = [object]  # as insert() does, with any number
    else:
        target.load(open_list([*target.items, object]).save())


def _pop(m: Machine, target: PyList, index: Any = -1, /) -> Any:
    if not isinstance(index, int):
        return indexing.subscript(m, target, UNKNOWN)
    found = indexing.subscript(m, target, index)
    if -(target.tail if target.open else len(target.items)) <= index < (not target.open) * len(target.items):
        m.touch(target)
        target.tail -= target.open
        del target.items[index]
    return found


def _clear(m: Machine, target: Any, /) -> None:
    m.touch(target)
    target.items.clear()
    if isinstance(target, PyList):
        target.open, target.tail = False, 0


def _reverse(m: Machine, target: PyList, /) -> None:
    m.touch(target)
    target.items.reverse()
    target.tail = 0


def _sort(m: Machine, target: PyList, /, *, key: Any = None, reverse: Any = False) -> None:
    found = in_order(m, target, key, reverse)
    m.touch(target)
    if found is None:
        target.load(open_list(target.items).save())
    else:
        target.items = found


def _copy_list(m: Machine, target: PyList, /) -> PyList:
    return PyList(list(target.items), target.open, target.path, target.tail)


def _index(m: Machine, target: PyList, value: Any, start: Any = 0, stop: Any = sys.maxsize, /) -> Any:
    try:
        return compute(list.index, target, value, start, stop)
    except NotConcrete:
        return UNKNOWN


def _count(m: Machine, target: PyList, value: Any, /) -> Any:
    return UNKNOWN


def _remove(m: Machine, target: PyList, value: Any, /) -> None:
    m.touch(target)
    for position, item in enumerate(target.items):
        if item is value or (is_scalar(item) and is_scalar(value) and item == value):
            del target.items[position]
            target.tail = 0
            return


# a ConfigDict takes by name what a dict takes by position only (mmengine/config/config.py: ConfigDict.get)


def _get(m: Machine, target: PyDict, key: Any, default: Any = None) -> Any:
    try:
        known = to_python(key)
        if known in target.items:
            value = target.items[known]
            return join(weaken(value), default) if known in target.maybe else value
        return default if target.rest is MISSING else join(weaken(target.rest), default)
    except (NotConcrete, TypeError):
        return join(indexing.subscript(m, target, key), default)


def _items(m: Machine, target: PyDict, /) -> PyList:
    pairs: List[Any] = [(key, value) for key, value in target.items.items()]
    if target.rest is MISSING:
        return PyList(pairs)
    return PyList([*pairs, (UNKNOWN, target.rest)], True)


def _keys(m: Machine, target: PyDict, /) -> PyList:
    return m.items_of(target)


def _values(m: Machine, target: PyDict, /) -> PyList:
    values = list(target.items.values())
    return PyList(values) if target.rest is MISSING else PyList([*values, target.rest], True)


def _update(m: Machine, target: PyDict, other: Any = MISSING, /, **kwargs: Any) -> None:
    if other is not MISSING:
        indexing.update(m, target, other)
    indexing.update(m, target, PyDict(kwargs))


def _pop_key(m: Machine, target: PyDict, key: Any, default: Any = MISSING) -> Any:
    value = indexing.subscript(m, target, key) if default is MISSING else _get(m, target, key, default)
    m.touch(target)
    if is_scalar(key):
        target.items.pop(key, None)
        if target.owner is not None and isinstance(key, str):
            m.known.detach(m, target.owner, key)
    return value


def _setdefault(m: Machine, target: PyDict, key: Any, default: Any = None) -> Any:
    m.touch(target)
    try:
        known = to_python(key)
        if known not in target.items:
            target.items[known] = default
        elif known in target.maybe:
            target.items[known] = join(target.items[known], default)
            target.maybe -= {known}
    except (NotConcrete, TypeError):
        indexing.set_entry(target, key, default)
    return indexing.subscript(m, target, key)


def _copy_dict(m: Machine, target: PyDict, /) -> PyDict:
    made = PyDict(None, target.path)
    made.load(target.save())
    return made


def _deepcopy(m: Machine, target: PyDict, /) -> Any:
    return deep_copy(m, target, {})


def _move_to_end(m: Machine, target: PyDict, key: Any, last: Any = True) -> None:
    return None


LIST: Dict[str, Run] = {
    "append": _append, "extend": _extend, "insert": _insert, "pop": _pop, "clear": _clear,
    "reverse": _reverse, "sort": _sort, "copy": _copy_list, "index": _index, "remove": _remove,
    "count": _count,
}  # fmt: skip
DICT: Dict[str, Run] = {
    "get": _get, "items": _items, "keys": _keys, "values": _values, "update": _update, "pop": _pop_key,
    "setdefault": _setdefault, "copy": _copy_dict, "clear": _clear, "to_dict": _copy_dict,
    "deepcopy": _deepcopy, "move_to_end": _move_to_end,
}  # fmt: skip
