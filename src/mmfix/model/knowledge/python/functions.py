"""Python's own functions."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from mmfix.model.knowledge.torch import parts
from mmfix.model.machine import indexing, paths
from mmfix.model.machine.concrete import NotConcrete, compute, to_python
from mmfix.model.machine.counting import Counter, at_turn
from mmfix.model.machine.drawing import Drawn
from mmfix.model.machine.joining import any_item, join, joined_summary, open_list
from mmfix.model.machine.values import (
    MISSING,
    UNKNOWN,
    Instance,
    NativeClass,
    Opaque,
    PyDict,
    PyList,
    Raised,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

#: What stands for a function: called with the machine and the arguments, as Python binds them.
Handler = Callable[..., Any]


def _len(m: Machine, obj: Any, /) -> Any:
    if isinstance(obj, Instance):
        if not isinstance(obj.cls, NativeClass):
            custom = m.attribute(obj, "__len__", None)
            if custom is not None:
                return m.call(custom, [], {})
        known = parts.is_container(obj) and not obj.lost  # of a bag of tensors it is theirs
        return len(parts.elements(m, obj)) if known else UNKNOWN
    if isinstance(obj, PyList):
        return UNKNOWN if obj.open else len(obj.items)
    if isinstance(obj, PyDict):
        return len(obj.items) if obj.rest is MISSING and not obj.maybe else UNKNOWN
    if isinstance(obj, (tuple, str, bytes, range, frozenset)):
        return len(obj)
    return m.lengths.setdefault(obj, UNKNOWN.like()) if isinstance(obj, Opaque) else UNKNOWN


def _range(m: Machine, start: Any, stop: Any = MISSING, step: Any = 1, /) -> Any:
    bounds = (0, start, step) if stop is MISSING else (start, stop, step)
    if all(isinstance(bound, int) for bound in bounds):
        if not step:
            raise Raised(say("range() with a step of zero"))
        try:
            if len(range(*bounds)) < 5000:
                return PyList(list(range(*bounds)))
        except OverflowError:
            pass  # more than Python itself can count
    first, _, step = bounds
    if not isinstance(first, int) or step != 1:
        return PyList([UNKNOWN], True)
    return PyList([Counter(first, stop=start if stop is MISSING else stop)], True)


def _enumerate(m: Machine, iterable: Any, start: Any = 0) -> Any:
    items = m.items_of(iterable)
    if items.open or not isinstance(start, int):
        number = Counter(start) if isinstance(start, int) else UNKNOWN
        return PyList([(number, item) for item in items.items], True)
    return PyList([(start + position, item) for position, item in enumerate(items.items)])


def _zip(m: Machine, /, *iterables: Any, strict: Any = False) -> Any:
    lists = [m.items_of(iterable) for iterable in iterables]
    known = [len(item.items) for item in lists if not item.open]
    if not lists:
        return PyList([])
    if not known:
        length = max(1, *(len(item.items) for item in lists))
        rows = [[*item.items, *[any_item(item)] * (length - len(item.items))] for item in lists]
        return PyList(list(zip(*rows)), True)
    return PyList([tuple(_in_row(item, row) for item in lists) for row in range(min(known))])


def _in_row(items: PyList, row: int) -> Any:
    """The item of a list that stands in a row; what stands for any item where its length is not known."""
    return at_turn(any_item(items), row) if items.open else items.items[row]


def _zip_open(m: Machine, /, *iterables: Any) -> Any:
    """``zip(*rows)`` for an unknown number of rows: the columns of a row, each of unknown length."""
    row = any_item(m.items_of(iterables[-1])) if len(iterables) == 1 else UNKNOWN
    if isinstance(row, (tuple, PyList)) and not getattr(row, "open", False):
        return PyList([PyList([item], True) for item in m.items_of(row).items])
    return PyList([PyList([m.flow(*iterables)], True)], True)


def _map(m: Machine, function: Any, iterable: Any, /, *iterables: Any) -> Any:
    rows = _zip(m, iterable, *iterables)
    if not rows.open:
        return PyList([m.call(function, list(row), {}) for row in rows.items])
    with paths.turning(m, "map"):
        return PyList([m.call(function, list(paths.anew(m, row)), {}) for row in rows.items], True)


def _filter(m: Machine, function: Any, iterable: Any, /) -> Any:
    items = m.items_of(iterable)
    kept, unsure = [], items.open
    for item in items.items:
        truth = m.truth(item if function is None else m.call(function, [item], {}))
        if truth is not False:
            kept.append(item)
        unsure = unsure or truth is None
    return open_list(kept) if unsure else PyList(kept)


def _list(m: Machine, iterable: Any = (), /) -> Any:
    items = m.items_of(iterable)
    return PyList(list(items.items), items.open, items.path, items.tail)


def _iter(m: Machine, object: Any, sentinel: Any = MISSING, /) -> Any:
    if sentinel is MISSING:
        return _list(m, object)
    return PyList([m.call(object, [], {})], True)  # calls it until it gives the sentinel


def _tuple(m: Machine, iterable: Any = (), /) -> Any:
    items = m.items_of(iterable)
    return PyList(list(items.items), True) if items.open else tuple(items.items)


def _set(m: Machine, iterable: Any = (), /) -> Any:
    items = m.items_of(iterable)
    try:
        return frozenset(to_python(items))
    except (NotConcrete, TypeError):
        return items if items.open else open_list(items.items)


def _dict(m: Machine, rest: Any, mapping: Any = MISSING, /, **kwargs: Any) -> Any:
    result = PyDict()
    for entries in (mapping, PyDict(kwargs), rest):
        if entries is not MISSING:
            indexing.update(m, result, entries)
    if isinstance(mapping, PyDict):
        result.path = mapping.path
    return result


def in_order(m: Machine, items: PyList, key: Any, reverse: Any) -> Optional[List[Any]]:
    """Items as ``sorted`` sorts them; None when their order is not known."""
    keys = items.items if key is None else [m.call(key, [item], {}) for item in items.items]
    if items.open:
        return None
    try:
        known = [to_python(item) for item in keys]
        order = sorted(range(len(known)), key=known.__getitem__, reverse=to_python(reverse))
    except (NotConcrete, TypeError):
        return None
    return [items.items[position] for position in order]


def _sorted(m: Machine, iterable: Any, /, *, key: Any = None, reverse: Any = False) -> Any:
    items = m.items_of(iterable)
    found = in_order(m, items, key, reverse)
    return open_list(items.items) if found is None else PyList(found)


def _reversed(m: Machine, sequence: Any, /) -> Any:
    items = m.items_of(sequence)
    return PyList(items.items[::-1], items.open)


def _sum(m: Machine, iterable: Any, /, start: Any = 0) -> Any:
    try:
        return compute(sum, iterable, start)
    except NotConcrete:
        return m.flow(m.items_of(iterable), start)


def _extreme(function: Callable[..., Any]) -> Handler:
    def run(m: Machine, arg1: Any, /, *args: Any, key: Any = None, default: Any = MISSING) -> Any:
        if key is None and default is MISSING:
            try:
                return compute(function, arg1, *args)
            except NotConcrete:
                among = PyList([arg1, *args]) if args else m.items_of(arg1)
                parts = [m.depend(item) for item in among.items]  # it is one of them
                return (
                    m.flow(arg1, *args) if among.open or not parts else m.flow(reduce(joined_summary, parts))
                )
        items = PyList([arg1, *args]) if args else m.items_of(arg1)
        if not items.items:
            return UNKNOWN if default is MISSING else default
        found = in_order(m, items, key, function is max)
        if found is not None:
            return found[0]
        instead = [default] if items.open and default is not MISSING else []
        if key is None:
            return m.flow(items, *instead)
        return reduce(join, instead, indexing.subscript(m, items, UNKNOWN))

    return run


def _all(m: Machine, iterable: Any, /) -> Any:
    items = m.items_of(iterable)
    truths = [m.truth(item) for item in items.items]
    if False in truths and not items.open:
        return False
    return True if not items.open and None not in truths else UNKNOWN


def _any(m: Machine, iterable: Any, /) -> Any:
    items = m.items_of(iterable)
    truths = [m.truth(item) for item in items.items]
    if True in truths and not items.open:
        return True
    return False if not items.open and None not in truths else UNKNOWN


def _int(m: Machine, x: Any = 0, /, base: Any = MISSING) -> Any:
    try:
        return compute(int, x) if base is MISSING else compute(int, x, base)
    except NotConcrete:
        return UNKNOWN


def _float(m: Machine, x: Any = 0, /) -> Any:
    try:
        return compute(float, x)
    except NotConcrete:
        return x if isinstance(x, Drawn) else UNKNOWN


def _bool(m: Machine, object: Any = False, /) -> Any:
    truth = m.truth(object)
    return UNKNOWN if truth is None else truth


def _next(m: Machine, iterator: Any, default: Any = MISSING, /) -> Any:
    items = m.items_of(iterator)
    if not items.items:
        return UNKNOWN if default is MISSING else default
    if isinstance(iterator, PyList) and not items.open and len(items.items) > 1:
        m.touch(iterator)
        return iterator.items.pop(0)
    first = any_item(items) if items.open else items.items[0]
    return join(first, default) if items.open and default is not MISSING else first  # there may be none


def _print(
    m: Machine, /, *args: Any, sep: Any = " ", end: Any = "", file: Any = None, flush: Any = False
) -> None:
    return


def _fromkeys(m: Machine, iterable: Any, value: Any = None, /) -> Any:
    result = PyDict()
    for key in m.items_of(iterable).items:
        indexing.set_entry(result, key, value)
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
    "builtins.dict.fromkeys": _fromkeys,
    "builtins.sorted": _sorted,
    "builtins.reversed": _reversed,
    "builtins.sum": _sum,
    "builtins.min": _extreme(min),
    "builtins.max": _extreme(max),
    "builtins.all": _all,
    "builtins.any": _any,
    "builtins.int": _int,
    "builtins.float": _float,
    "builtins.bool": _bool,
    "builtins.next": _next,
    "builtins.iter": _iter,
    "builtins.print": _print,
}
#: Functions that know what to do with keyword arguments under unknown names: these are their second argument.
PASSING: Dict[str, Handler] = {"builtins.dict": _dict, "collections.OrderedDict": _dict}
