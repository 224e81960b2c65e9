"""What can be reached from a value: the parameters that code may touch which it is handed to."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any, FrozenSet, Iterable, Iterator

from mmfix.model.machine.notes import NO_NOTES
from mmfix.model.machine.values import (
    PLAIN_SCALARS,
    Bound,
    Either,
    Function,
    Instance,
    Many,
    Method,
    Opaque,
    Param,
    Partial,
    PyDict,
    PyList,
    Super,
)
from mmfix.python.trees import everything

#: What computes on parameters, or keeps them, out of sight.
HOLDERS = (Instance, Bound, Method, Partial, Super, Function)
_HOLD = frozenset({Bound, Method, Partial, Super, Function, PyDict, PyList, Many})


def reachable(value: Any) -> int:
    """The parameters that can be reached from a value, by whatever code it is handed to."""
    seen = set()
    bits = 0
    stack = [value]
    while stack:
        item = stack.pop()
        kind = type(item)
        if kind in PLAIN_SCALARS:
            continue
        if kind is Param:
            bits |= item.bit
        elif kind is tuple or kind is list:
            if id(item) not in seen:
                seen.add(id(item))
                stack.extend(item)
        elif kind is Either:
            stack.extend(item.values)
        elif isinstance(item, Instance):
            if id(item) not in seen:
                seen.add(id(item))
                stack.extend(item.items.values())
                if item.notes is not NO_NOTES:
                    stack.extend(item.notes)
        elif isinstance(item, Opaque):
            bits |= item.may
        elif kind in _HOLD and id(item) not in seen:
            seen.add(id(item))
            stack.extend(_inside(item))
    return bits


def contents(container: Any) -> Iterable[Any]:
    """What is in a list, tuple or dict."""
    if isinstance(container, PyDict):
        return (*container.items.values(), container.rest)
    return tuple(container.items) if isinstance(container, PyList) else container


def _inside(item: Any) -> Iterable[Any]:
    if isinstance(item, (PyDict, PyList)):
        return contents(item)
    if isinstance(item, Bound):
        return (item.function, item.receiver)
    if isinstance(item, Partial):
        return (item.function, *item.args, *item.kwargs.values(), item.rest)
    if isinstance(item, Function):
        return (*_closed_over(item), *(item.defaults or ()), *(item.kw_defaults or ()))
    return (item.receiver,)


def _closed_over(function: Function) -> Iterator[Any]:
    """The variables of enclosing functions that a function may read."""
    names = loaded_names(function.node)
    frame = function.closure
    while frame is not None:
        yield from (value for name, value in frame.items.items() if name in names)
        frame = frame.parent


@lru_cache(maxsize=4096)
def loaded_names(node: ast.AST) -> FrozenSet[str]:
    """The names a piece of source mentions."""
    return frozenset(item.id for item in everything(node) if isinstance(item, ast.Name))


def contents_reach(saved: Any) -> int:
    """The parameters reachable from what :meth:`Storage.save` gave."""
    parts = saved if isinstance(saved, tuple) else (saved,)
    return reachable([list(part.values()) if isinstance(part, dict) else part for part in parts])
