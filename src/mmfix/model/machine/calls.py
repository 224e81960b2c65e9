"""Calls: functions of the source, classes, modules, and what is known by heart."""

from __future__ import annotations

import ast
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, List, NamedTuple

from mmfix.model.machine.chances import look_at
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.failing import STOPS, failed
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.joining import any_item, join, open_list, without_none
from mmfix.model.machine.state import LEFT, THROUGH
from mmfix.model.machine.values import (
    DATA,
    GIVEN,
    LOST,
    MISSING,
    NUMBERS,
    TENSOR,
    UNKNOWN,
    Bound,
    Either,
    Function,
    Instance,
    Many,
    Method,
    NativeClass,
    NativeRef,
    Opaque,
    Partial,
    PyDict,
    PyList,
    Raised,
)
from mmfix.python.place import ABSENT
from mmfix.python.signatures import bind, signature_of
from mmfix.python.trees import dotted, own_nodes
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


class Shape(NamedTuple):
    """How a function ends, and what it changes outside of it.

    Attributes:
        yields: Whether it is a generator.
        early: Whether it may return before its end.
        outer: Names that it declares ``nonlocal`` or ``global``.
        calls: The last names of what it calls.
    """

    yields: bool
    early: bool
    outer: FrozenSet[str]
    calls: FrozenSet[str]


@lru_cache(maxsize=None)
def shape_of(node: Any) -> Shape:
    """The shape of a definition."""
    nodes = list(own_nodes(node))
    last = [] if isinstance(node, ast.Lambda) else node.body
    return Shape(
        any(isinstance(item, (ast.Yield, ast.YieldFrom)) for item in nodes),
        any(isinstance(item, ast.Return) and item not in last for item in nodes),
        frozenset(
            name for item in nodes if isinstance(item, (ast.Nonlocal, ast.Global)) for name in item.names
        ),
        frozenset(dotted(item.func).rpartition(".")[2] for item in nodes if isinstance(item, ast.Call)),
    )


def call(m: Machine, function: Any, args: List[Any], kwargs: Dict[str, Any], rest: Any) -> Any:
    """``function(*args, **kwargs, **rest)``."""
    kind = type(function)
    if kind is NativeRef:
        return m.known.call(m, function.dotted, args, kwargs, rest)
    if kind is Instance:
        return call_instance(m, function, args, kwargs, rest)
    if kind is Bound:
        inner = function.function
        if type(inner) is Function:
            return _call_function(m, inner, [function.receiver, *args], kwargs, rest)
        return call(m, inner, [function.receiver, *args], kwargs, rest)
    if kind is Opaque:
        return call_opaque(m, function, args, kwargs)
    if kind is Function:
        return _call_function(m, function, args, kwargs, rest)
    if kind is Method:
        if rest is not MISSING:
            m.escaped |= m.depend(rest).may
        try:
            return function.run(m, function.receiver, *args, **kwargs)
        except STOPS:
            raise
        except Exception as error:
            return failed(m, function.name, error, [function.receiver, *args], kwargs)
    if isinstance(function, Instance):
        return call_instance(m, function, args, kwargs, rest)
    if isinstance(function, ClassInfo):
        return instantiate(m, function, args, kwargs, rest)
    if isinstance(function, NativeClass):
        return m.known.make(m, function, args, kwargs, rest is not MISSING)
    if isinstance(function, Partial):
        if function.rest is not MISSING:
            rest = function.rest if rest is MISSING else join(function.rest, rest)
        return call(m, function.function, [*function.args, *args], {**function.kwargs, **kwargs}, rest)
    if isinstance(function, Either):
        return m.each(function, lambda item: call(m, item, args, kwargs, rest))
    if isinstance(function, Opaque):
        return call_opaque(m, function, args, kwargs)
    if function is None:
        raise Raised(say("None is not callable"))
    return m.lost(say("a call of something that is not followed"), *args, *kwargs.values())


#: How deep a function may call itself under a condition that is not known, and so where no argument is known.
_MOST_NESTED, _MOST_BLIND = 3, 1


def call_opaque(m: Machine, function: Opaque, args: List[Any], kwargs: Dict[str, Any]) -> Any:
    """A call of something that is not known: its result may depend on all it is given."""
    result = m.flow(function, *args, *kwargs.values())
    of_shape = function is NUMBERS and m.before_wrap
    result.kind = DATA if of_shape else TENSOR if function.kind == TENSOR else LOST
    return result


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
        if cls.absent_base:
            m.problem(f"{cls.name}: {cls.unknown_base}", cls.place, ABSENT, cls.absent_base)
    init = cls.find(m, "__init__")
    if isinstance(init, Function):
        if rest is MISSING:
            given = bind(signature_of(init.node.args), [instance, *args], kwargs).given
            m.made_with[instance] = {**kwargs, **given}  # what only **kwargs takes goes to a base class
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
        function = Method(
            "forward",
            instance,
            lambda m, receiver, /, *args, **kwargs: _forward(m, receiver, list(args), kwargs),
        )
        result = m.known.run_checkpointed(m, function, args, kwargs, True, "fairscale", wrapped)
    else:
        result = _forward(m, instance, args, kwargs, rest)
    for hook in instance.notes.hooks:
        changed = m.call(hook, [instance, tuple(args), result], {})
        result = _hooked(result, changed)
    return result


def _hooked(result: Any, changed: Any) -> Any:
    """What a module gives after a hook: its own result, where the hook gives None."""
    if changed is None:
        return result
    maybe = isinstance(changed, Either) and None in changed.values
    if maybe or (isinstance(changed, Opaque) and changed.kind not in (TENSOR, GIVEN)):
        return join(result, without_none(changed))
    return changed


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
    reason = instance.lost or say("{type} has no forward that was found", type=instance.cls.name)
    return m.lost(reason, *args, *kwargs.values(), Opaque(m.bits_of(instance), 0))


def _call_function(m: Machine, function: Function, args: List[Any], kwargs: Dict[str, Any], rest: Any) -> Any:
    draws = m.draws
    if (
        draws.looked_at
        and draws.come_out is None
        and not shape_of(function.node).calls.isdisjoint(m.known.DRAWS)
    ):
        return look_at(m, lambda: _run_function(m, function, args, kwargs, rest))
    return _run_function(m, function, args, kwargs, rest)


def _nested(m: Machine, node: Any) -> int:
    return [item.function and item.function.node for item in m.frames].count(node)


def _most_nested(args: List[Any], kwargs: Dict[str, Any]) -> int:
    blind = all(isinstance(value, Opaque) for value in (*args, *kwargs.values()))
    return _MOST_BLIND if blind else _MOST_NESTED


def _run_function(m: Machine, function: Function, args: List[Any], kwargs: Dict[str, Any], rest: Any) -> Any:
    node = function.node
    if m.conditional and len(m.frames) > _MOST_BLIND and _nested(m, node) > _most_nested(args, kwargs):
        # whether it goes on calling itself is not known
        key = (node, function.closure, m.edits)
        if m.phase != "build" or key not in m.recursions:  # loaders do it for every layer of a model
            m.recursions[key] = m.escape(function)
        values = (*args, *kwargs.values(), Opaque(m.recursions[key], 0))
        return m.lost(
            say("{function} calls itself an unknown number of times", function=function.name), *values
        )
    shape = shape_of(node)
    frame = Frame(function.scope, function, function.closure, shape.outer)
    _bind(m, function, frame, args, kwargs, rest)
    line, grad, nonempty, assumed = m.line, m.grad, m.nonempty, m.assumed
    if function.no_grad:
        m.grad = False
    m.enter(frame)
    frame.base, frame.loop, frame.under = len(m.trail), len(m.trail), m.conditional
    level = m.begin() if shape.early else None
    try:
        if isinstance(node, ast.Lambda):
            m.step()  # there is no statement in it, before which the bounds would be looked at
            return m.eval(node.body, frame)
        try:
            ended = m.run(node.body, frame)
        except Raised:
            if not frame.leaves:
                raise
            ended, frame.stranded = LEFT, True  # other paths have returned before
            m.assumed = assumed
        live = m.assumed
        if level is not None and frame.leaves:
            m.unite(level, frame.leaves, not frame.stranded)
        if shape.yields:
            return open_list(frame.yields) if frame.unsure else PyList(frame.yields)
        if ended is THROUGH:
            frame.returns.append((None, live))
        return m.either(frame.returns)
    except Raised as error:
        if m.guards or (m.phase == "step" and len(m.frames) == 1):
            raise  # a branch that does not run then, a handler, or all of the step
        if function.name == "__init__" and isinstance(args[0], Instance):
            args[0].lost = args[0].lost or str(error)
        return m.lose_way(str(error), function, *args, *kwargs.values(), rest)
    finally:
        if level is not None:
            m.end(level)
        m.leave()
        m.line, m.grad, m.nonempty, m.assumed = line, grad, nonempty, assumed


def evaluate_defaults(m: Machine, function: Function, home: Frame) -> None:
    """Evaluate the defaults of the parameters of a function in the frame it is defined in."""
    signature = signature_of(function.node.args)
    function.defaults = [m.eval(item, home) for item in signature.defaults]
    function.kw_defaults = [
        MISSING if item is None else m.eval(item, home) for item in signature.keyword_defaults
    ]


def _bind(
    m: Machine, function: Function, frame: Frame, args: List[Any], kwargs: Dict[str, Any], rest: Any
) -> None:
    signature = signature_of(function.node.args)
    if function.defaults is None:
        home = function.closure or function.scope.frame
        if function.cls is not None:
            home = function.cls.frame
        evaluate_defaults(m, function, home)
    assert function.defaults is not None
    items = frame.items
    many = [*map(type, args)].index(Many) if Many in map(type, args) else None
    one: Any = MISSING
    if many is not None:
        # it fills what has no default and no argument of its own; what has a default, it may
        one = any_item(open_list([item for part in args[many:] for item in m.items_of(part).items]))
        needed = signature.positional[many : len(signature.positional) - len(signature.defaults)]
        args = [*args[:many], *(one for _ in takewhile(lambda name: name not in kwargs, needed))]
    elif not kwargs and len(args) == len(signature.positional) and signature.is_plain:
        items.update(zip(signature.positional, args))
        return
    arguments = bind(signature, args, kwargs)
    items.update(arguments.given)
    if len(arguments.given) < len(signature.positional) + len(signature.keyword_only):
        first_default = len(signature.positional) - len(function.defaults)
        defaults = [*[MISSING] * first_default, *function.defaults, *(function.kw_defaults or ())]
        for name, default in zip(signature.names, defaults):
            if name not in items:
                items[name] = _given(m, default, rest)
                if default is MISSING and rest is MISSING:
                    m.lose_way(
                        say(
                            "{function}() is called without {argument}", function=function.name, argument=name
                        ),
                        *args,
                        *kwargs.values(),
                    )
                elif one is not MISSING and name in signature.positional:
                    items[name] = join(items[name], one)
    if signature.star is not None:
        items[signature.star] = arguments.surplus if one is MISSING else PyList([one], True)
    elif arguments.surplus:
        m.escape(list(arguments.surplus))
    if signature.double_star is not None:
        items[signature.double_star] = PyDict(arguments.unknown, None, rest)
    elif arguments.unknown:
        m.escape(list(arguments.unknown.values()))  # Python refuses them: a decorator takes them
    if arguments.twice:
        m.escape(list(arguments.twice.values()))


def _given(m: Machine, default: Any, rest: Any) -> Any:
    """The value of a parameter that was not passed by name; ``rest`` may hold it."""
    if rest is MISSING:
        if default is not MISSING:
            return default
        m.doubt(say("an argument is not known"))
        return UNKNOWN
    return rest if default is MISSING else join(default, rest) if default is not None else _maybe(rest)


def _maybe(rest: Any) -> Any:
    return Either((None, rest)) if not isinstance(rest, Opaque) else Opaque(rest.may, 0, UNKNOWN.kind)
