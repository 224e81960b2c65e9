"""Items, iteration and truth of values."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, List, Optional

from mmfix.model.machine import paths
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.codes import Code, code_of
from mmfix.model.machine.concrete import NotConcrete, compute, same, to_python
from mmfix.model.machine.counting import Counter
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.joining import (
    any_item,
    is_one_text,
    join,
    one_text_of,
    open_list,
    weaken,
    without_none,
)
from mmfix.model.machine.single import plain
from mmfix.model.machine.texts import Text
from mmfix.model.machine.values import (
    MISSING,
    UNKNOWN,
    Either,
    Instance,
    NativeRef,
    Opaque,
    Param,
    PyDict,
    PyList,
    Raised,
    Registry,
    is_scalar,
)
from mmfix.python import trees
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def index_code(between: Any) -> Code:
    """What gives the value between the brackets; a ``slice`` where it is one and known."""
    node = trees.index_of(between)
    if type(node) is ast.Slice or type(node).__name__ == "ExtSlice":
        return lambda m, frame: _slices(m, node, frame)
    return code_of(node)


def index_of(m: Machine, node: Any, frame: Frame) -> Any:
    """The value between the brackets."""
    return index_code(node)(m, frame)


def _slices(m: Machine, node: Any, frame: Frame) -> Any:
    if isinstance(node, ast.Slice):
        parts = [
            None if part is None else m.eval(part, frame) for part in (node.lower, node.upper, node.step)
        ]
        if all(part is None or isinstance(part, int) for part in parts):
            return slice(*parts)
        return UNKNOWN if not isinstance(parts[0], slice) else parts[0]
    # an ExtSlice of Python 3.8; later ones have a tuple
    return tuple(UNKNOWN if isinstance(part, ast.Slice) else index_of(m, part, frame) for part in node.dims)


def subscript(m: Machine, value: Any, index: Any) -> Any:
    """``value[index]``."""
    if isinstance(value, Opaque):
        return paths.entry(value, index)
    if isinstance(value, Param):
        return m.flow(value)
    if isinstance(value, Either):
        return m.each(without_none(value), lambda item: subscript(m, item, index))
    if isinstance(value, PyDict):
        if is_one_text(index):
            return m.each(index, lambda item: _entry(m, value, item))
        return _entry(m, value, index)
    if isinstance(value, Instance):
        return m.known.subscript(m, value, index)
    if isinstance(value, PyList):
        if value.open:
            return _of_open(value, index)
        if isinstance(index, slice):
            return PyList(value.items[index])
        return _at(m, value, value.items, index)
    if isinstance(value, tuple):
        return value[index] if isinstance(index, slice) else _at(m, value, list(value), index)
    if isinstance(value, NativeRef):
        return value  # List[int], Registry[...]
    if isinstance(value, ClassInfo):
        return value
    try:
        return compute(lambda a, b: a[b], value, index) if not isinstance(index, slice) else value[index]
    except (NotConcrete, TypeError):
        return m.lost(say("an index that is not followed"), value)


def _of_open(value: PyList, index: Any) -> Any:
    """An item, or a part, of a list of unknown length."""
    if isinstance(index, slice):
        if index == slice(None):
            return PyList(list(value.items), True, None, value.tail)
        first = index.start if index == slice(index.start, None) else None
        known = isinstance(first, int) and -value.tail <= first < 0
        return PyList(value.items[first:]) if known else open_list(value.items)
    if isinstance(index, int) and -value.tail <= index < 0:
        return value.items[index]
    return any_item(value)


def _at(m: Machine, value: Any, items: List[Any], index: Any) -> Any:
    if isinstance(index, (int, bool)):
        if -len(items) <= index < len(items):
            return items[index]
        return m.lost(say("an index outside of a list"), *items)
    if isinstance(index, Counter) and not all(isinstance(item, (int, float)) for item in items):
        index.indexes(value, len(items), m.conditional)
    if not items:
        return UNKNOWN
    if all(isinstance(item, str) for item in items):
        return one_text_of(items)
    found = items[0]  # any of them
    for item in items[1:]:
        found = join(found, item)
    return weaken(found)


def _entry(m: Machine, value: PyDict, index: Any) -> Any:
    try:
        key = to_python(index)
        if key in value.items:
            return value.items[key]
        if value.rest is not MISSING:
            return value.rest.like() if isinstance(value.rest, Opaque) else value.rest
        if m.choosing:
            raise Raised(say("no key {key!r}", key=key))
        m.escape(value)
        return m.lost(say("the key {key!r} was not seen being set", key=key), *value.items.values())
    except (NotConcrete, TypeError):
        if isinstance(index, NativeRef):
            m.doubt(say("an entry of a dict is not known"))
            return UNKNOWN
    if isinstance(index, Text) and index in value.items.keys() - value.maybe:
        return value.items[index]
    found = value.rest
    for item in value.items.values():
        found = item if found is MISSING else join(found, item)
    return UNKNOWN if found is MISSING else weaken(found)


def set_entry(target: PyDict, key: Any, value: Any) -> None:
    """``target[key] = value`` on a dict nobody else sees yet."""
    try:
        known = to_python(key)
        target.items[known] = value
        target.maybe -= {known}
    except (NotConcrete, TypeError):
        target.rest = value if target.rest is MISSING else join(target.rest, value)
        if isinstance(key, Text):
            _set_by_text(target, key, value)


def _set_by_text(target: PyDict, key: Text, value: Any) -> None:
    """``losses[f"frame_{i}_cls"] = value``: it stays, whatever else is set under other names of this kind."""
    for other in [name for name in target.items if isinstance(name, Text)]:
        if not key.apart(other):
            target.items[other] = join(target.items[other], value)
    target.items[key] = value
    target.maybe -= {key}


def set_subscript(m: Machine, target: Any, index: Any, value: Any) -> None:
    """``target[index] = value``."""
    if isinstance(target, PyDict):
        m.touch(target)
        set_entry(target, index, value)
        if target.owner is not None:
            m.call(m.attribute(target.owner, "add_module"), [index, value], {})
    elif isinstance(target, PyList):
        m.touch(target)
        last = target.tail if target.open else len(target.items)
        if isinstance(index, int) and -last <= index < (0 if target.open else last):
            target.items[index] = value
        elif isinstance(index, slice) and not target.open:
            target.items[index] = m.items_of(value).items
        else:
            target.items = [_one_of(item, value, index) for item in target.items] or [value]
    elif isinstance(target, Instance):
        m.known.set_subscript(m, target, index, value)
    elif isinstance(value, (Instance, Param)):
        m.escape(value)


def _one_of(item: Any, value: Any, index: Any) -> Any:
    """An item of a list of unknown length in which another one was put.

    Behind the first one there is another that stays: taken together they still depend on all they did.
    """
    joined = join(item, value)
    if type(index) is int and index > 0 and isinstance(item, Opaque) and isinstance(joined, Opaque):
        return Opaque(joined.may, item.must, joined.kind, item.given)
    return joined


def update(m: Machine, target: PyDict, other: Any) -> None:
    """``target.update(other)``."""
    m.touch(target)
    if target.owner is not None:
        for key in m.items_of(other).items:
            set_subscript(m, target, key, subscript(m, other, key))
    if isinstance(other, PyDict):
        for key, value in other.items.items():
            if key in other.maybe:
                target.maybe |= frozenset() if key in target.items else {key}
                target.items[key] = join(target.items.get(key, MISSING), value)
            else:
                target.items[key] = value
                target.maybe -= {key}
        if other.rest is not MISSING:
            target.rest = other.rest if target.rest is MISSING else join(target.rest, other.rest)
    elif isinstance(other, Either) and None in other.values:
        update(m, target, without_none(other))
    elif other is None:
        raise Raised(say("None is not iterable"))
    elif isinstance(other, Either):
        for item in other.values:
            if isinstance(item, PyDict):
                for key, value in item.items.items():
                    target.items[key] = join(target.items.get(key, MISSING), weaken(value))
    elif isinstance(other, (PyList, tuple)):
        for pair in m.items_of(other).items:
            if isinstance(pair, tuple) and len(pair) == 2:
                set_entry(target, pair[0], pair[1])
    else:
        rest = m.depend(other)
        target.rest = rest if target.rest is MISSING else join(target.rest, rest)


def contains(m: Machine, container: Any, item: Any) -> Optional[bool]:
    """``item in container``."""
    try:
        if isinstance(container, PyDict):
            key = to_python(item)
            if key in container.items:
                return None if key in container.maybe else True
            return False if container.rest is MISSING else None
        return bool(compute(lambda a, b: b in a, container, item))
    except (NotConcrete, TypeError):
        pass
    if isinstance(container, Instance):
        return m.known.contains(container, item)
    if isinstance(container, Registry):
        return m.known.has_registered(m, container, item)
    if isinstance(container, (PyList, tuple)) and not getattr(container, "open", False):
        answers = []
        for other in m.items_of(container).items:
            if isinstance(item, (PyList, PyDict, tuple)):
                m.check_bounds()  # all of it is compared each time
            answers.append(same(item, other))
        return True if True in answers else (None if None in answers else False)
    return None


def items_of(m: Machine, value: Any) -> PyList:
    """What iterating over ``value`` gives."""
    if isinstance(value, PyList):
        m.spend(len(value.items))
        return value
    if isinstance(value, (tuple, str, bytes, range, frozenset)):
        m.spend(len(value))
    if isinstance(value, tuple):
        return PyList(list(value))
    if isinstance(value, PyDict):
        m.spend(len(value.items))
        keys = list(value.items)
        return PyList([*keys, UNKNOWN], True) if value.rest is not MISSING else PyList(keys)
    if isinstance(value, frozenset) and len(value) > 1 and not all(type(item) is int for item in value):
        m.doubt(say("the order of a set is not known"))
    if isinstance(value, (str, bytes, range, frozenset)):
        return PyList(sorted(value, key=repr) if isinstance(value, frozenset) else list(value))
    if isinstance(value, Instance):
        return m.known.iterate(m, value)
    if isinstance(value, Opaque):
        rows = value.note.rows
        return PyList([value.like()], True) if rows is None else PyList([value.like()] * rows)
    if isinstance(value, Param):
        return PyList([m.flow(value)], True)
    if isinstance(value, Either):
        lists = [items_of(m, item) for item in value.values if item is not None]
        result = lists[0] if lists else PyList()
        for other in lists[1:]:
            result = join(result, other)
        return result
    if value is None:
        raise Raised(say("None is not iterable"))
    return PyList([m.lost(say("iteration over something that is not followed"), value)], True)


def truth(m: Machine, value: Any) -> Optional[bool]:
    """``bool(value)``: True, False, or None when it is not known."""
    value = plain(value)
    if is_scalar(value):
        return bool(value)
    if isinstance(value, (tuple, range, frozenset)):
        return len(value) > 0
    if isinstance(value, PyList):
        return None if value.open else len(value.items) > 0
    if isinstance(value, PyDict):
        if value.items.keys() - value.maybe:
            return True
        return None if value.items or value.rest is not MISSING else False
    if isinstance(value, Instance):
        return m.known.truth(m, value)
    if isinstance(value, Either):
        answers = {truth(m, item) for item in paths.alternatives(m, value)}
        return answers.pop() if len(answers) == 1 else None
    if isinstance(value, Opaque):
        return paths.truth(m, value)
    return None if isinstance(value, (Param, NativeRef)) else True
