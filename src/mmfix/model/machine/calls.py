"""Calls: functions of the source, classes, modules, and what is known by heart."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Tuple

from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.joining import join, open_list
from mmfix.model.machine.state import THROUGH
from mmfix.model.machine.values import (
    DATA,
    LOST,
    MISSING,
    NUMBERS,
    TENSOR,
    UNKNOWN,
    Bound,
    Either,
    Function,
    Instance,
    Method,
    NativeClass,
    NativeRef,
    Opaque,
    Partial,
    PyDict,
    PyList,
    Raised,
)

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


class Signature(NamedTuple):
    """The parameters of a function.

    Attributes:
        yields: Whether it is a generator.
        early: Whether it may return before its end.
        outer: Names that it declares ``nonlocal`` or ``global``.
    """

    positional: Tuple[str, ...]
    defaults: Tuple[ast.expr, ...]
    star: Optional[str]
    keyword_only: Tuple[str, ...]
    keyword_defaults: Tuple[Optional[ast.expr], ...]
    double_star: Optional[str]
    yields: bool
    early: bool
    outer: FrozenSet[str]


@lru_cache(maxsize=None)
def signature(node: Any) -> Signature:
    """The parameters of a definition."""
    args = node.args
    names = tuple(item.arg for item in [*args.posonlyargs, *args.args])
    return Signature(
        names,
        tuple(args.defaults),
        args.vararg.arg if args.vararg else None,
        tuple(item.arg for item in args.kwonlyargs),
        tuple(args.kw_defaults),
        args.kwarg.arg if args.kwarg else None,
        any(isinstance(item, (ast.Yield, ast.YieldFrom)) for item in _body(node)),
        any(isinstance(item, ast.Return) and item not in node.body for item in _body(node)),
        frozenset(
            name
            for item in _body(node)
            if isinstance(item, (ast.Nonlocal, ast.Global))
            for name in item.names
        ),
    )


def _body(node: Any) -> Iterator[Any]:
    """Everything in the body of a function, but for what is in functions and classes in it."""
    stack: List[Any] = [] if isinstance(node, ast.Lambda) else list(node.body)
    while stack:
        item = stack.pop()
        yield item
        if not isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(item))


def call(m: Machine, function: Any, args: List[Any], kwargs: Dict[str, Any], rest: Any) -> Any:
    """``function(*args, **kwargs, **rest)``."""
    if isinstance(function, Bound):
        if isinstance(function.function, Function):
            return _call_function(m, function.function, [function.receiver, *args], kwargs, rest)
        return call(m, function.function, [function.receiver, *args], kwargs, rest)
    if isinstance(function, Function):
        return _call_function(m, function, args, kwargs, rest)
    if isinstance(function, Method):
        if rest is not MISSING:
            m.escaped |= m.depend(rest).may
        try:
            return function.run(m, function.receiver, args, kwargs)
        except _MISUSED as error:
            return _misused(m, function.name, error, [function.receiver, *args, *kwargs.values()])
    if isinstance(function, Instance):
        return call_instance(m, function, args, kwargs, rest)
    if isinstance(function, NativeRef):
        if rest is not MISSING:
            args = [*args, rest]
        try:
            return m.known.call(m, function.dotted, args, kwargs)
        except _MISUSED as error:
            return _misused(m, function.dotted, error, [*args, *kwargs.values()])
    if isinstance(function, ClassInfo):
        return instantiate(m, function, args, kwargs, rest)
    if isinstance(function, NativeClass):
        return m.known.make(m, function, args, kwargs, rest is not MISSING)
    if isinstance(function, Partial):
        return call(m, function.function, [*function.args, *args], {**function.kwargs, **kwargs}, rest)
    if isinstance(function, Either):
        return m.choose(
            [lambda item=item: call(m, item, args, kwargs, rest) for item in function.values]  # type: ignore[misc]
        )
    if isinstance(function, Opaque):
        return call_opaque(m, function, args, kwargs)
    if function is None:
        raise Raised("None is not callable")
    return m.lost("a call of something that is not followed", *args, *kwargs.values())


#: What an unexpected number or kind of arguments makes a known function raise here.
_MISUSED = (IndexError, KeyError, TypeError, AttributeError, ValueError)


def _misused(m: Machine, name: str, error: Exception, values: List[Any]) -> Opaque:
    m.escape(values)
    return m.lost(f"a call of {name} that is not followed ({type(error).__name__})", *values)


#: How deep a function may call itself under a condition that is not known.
_MOST_NESTED = 3


def call_opaque(m: Machine, function: Opaque, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """A call of something that is not known: its result may depend on all it is given."""
    result = m.flow(function, *args, *kwargs.values())
    if function is NUMBERS and m.before_wrap:
        return Opaque(result.may, result.must, DATA)
    return Opaque(result.may, result.must, TENSOR if function.kind == TENSOR else LOST)


def instantiate(
    m: Machine, cls: ClassInfo, args: List[Any], kwargs: Dict[str, Any], rest: Any = MISSING, key: Any = None
) -> Any:
    """An object of a class of the source."""
    instance = Instance(cls, key)
    instance.created = m.creating
    order = cls.mro(m)
    native = next((base for base in order if isinstance(base, NativeClass)), None)
    if native is not None and native.dotted == "torch.autograd.Function":
        return instance
    if cls.unknown_base:
        instance.lost = cls.unknown_base
    init = cls.find(m, "__init__")
    if isinstance(init, Function):
        _call_function(m, init, [instance, *args], kwargs, rest)
    elif isinstance(init, NativeClass):
        m.known.initialise(m, instance, init, args, kwargs)
    elif cls.unknown_base:
        for value in (*args, *kwargs.values()):
            m.escape(value)
    elif args or kwargs:
        _dataclass_fields(m, instance, cls, args, kwargs)
    return instance


def _dataclass_fields(m: Machine, instance: Instance, cls: ClassInfo, args: List[Any], kwargs: Any) -> None:
    names = [item.target.id for item in cls.node.body if isinstance(item, ast.AnnAssign)
             and isinstance(item.target, ast.Name)]  # fmt: skip
    instance.items.update(zip(names, args))
    instance.items.update(kwargs)


def call_instance(
    m: Machine, instance: Instance, args: List[Any], kwargs: Dict[str, Any], rest: Any = MISSING
) -> Any:
    """``module(*args)``: its ``forward``."""
    here = m.here
    if here is not None and m.phase == "step":
        calls = instance.calls if m.grad else instance.calls_without_grad
        if here not in calls and len(calls) < 20:
            calls.append(here)
    for hook in instance.notes.hooks_before:
        changed = m.call(hook, [instance, tuple(args)], {})
        if isinstance(changed, tuple):
            args = list(changed)
        elif changed is not None:
            args = [join(item, m.flow(changed)) for item in args]
    wrapped = instance.notes.checkpointed
    if wrapped is not None and m.phase == "step":
        function = Method("forward", instance, _forward)
        result = m.known.run_checkpointed(m, function, args, kwargs, True, "fairscale", wrapped)
    else:
        result = _forward(m, instance, args, kwargs, rest)
    for hook in instance.notes.hooks:
        changed = m.call(hook, [instance, tuple(args), result], {})
        result = result if changed is None else changed
    return result


def _forward(
    m: Machine, instance: Instance, args: List[Any], kwargs: Dict[str, Any], rest: Any = MISSING
) -> Any:
    own = instance.items.get("forward", MISSING)
    if isinstance(instance.cls, NativeClass):
        if own is not MISSING:
            return call(m, own, args, kwargs, rest)
        return m.known.forward(m, instance, instance.cls, args, kwargs)
    for name in ("__call__", "forward"):
        if name == "forward" and own is not MISSING:
            return call(m, own, args, kwargs, rest)
        method = instance.cls.find(m, name)
        if isinstance(method, Function):
            return _call_function(m, method, [instance, *args], kwargs, rest)
        if isinstance(method, NativeClass) and name == "forward":  # nn.Module.__call__ calls forward
            return m.known.forward(m, instance, method, args, kwargs)
    m.escape(instance)
    reason = instance.lost or f"{instance.cls.name} has no forward that was found"
    return m.lost(reason, *args, *kwargs.values(), Opaque(m.bits_of(instance), 0))


def _call_function(m: Machine, function: Function, args: List[Any], kwargs: Dict[str, Any], rest: Any) -> Any:
    node = function.node
    if (
        m.conditional
        and sum(1 for item in m.frames if item.function and item.function.node is node) > _MOST_NESTED
    ):
        # whether it goes on calling itself is not known
        return m.lost(
            f"{function.name} calls itself an unknown number of times", *args, *kwargs.values(), function
        )
    frame = Frame(function.scope, function, function.closure)
    _bind(m, function, frame, args, kwargs, rest)
    line, grad, nonempty = m.line, m.grad, m.nonempty
    if function.no_grad:
        m.grad = False
    m.enter(frame)
    shape = signature(node)
    frame.base, frame.loop, frame.under = len(m.trail), len(m.trail), m.conditional
    level = m.begin() if shape.early else None
    try:
        if isinstance(node, ast.Lambda):
            return m.eval(node.body, frame)
        ended = m.run(node.body, frame)
        if level is not None:
            m.unite(level, frame.leaves, not frame.stranded)
        if shape.yields:
            return open_list(frame.yields) if frame.unsure else PyList(frame.yields)
        returns = frame.returns
        if ended is THROUGH:
            returns = [*returns, None]
        result = returns[0]
        for value in returns[1:]:
            result = join(result, value)
        return result
    finally:
        if level is not None:
            m.end(level)
        m.leave()
        m.line, m.grad, m.nonempty = line, grad, nonempty


def evaluate_defaults(m: Machine, function: Function, home: Frame) -> None:
    """Evaluate the defaults of the parameters of a function in the frame it is defined in."""
    shape = signature(function.node)
    function.defaults = [m.eval(item, home) for item in shape.defaults]
    function.kw_defaults = [
        MISSING if item is None else m.eval(item, home) for item in shape.keyword_defaults
    ]


def _bind(
    m: Machine, function: Function, frame: Frame, args: List[Any], kwargs: Dict[str, Any], rest: Any
) -> None:
    shape = signature(function.node)
    if function.defaults is None:
        home = function.closure or function.scope.frame
        if function.cls is not None:
            home = function.cls.frame
        evaluate_defaults(m, function, home)
    assert function.defaults is not None
    names, items = shape.positional, frame.items
    items.update(zip(names, args))
    if shape.star is not None:
        items[shape.star] = tuple(args[len(names) :])
    named = dict(kwargs)
    first_default = len(names) - len(function.defaults)
    for position, name in enumerate(names):
        if position < len(args):
            named.pop(name, None)
        elif name in named:
            items[name] = named.pop(name)
        else:
            has_default = position >= first_default
            default = function.defaults[position - first_default] if has_default else MISSING
            items[name] = _given(m, default, rest)
    for name, default in zip(shape.keyword_only, function.kw_defaults or []):
        items[name] = named.pop(name) if name in named else _given(m, default, rest)
    if shape.double_star is not None:
        items[shape.double_star] = PyDict(named, None, rest)
    elif named:
        m.escape(list(named.values()))  # Python refuses them: a decorator takes them
    if shape.star is None and len(args) > len(names):
        m.escape(args[len(names) :])


def _given(m: Machine, default: Any, rest: Any) -> Any:
    """The value of a parameter that was not passed by name; ``rest`` may hold it."""
    if rest is MISSING:
        if default is not MISSING:
            return default
        m.doubt("an argument is not known")
        return UNKNOWN
    return rest if default is MISSING else join(default, rest) if default is not None else _maybe(rest)


def _maybe(rest: Any) -> Any:
    return Either((None, rest)) if not isinstance(rest, Opaque) else Opaque(rest.may, 0, UNKNOWN.kind)
