"""Python's own functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List

from mmfix.model.knowledge.torch import parts
from mmfix.model.machine import indexing
from mmfix.model.machine.concrete import NotConcrete, compute, to_python
from mmfix.model.machine.joining import open_list
from mmfix.model.machine.values import (
    MISSING,
    UNKNOWN,
    Instance,
    NativeClass,
    PyDict,
    PyList,
)

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

Handler = Callable[["Machine", List[Any], Dict[str, Any]], Any]


def _len(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    value = args[0]
    if isinstance(value, Instance):
        if not isinstance(value.cls, NativeClass):
            custom = m.attribute(value, "__len__", None)
            if custom is not None:
                return m.call(custom, [], {})
        return UNKNOWN if value.lost else len(parts.elements(value))
    if isinstance(value, PyList):
        return UNKNOWN if value.open else len(value.items)
    if isinstance(value, PyDict):
        return len(value.items) if value.rest is MISSING and not value.maybe else UNKNOWN
    if isinstance(value, (tuple, str, bytes, range, frozenset)):
        return len(value)
    return UNKNOWN


def _range(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    if all(isinstance(arg, int) for arg in args) and len(range(*args)) < 5000:
        return PyList(list(range(*args)))
    return PyList([UNKNOWN], True)


def _enumerate(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    items = m.items_of(args[0])
    start = args[1] if len(args) > 1 else kwargs.get("start", 0)
    if items.open or not isinstance(start, int):
        return PyList([(UNKNOWN, item) for item in items.items], True)
    return PyList([(start + position, item) for position, item in enumerate(items.items)])


def _zip(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    lists = [m.items_of(arg) for arg in args]
    known = [len(item.items) for item in lists if not item.open]
    if not lists:
        return PyList([])
    if not known:
        return PyList([tuple(_one(item) for item in lists)], True)
    length = min(known)
    return PyList(
        [tuple(_one(item) if item.open else item.items[row] for item in lists) for row in range(length)]
    )


def _zip_open(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """``zip(*rows)`` for an unknown number of rows: the columns of a row, each of unknown length."""
    rows = args[-1]
    row = _one(rows)
    if isinstance(row, (tuple, PyList)) and not getattr(row, "open", False):
        return PyList([PyList([item], True) for item in m.items_of(row).items])
    return PyList([PyList([m.flow(row)], True)], True)


def _one(items: PyList) -> Any:
    return items.items[0] if items.items else UNKNOWN


def _map(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    rows = _zip(m, args[1:], {})
    return PyList([m.call(args[0], list(row), {}) for row in rows.items], rows.open)


def _filter(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    items = m.items_of(args[1])
    kept, unsure = [], items.open
    for item in items.items:
        truth = m.truth(item if args[0] is None else m.call(args[0], [item], {}))
        if truth is not False:
            kept.append(item)
        unsure = unsure or truth is None
    return open_list(kept) if unsure else PyList(kept)


def _list(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    items = m.items_of(args[0]) if args else PyList()
    return PyList(list(items.items), items.open, items.path)


def _tuple(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    items = m.items_of(args[0]) if args else PyList()
    return PyList(list(items.items), True) if items.open else tuple(items.items)


def _set(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    if not args:
        return frozenset()
    items = m.items_of(args[0])
    try:
        return frozenset(to_python(items))
    except (NotConcrete, TypeError):
        return items if items.open else open_list(items.items)


def make_dict(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """``dict(...)``."""
    result = PyDict()
    for arg in args:
        indexing.update(m, result, arg)
        if isinstance(arg, PyDict):
            result.path = arg.path
    result.items.update(kwargs)
    return result


def _sorted(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    items = m.items_of(args[0])
    try:
        return compute(sorted, items, **kwargs)
    except NotConcrete:
        return open_list(items.items)


def _reversed(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    items = m.items_of(args[0])
    return PyList(items.items[::-1], items.open)


def _sum(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    try:
        return compute(sum, *args)
    except NotConcrete:
        return m.flow(m.items_of(args[0]), *args[1:])


def _extreme(function: Callable[..., Any]) -> Handler:
    def run(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
        try:
            return compute(function, *args)
        except NotConcrete:
            return m.flow(*args)

    return run


def _all(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    items = m.items_of(args[0])
    truths = [m.truth(item) for item in items.items]
    if False in truths and not items.open:
        return False
    return True if not items.open and None not in truths else UNKNOWN


def _any(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    items = m.items_of(args[0])
    truths = [m.truth(item) for item in items.items]
    if True in truths and not items.open:
        return True
    return False if not items.open and None not in truths else UNKNOWN


def _choice(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """``random.choice``: any of them."""
    return indexing.subscript(m, args[0], UNKNOWN) if args else UNKNOWN


def _number(function: Callable[..., Any]) -> Handler:
    def run(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
        try:
            return compute(function, *args)
        except NotConcrete:
            return UNKNOWN

    return run


def _bool(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    truth = m.truth(args[0]) if args else False
    return UNKNOWN if truth is None else truth


def _next(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    items = m.items_of(args[0])
    if not items.items:
        return args[1] if len(args) > 1 else UNKNOWN
    if isinstance(args[0], PyList) and not items.open and len(items.items) > 1:
        m.touch(args[0])
        return args[0].items.pop(0)
    return items.items[0]


def nothing(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> None:
    """Does nothing that matters here."""
    return


def constant(value: Any) -> Handler:
    """Always the same answer."""
    return lambda m, args, kwargs: value


def first(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """Gives back what it is given."""
    return args[0] if args else (next(iter(kwargs.values())) if kwargs else UNKNOWN)


def _fromkeys(m: Machine, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    result = PyDict()
    for key in m.items_of(args[0]).items:
        indexing.set_entry(result, key, args[1] if len(args) > 1 else None)
    return result


CALLS: Dict[str, Handler] = {
    "builtins.len": _len,
    "builtins.range": _range,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.zip_open": _zip_open,
    "builtins.map": _map,
    "builtins.filter": _filter,
    "builtins.list": _list,
    "builtins.tuple": _tuple,
    "builtins.set": _set,
    "builtins.frozenset": _set,
    "builtins.dict": make_dict,
    "builtins.dict.fromkeys": _fromkeys,
    "builtins.sorted": _sorted,
    "builtins.reversed": _reversed,
    "builtins.sum": _sum,
    "builtins.min": _extreme(min),
    "builtins.max": _extreme(max),
    "builtins.all": _all,
    "builtins.any": _any,
    "builtins.int": _number(int),
    "builtins.float": _number(float),
    "builtins.bool": _bool,
    "builtins.next": _next,
    "builtins.iter": _list,
    "builtins.print": nothing,
    "random.choice": _choice,
    "numpy.random.choice": _choice,
}
