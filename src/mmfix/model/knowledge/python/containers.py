"""Methods of lists, dicts, tuples, strings and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List

from mmfix.model.knowledge.python.copying import deep_copy
from mmfix.model.machine import indexing
from mmfix.model.machine.concrete import NotConcrete, compute, compute_method, to_python
from mmfix.model.machine.joining import join, open_list, weaken
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
        return Method(name, value, lambda m, receiver, args, kwargs: receiver)
    if is_scalar(value) or isinstance(value, (range, frozenset)):
        if name == "join":
            return Method(name, value, _join_text)
        return Method(name, value, python_method(name)) if hasattr(value, name) else MISSING
    return MISSING


def python_method(name: str) -> Run:
    """A method that Python itself runs when all is known."""

    def run(m: Machine, receiver: Any, args: List[Any], kwargs: Dict[str, Any]) -> Any:
        try:
            return compute_method(name, receiver, *args, **kwargs)
        except NotConcrete:
            return m.flow(receiver, *args)

    return run


def _join_text(m: Machine, receiver: Any, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    try:
        return compute(str.join, receiver, args[0])
    except NotConcrete:
        return UNKNOWN


def _append(m: Machine, target: PyList, args: List[Any], kwargs: Dict[str, Any]) -> None:
    m.touch(target)
    if target.open:
        target.items = open_list([*target.items, args[0]]).items
    else:
        target.items.append(args[0])


def _extend(m: Machine, target: PyList, args: List[Any], kwargs: Dict[str, Any]) -> None:
    m.touch(target)
    other = m.items_of(args[0])
    if target.open or other.open:
        target.items, target.open = open_list([*target.items, *other.items]).items, True
    else:
        target.items.extend(other.items)


def _insert(m: Machine, target: PyList, args: List[Any], kwargs: Dict[str, Any]) -> None:
    if target.open or not isinstance(args[0], int):
        _append(m, target, args[1:], kwargs)
    else:
        m.touch(target)
        target.items.insert(args[0], args[1])


def _pop(m: Machine, target: PyList, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    index = args[0] if args else -1
    if target.open or not isinstance(index, int) or not -len(target.items) <= index < len(target.items):
        return indexing.subscript(m, target, index if isinstance(index, int) else UNKNOWN)
    m.touch(target)
    return target.items.pop(index)


def _clear(m: Machine, target: Any, args: List[Any], kwargs: Dict[str, Any]) -> None:
    m.touch(target)
    target.items.clear()


def _reverse(m: Machine, target: PyList, args: List[Any], kwargs: Dict[str, Any]) -> None:
    m.touch(target)
    target.items.reverse()


def _sort(m: Machine, target: PyList, args: List[Any], kwargs: Dict[str, Any]) -> None:
    m.touch(target)
    try:
        target.items = compute(sorted, target, **kwargs).items
    except NotConcrete:
        target.items, target.open = open_list(target.items).items, True


def _copy_list(m: Machine, target: PyList, args: List[Any], kwargs: Dict[str, Any]) -> PyList:
    return PyList(list(target.items), target.open, target.path)


def _index(m: Machine, target: Any, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    try:
        return compute(lambda items, item: items.index(item), target, *args)
    except NotConcrete:
        return UNKNOWN


def _remove(m: Machine, target: PyList, args: List[Any], kwargs: Dict[str, Any]) -> None:
    m.touch(target)
    for position, item in enumerate(target.items):
        if item is args[0] or (is_scalar(item) and is_scalar(args[0]) and item == args[0]):
            del target.items[position]
            return


def _get(m: Machine, target: PyDict, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    default = args[1] if len(args) > 1 else kwargs.get("default")
    try:
        key = to_python(args[0])
        if key in target.items:
            value = target.items[key]
            return join(weaken(value), default) if key in target.maybe else value
        return default if target.rest is MISSING else join(weaken(target.rest), default)
    except (NotConcrete, TypeError):
        return join(indexing.subscript(m, target, args[0]), default)


def _items(m: Machine, target: PyDict, args: List[Any], kwargs: Dict[str, Any]) -> PyList:
    pairs: List[Any] = [(key, value) for key, value in target.items.items()]
    if target.rest is MISSING:
        return PyList(pairs)
    return open_list([*((UNKNOWN, value) for _, value in pairs), (UNKNOWN, target.rest)])


def _keys(m: Machine, target: PyDict, args: List[Any], kwargs: Dict[str, Any]) -> PyList:
    return m.items_of(target)


def _values(m: Machine, target: PyDict, args: List[Any], kwargs: Dict[str, Any]) -> PyList:
    values = list(target.items.values())
    return PyList(values) if target.rest is MISSING else open_list([*values, target.rest])


def _update(m: Machine, target: PyDict, args: List[Any], kwargs: Dict[str, Any]) -> None:
    for other in args:
        indexing.update(m, target, other)
    indexing.update(m, target, PyDict(kwargs))


def _pop_key(m: Machine, target: PyDict, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    value = _get(m, target, args, kwargs) if len(args) > 1 else indexing.subscript(m, target, args[0])
    m.touch(target)
    if is_scalar(args[0]):
        target.items.pop(args[0], None)
    return value


def _setdefault(m: Machine, target: PyDict, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    if is_scalar(args[0]) and args[0] not in target.items:
        m.touch(target)
        target.items[args[0]] = args[1] if len(args) > 1 else None
    elif is_scalar(args[0]) and args[0] in target.maybe:
        m.touch(target)
        target.items[args[0]] = join(target.items[args[0]], args[1] if len(args) > 1 else None)
        target.maybe -= {args[0]}
    elif not is_scalar(args[0]):
        m.touch(target)
        indexing.set_entry(target, args[0], args[1] if len(args) > 1 else None)
    return indexing.subscript(m, target, args[0])


def _copy_dict(m: Machine, target: PyDict, args: List[Any], kwargs: Dict[str, Any]) -> PyDict:
    made = PyDict(None, target.path)
    made.load(target.save())
    return made


LIST: Dict[str, Run] = {
    "append": _append, "extend": _extend, "insert": _insert, "pop": _pop, "clear": _clear,
    "reverse": _reverse, "sort": _sort, "copy": _copy_list, "index": _index, "remove": _remove,
    "count": lambda m, target, args, kwargs: UNKNOWN,
}  # fmt: skip
DICT: Dict[str, Run] = {
    "get": _get, "items": _items, "keys": _keys, "values": _values, "update": _update, "pop": _pop_key,
    "setdefault": _setdefault, "copy": _copy_dict, "clear": _clear,
    "to_dict": _copy_dict,
    "deepcopy": lambda m, target, args, kwargs: deep_copy(m, target, {}),
    "move_to_end": lambda m, target, args, kwargs: None,
}  # fmt: skip
