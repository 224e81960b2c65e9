"""Calls as they stand in the source: what is called, with which arguments, and what is changed by it."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from mmfix.model.machine.assignment import load, refer, store_inside
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.joining import open_list
from mmfix.model.machine.values import (
    LOST,
    MISSING,
    TENSOR,
    Bound,
    Function,
    Instance,
    Many,
    Method,
    NativeClass,
    NativeRef,
    Opaque,
    Param,
    PyDict,
    PyList,
    Super,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_MUTATORS = frozenset(
    {"append", "extend", "insert", "update", "add", "setdefault", "appendleft", "set_field"}
)


#: The arguments of one call, evaluated: by position, ``*items`` taken apart where it can be; by name; what
#: stands for those under unknown names, MISSING when there are none; where among the first ones the first
#: list of unknown length stands, None when there is none.
_Arguments = Tuple[List[Any], Dict[str, Any], Any, Optional[int]]


def call(m: Machine, node: Any, frame: Frame) -> Any:
    """A call whose result is wanted."""
    return _call(m, node, frame, _changes(node.func))


def call_for_effect(m: Machine, node: Any, frame: Frame) -> None:
    """A call that is a statement: its result is not wanted, so it is made for what it changes."""
    known_target = isinstance(node.func, ast.Attribute) and isinstance(
        node.func.value, (ast.Name, ast.Attribute, ast.Subscript)
    )
    _call(m, node, frame, known_target or _changes(node.func))


@lru_cache(maxsize=None)
def _changes(function: ast.expr) -> bool:
    """Whether a method of a tensor or of an unknown container changes it: ``add_``, ``append``."""
    if not isinstance(function, ast.Attribute):
        return False
    method = function.attr
    return method in _MUTATORS or (method.endswith("_") and not method.endswith("__"))


def _call(m: Machine, node: Any, frame: Frame, changes_owner: bool) -> Any:
    if isinstance(node.func, ast.Name) and node.func.id == "super":
        return _super(m, node, frame)
    place = owner = None
    if changes_owner:
        place = refer(m, node.func.value, frame)
        owner = load(m, place, frame)
        m.line = node.func.lineno
        function = m.attribute(owner, node.func.attr)
    else:
        function = m.eval(node.func, frame)
    args, kwargs, rest, many = _arguments(m, node, frame)
    if isinstance(function, NativeRef) and function.dotted in ("builtins.locals", "builtins.vars"):
        return PyDict(dict(frame.items))
    m.line = node.lineno
    if many is not None:
        result = _call_with_many(m, function, args, kwargs, rest, many)
    else:
        result = m.call(function, args, kwargs, rest)
    if place is not None and isinstance(owner, Opaque):
        store_inside(m, place, owner, (*args, *kwargs.values()), frame)
    return result


def _arguments(m: Machine, node: ast.Call, frame: Frame) -> _Arguments:
    args: List[Any] = []
    many: Optional[int] = None
    for item in node.args:
        if not isinstance(item, ast.Starred):
            args.append(m.eval(item, frame))
            continue
        part = m.items_of(m.eval(item.value, frame))
        if part.open:
            many = len(args) if many is None else many
            args.append(part)
        else:
            args.extend(part.items)
    kwargs: Dict[str, Any] = {}
    rest: Any = MISSING
    for keyword in node.keywords:
        value = m.eval(keyword.value, frame)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
        elif isinstance(value, PyDict):
            kwargs.update({key: item for key, item in value.items.items() if isinstance(key, str)})
            rest = value.rest if rest is MISSING else rest
        else:
            rest = m.depend(value)
    return args, kwargs, rest, many


def _call_with_many(
    m: Machine, function: Any, args: List[Any], kwargs: Dict[str, Any], rest: Any, position: int
) -> Any:
    """``f(*many)`` where the number of arguments is not known."""
    many: PyList = args[position]
    is_last = position + 1 == len(args)
    if is_last and isinstance(function, NativeRef) and function.dotted in ("builtins.zip", "itertools.chain"):
        return m.call(NativeRef(function.dotted + "_open"), args, {})
    if is_last and isinstance(function, NativeClass) and function.name == "Sequential":
        items = open_list([*args[:position], *many.items]).items
        made = m.call(function, items, {})
        made.lost = say("a sequence of modules of unknown length")
        return made
    target = function.function if isinstance(function, Bound) else function
    if isinstance(target, (Function, ClassInfo)) or (
        isinstance(target, Instance) and isinstance(target.cls, ClassInfo)
    ):
        args = list(args)
        args[position] = Many(many.items, True)
        return m.call(function, args, kwargs, rest)
    values = [*args, *kwargs.values(), *([] if rest is MISSING else [rest])]
    if isinstance(function, Opaque) or (
        isinstance(function, NativeRef) and m.known.flows_through(function.dotted)
    ):
        return m.call(function, values, {})  # its result depends on all it is given
    if isinstance(target, Method) and isinstance(target.receiver, (Opaque, Param)):
        kind = TENSOR if getattr(target.receiver, "kind", TENSOR) == TENSOR else LOST
        result = m.flow(target.receiver, *values)  # x.view(*sizes)
        result.kind = kind
        return result
    return m.lost(say("a call with a number of arguments that is not known"), function, *values)


def _super(m: Machine, node: Any, frame: Frame) -> Any:
    here: Optional[Frame] = frame
    while here is not None and (here.function is None or here.function.cls is None):
        here = here.parent
    if here is None or here.function is None or here.function.cls is None:
        return m.lost(say("super() outside of a method"))
    after = here.function.cls
    receiver = next(iter(here.items.values()), None)
    if len(node.args) == 2:
        named = m.eval(node.args[0], frame)
        after = named if hasattr(named, "mro") else after
        receiver = m.eval(node.args[1], frame)
    if not isinstance(receiver, Instance):
        return m.lost(say("super() of something that is not an object of the model"), receiver)
    return Super(receiver, after)
