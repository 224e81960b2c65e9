"""Calls as they stand in the source: what is called, with which arguments, and what is changed by it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple

from mmfix.model.machine import calls
from mmfix.model.machine.access import attribute
from mmfix.model.machine.assignment import Reference, load, refer, store_inside
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.codes import Code, code_of, expression
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
#: What a call may change that is made for its effect.
_PLACES = frozenset({ast.Name, ast.Attribute, ast.Subscript})
_NAMESPACES = ("builtins.locals", "builtins.vars")
#: The arguments of one call, evaluated: by position, ``*items`` taken apart where it can be; by name; what
#: stands for those under unknown names, MISSING when there are none; where among the first ones the first
#: list of unknown length stands, None when there is none.
_Arguments = Tuple[List[Any], Dict[str, Any], Any, Optional[int]]


def call(node: Any) -> Code:
    """A call whose result is wanted."""
    function = node.func
    if type(function) is ast.Name and function.id == "super":
        return expression(_super)(node)
    if type(function) is ast.Attribute and _changes(function.attr):
        return _call_of_owner(node)
    return _call(node)


def call_for_effect(node: Any) -> Code:
    """A call that is a statement: its result is not wanted, so it is made for what it changes."""
    function = node.func
    method = type(function) is ast.Attribute and type(function.value) in _PLACES
    return _call_of_owner(node) if method else call(node)


def _changes(method: str) -> bool:
    """Whether a method of a tensor or of an unknown container changes it: ``add_``, ``append``."""
    return method in _MUTATORS or (method[-1] == "_" and not method.endswith("__"))


def _call(node: Any) -> Code:
    target, line, arguments = code_of(node.func), node.lineno, _arguments(node)

    def code(m: Machine, frame: Frame) -> Any:
        m.steps += 2  # the node, and the call
        function = target(m, frame)
        args, kwargs, rest, many = arguments(m, frame)
        if type(function) is NativeRef and function.dotted in _NAMESPACES:
            return PyDict(dict(frame.items))
        m.line = line
        if many is not None:
            return _call_with_many(m, function, args, kwargs, rest, many)
        return calls.call(m, function, args, kwargs, rest)

    return code


def _call_of_owner(node: Any) -> Code:
    """A call of a method that may change what it is a method of."""
    method, held, line, arguments = node.func.attr, node.func.value, node.lineno, _arguments(node)
    method_line = node.func.lineno
    name = Reference(held) if type(held) is ast.Name else None

    def code(m: Machine, frame: Frame) -> Any:
        m.steps += 2  # the node, and the call
        place = refer(m, held, frame) if name is None else name
        owner = load(m, place, frame)
        m.line = method_line
        function = attribute(m, owner, method)
        args, kwargs, rest, many = arguments(m, frame)
        m.line = line
        if many is not None:
            result = _call_with_many(m, function, args, kwargs, rest, many)
        else:
            result = calls.call(m, function, args, kwargs, rest)
        if isinstance(owner, Opaque):
            store_inside(m, place, owner, (*args, *kwargs.values()), frame)
        return result

    return code


def _arguments(node: ast.Call) -> Callable[[Machine, Frame], _Arguments]:
    """What evaluates the arguments of a call."""
    if any(type(item) is ast.Starred for item in node.args) or any(
        keyword.arg is None for keyword in node.keywords
    ):
        return lambda m, frame: _some_arguments(m, node, frame)
    positional = [code_of(item) for item in node.args]
    named = [(keyword.arg or "", code_of(keyword.value)) for keyword in node.keywords]

    def code(m: Machine, frame: Frame) -> _Arguments:
        args: List[Any] = []
        for one in positional:
            args.append(one(m, frame))
        kwargs: Dict[str, Any] = {}
        for name, one in named:
            kwargs[name] = one(m, frame)
        return args, kwargs, MISSING, None

    return code


def _some_arguments(m: Machine, node: ast.Call, frame: Frame) -> _Arguments:
    evaluate = m.eval
    args: List[Any] = []
    many: Optional[int] = None
    for item in node.args:
        if type(item) is not ast.Starred:
            args.append(evaluate(item, frame))
            continue
        part = m.items_of(evaluate(item.value, frame))
        if part.open:
            many = len(args) if many is None else many
            args.append(part)
        else:
            args.extend(part.items)
    kwargs: Dict[str, Any] = {}
    rest: Any = MISSING
    for keyword in node.keywords:
        value = evaluate(keyword.value, frame)
        name = keyword.arg
        if name is not None:
            kwargs[name] = value
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
