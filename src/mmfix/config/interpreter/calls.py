"""Calls: builtins, methods, known library functions, and everything else (Unknown)."""

from __future__ import annotations

import ast
from typing import Any, Callable, Dict, List, Optional, Tuple

from mmfix.config.interpreter import limits
from mmfix.config.interpreter.aliases import alternatives, method_called
from mmfix.config.interpreter.caught import Caught, text_of
from mmfix.config.interpreter.containers import keywords
from mmfix.config.interpreter.core import (
    HANDLERS,
    blame_of,
    decided,
    evaluate,
    in_some_order,
    iterate,
    one_decided,
    opaque,
    tainted,
    truth,
    unordered,
)
from mmfix.config.interpreter.inspection import ASKING
from mmfix.config.interpreter.library import STREAMS, of_known_values, orders, reduced
from mmfix.config.interpreter.loss import (
    anything_in,
    current,
    has_reach,
    looks_into_one,
    lose,
    lose_all,
    refuse,
    roots,
)
from mmfix.config.interpreter.methods import call_method, dict_update, fromkeys
from mmfix.config.interpreter.modules import FUNCTIONS
from mmfix.config.interpreter.poison import only_looks
from mmfix.config.interpreter.state import (
    Builtin,
    Function,
    MethodRef,
    ModuleRef,
    Run,
    Scope,
    Stream,
    Undecidable,
    View,
)
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import LazyName, TreeDict, TreeList, TreeTuple, wrap
from mmfix.python.bounds import weight
from mmfix.python.call_bounds import size_of_call
from mmfix.wording import say

_NATIVE: Dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        abs, all, any, ascii, bin, bool, bytes, chr, complex, divmod, enumerate, filter, float, format,
        frozenset, hex, int, isinstance, iter, len, list, map, max, min, next, oct, ord, pow, range, repr,
        reversed, round, set, slice, sorted, str, sum, tuple, zip,
    )
}  # fmt: skip
#: They look only at the outside of their arguments, so an Unknown inside does no harm.
_LAZY = {"next", "iter", "zip", "enumerate", "map", "filter", "reversed"}
_INSIDE = (dict, list, tuple, set, frozenset)
#: They call what they are given, now or later.
_CALLERS = {"map", "filter", "sorted", "min", "max", "next"}
#: What they give depends on the order of their arguments' elements.
_ORDERLY = _LAZY | {"list", "tuple", "str", "repr", "ascii", "format", "sum", "dict", "bytes"}
_SHALLOW = {
    "len",
    "list",
    "tuple",
    "enumerate",
    "zip",
    "reversed",
    "isinstance",
    "iter",
    "next",
    "range",
    "map",
}


def _call_node(run: Run, node: ast.Call, scope: Scope) -> Any:
    func = node.func
    if isinstance(func, ast.Name) and func.id == "dict" and not node.args and scope.find("dict") is None:
        return keywords(run, node, scope)  # most of a config is this
    if looks_into_one(node) and scope.find("vars") is None:
        return _vars(run, node, evaluate(run, node.args[0], scope))
    return call(run, node, scope)


def _vars(run: Run, node: ast.Call, value: Any) -> Unknown:
    """``vars(x)``: what can be written through it are the attributes of an object, which are not followed."""
    if isinstance(value, (ModuleRef, LazyName)):
        refuse(run, "vars()", node)
    if not isinstance(value, (Unknown, Function)):
        raise TypeError("vars() argument must have __dict__ attribute")
    found = run.unknown(say("vars() of an object"), node)
    return anything_in(found, [value])


def call(run: Run, node: ast.Call, scope: Scope) -> Any:
    """The value of a call.

    Raises:
        ConfigError: A bound was hit.
        Exception: As Python would raise.
    """
    function = evaluate(run, node.func, scope)
    args, blames, complete = _arguments(run, node, scope)
    kwargs = keywords(run, node, scope)
    if run.losses:  # an argument may have changed what stood before it
        function, args = current(function), [current(arg) for arg in args]
        if isinstance(function, MethodRef):
            function = MethodRef(current(function.owner), function.name)
        if isinstance(kwargs, TreeDict):
            kwargs.update({key: current(value) for key, value in kwargs.items()})
    if isinstance(function, LazyName):
        raise RuntimeError(f"a lazy config cannot call {function.path}, which MMEngine does not import")
    if not complete or isinstance(kwargs, Unknown):
        if isinstance(function, Builtin) and function.name in _BLIND and isinstance(kwargs, TreeDict):
            return run.unknown(say("unpacks an unknown value"), node)
        lose_all(
            run,
            [*roots(run, [node], scope), function, *args, kwargs],
            say("called with what is unknown"),
            node,
        )
        return run.unknown(say("calls {called}, which is not followed", called=_called(node.func)), node)
    try:
        return apply(run, node, function, args, blames, kwargs)
    except Undecidable as stopped:
        given = [*args, *kwargs.values()]
        found = run.unknown(str(stopped) or say("computed from an unknown value"), node)
        if not (isinstance(function, Builtin) and only_looks(run, function, given, node)):
            lose_all(run, [*roots(run, [node], scope), *given], str(stopped), node)
        elif function.name in ("max", "min") and len(args) > 1:
            return one_decided(run, args, alternatives(found, args))
        elif function.name == "sorted" and isinstance(args[0], (list, tuple)):
            return one_decided(run, orders(args[0]), found)
        return found


#: They only look at their arguments.
_BLIND = {"print", "zip", "max", "min", "list", "tuple", "range", "len", "str", "isinstance", "set"}


def apply(
    run: Run, node: ast.Call, function: Any, args: List[Any], blames: List[Optional[Blame]], kwargs: TreeDict
) -> Any:
    """The value of ``function(*args, **kwargs)``.

    Raises:
        Undecidable: It depends on something unknown, and nothing was made unknown for it.
    """
    if isinstance(function, MethodRef) and isinstance(function.owner, Unknown):
        method_called(run, function.owner, function.name, [*args, *kwargs.values()], node)
        found = run.unknown(say("calls {called}, which is not evaluated", called=_called(node.func)), node)
        return anything_in(found, [function.owner, *args, *kwargs.values()])
    if isinstance(function, MethodRef):
        if callable(kwargs.get("key")) or isinstance(kwargs.get("key"), (MethodRef, Builtin, ModuleRef)):
            kwargs["key"] = _native_callable(run, node, kwargs["key"])
        blame = next((step for step in blames if step is not None), None) or Blame(run.source.origin(node))
        if function.name in _PLACING and len(blames) > 1 and blames[1] is not None:
            blame = blames[1]
        if args and function.name in _KEYED:
            limits.pay_for_key(run, node, args[0])
        if args and function.name in _KEYED and tainted(args[0]) and isinstance(function.owner, (dict, list)):
            if function.name != "get":
                lose(run, function.owner, say("changed at an unknown key"), node, args[1:])
            found = anything_in(run.unknown(say("an unknown key"), node), [function.owner, *args])
            owner = function.owner
            if function.name == "get" and isinstance(owner, TreeDict) and not (kwargs or owner.missing):
                return one_decided(run, [*owner.values(), *(args[1:] or [None])], found)
            return found
        if isinstance(function.owner, (set, frozenset)):
            return _of_set(run, node, function, args, kwargs, blame)
        if not isinstance(function.owner, (dict, list)):
            args = [_materialized(run, node, arg) for arg in args]
        return call_method(run, node, function.owner, function.name, args, kwargs, blame)
    if isinstance(function, Function):
        return function.call(function, tuple(args), kwargs)
    if isinstance(function, Builtin):
        return _builtin(run, node, function.name, args, blames, kwargs)
    if isinstance(function, ModuleRef) and function.path in STREAMS and not kwargs:
        return STREAMS[function.path](run, node, args)
    if isinstance(function, ModuleRef) and function.path == "functools.reduce" and 2 <= len(args) <= 3:
        return reduced(run, node, _native_callable(run, node, args[0]), args[1:])
    if isinstance(function, ModuleRef) and function.path == "dict.fromkeys" and args and not kwargs:
        return fromkeys(run, node, args, blames)
    if isinstance(function, ModuleRef) and function.path in FUNCTIONS:
        run.spend(weight(*args), node)
        if function.path.startswith(("os.path.", "math.")) and tainted(args):
            return run.unknown(say("computed from an unknown value"), node)
        if any(isinstance(arg, (Unknown, ModuleRef, Stream, View)) for arg in args) or tainted(kwargs):
            lose_all(run, [*args, *kwargs.values()], say("handed to code that is not evaluated"), node)
            return run.unknown(say("computed from an unknown value"), node)
        if any(unordered(arg) for arg in args) and not function.path.startswith("copy."):
            return run.unknown(say("the order of a set"), node)
        return wrap(limits.paid(run, node, FUNCTIONS[function.path])(*args, **kwargs))
    if isinstance(function, (Unknown, ModuleRef)):
        lose_all(run, [function, *args, *kwargs.values()], say("handed to code that is not evaluated"), node)
        found = run.unknown(say("calls {called}, which is not evaluated", called=_called(node.func)), node)
        return anything_in(found, [function, *args, *kwargs.values()])
    raise TypeError(f"'{type(function).__name__}' object is not callable")


def _of_set(
    run: Run, node: ast.Call, function: MethodRef, args: List[Any], kwargs: TreeDict, blame: Blame
) -> Any:
    args = [_materialized(run, node, arg) for arg in args]
    run.spend(weight(*args, *kwargs.values()), node)
    if not (tainted(args) or tainted(kwargs)):
        try:
            return call_method(run, node, function.owner, function.name, args, kwargs, blame)
        except Undecidable:
            pass
    lose(run, function.owner, say("a set of unknown values"), node, args)
    return run.unknown(say("a set of unknown values"), node)


#: Methods whose second argument is put in; and those whose first one decides which slot changes.
_PLACING = {"setdefault", "insert", "__setitem__"}
_KEYED = {"pop", "setdefault", "insert", "remove", "get", "__setitem__"}


def _arguments(run: Run, node: ast.Call, scope: Scope) -> Tuple[List[Any], List[Optional[Blame]], bool]:
    values: List[Any] = []
    blames: List[Optional[Blame]] = []
    complete = True
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            inner = evaluate(run, argument.value, scope)
            if isinstance(inner, (Unknown, ModuleRef)):
                complete = False
                continue
            for item, blame in iterate(run, inner, argument):
                values.append(item)
                blames.append(blame)
        else:
            values.append(evaluate(run, argument, scope))
            blames.append(blame_of(run, argument, scope))
    return values, blames, complete


def _called(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return f"{node.id}()"
    if isinstance(node, ast.Attribute):
        return f"{_called(node.value).rstrip('()')}.{node.attr}()"
    return say("a function")


def _builtin(
    run: Run, node: ast.Call, name: str, args: List[Any], blames: List[Optional[Blame]], kwargs: TreeDict
) -> Any:
    if name == "print":
        run.unknowns += tainted(args)  # it may raise
        return None
    limits.pay(run, node, limits.size_of_looking, name, args)
    if any(getattr(arg, "missing", None) for arg in args):
        return run.unknown(say("a base that is not here may have set more"), node)
    if name == "dict":
        result = TreeDict()
        args = [_materialized(run, node, arg) for arg in args]
        if any(isinstance(arg, (Unknown, ModuleRef)) or unordered(arg) for arg in args):
            return run.unknown(say("made from an unknown value"), node)
        dict_update(run, node, result, args, kwargs)
        return result
    if name in ("str", "repr") and len(args) == 1 and isinstance(args[0], Caught) and not kwargs:
        return text_of(run, node, name, args[0])
    if name in ASKING and not kwargs:
        return ASKING[name](run, node, args)
    looked_at = args[1:] if name in ("map", "filter") and _is_known_function(args[:1]) else args
    if any(isinstance(getattr(arg, "owner", arg), (Unknown, ModuleRef, LazyName)) for arg in looked_at):
        if name in _CALLERS or any(isinstance(arg, Stream) for arg in args):
            raise Undecidable(say("computed from an unknown value"))
        return run.unknown(say("computed from an unknown value"), node)
    if name in ("any", "all") and len(args) == 1 and not kwargs:
        return _any_or_all(run, node, name == "any", args[0])
    as_text = name in ("str", "repr", "ascii", "format")
    ordered = name in _ORDERLY or kwargs.get("key") is not None
    if as_text and any(map(_is_callable, args)):
        raise Undecidable(say("the text of a function"))
    if ordered and as_text and any(unordered(arg, deep=True) for arg in args):
        raise Undecidable(say("the order of a set"))
    if ordered:
        args = [in_some_order(run, arg, node) if unordered(arg) else arg for arg in args]
    if name == "bool" and len(args) == 1 and not kwargs:
        known = truth(run, args[0], node)
        run.unknowns += isinstance(known, Unknown)  # it may raise
        return known
    if name not in _LAZY:
        args = [_materialized(run, node, arg) for arg in args]
        by_key = name in ("max", "min", "sorted") and _is_callable(kwargs.get("key"))
        if name not in _SHALLOW and not by_key and tainted([arg for arg in args if not _is_callable(arg)]):
            raise Undecidable(say("computed from an unknown value"))
    elif name != "next":
        args = [_streamed(run, node, arg) for arg in args]
    roots_of = tuple(arg for arg in args if has_reach(arg))
    if name == "filter" and args[:1] == [None]:
        args[0] = Builtin("bool")
    args = [_native_callable(run, node, arg, name == "map") for arg in args]
    if tainted([value for value in kwargs.values() if not _is_callable(value)]):
        raise Undecidable(say("computed from an unknown value"))
    keyword_args = {key: _native_callable(run, node, value) for key, value in kwargs.items()}
    limits.pay(run, node, size_of_call, _NATIVE[name], args, keyword_args)
    if name in ("list", "tuple") and len(args) == 1 and not kwargs:
        pairs = list(iterate(run, args[0], node))
        items, steps = [item for item, _ in pairs], [step for _, step in pairs]
        return TreeList(items, steps) if name == "list" else TreeTuple(items, tuple(steps))
    result = _NATIVE[name](*args, **keyword_args)
    if name != "next" and hasattr(result, "__next__"):
        return result if isinstance(result, Stream) else Stream(run, result, roots_of, len(args))
    return wrap(result)


def _is_known_function(args: List[Any]) -> bool:
    return bool(args) and isinstance(args[0], ModuleRef) and args[0].path in FUNCTIONS


def _any_or_all(run: Run, node: ast.Call, wanted: bool, values: Any) -> Any:
    """``any`` and ``all`` stop at the first element that decides."""
    for item, _ in iterate(run, values, node):
        run.unknowns += isinstance(item, Unknown)  # it may raise
        known = decided(run, item, node)
        if isinstance(known, Unknown):
            raise Undecidable(known.reason)
        if known is wanted:
            return wanted
    return not wanted


def _streamed(run: Run, node: ast.Call, value: Any) -> Any:
    """What an iterator can run over natively while the config goes on."""
    return value.native if isinstance(value, View) and not tainted(value) else value


def _is_callable(value: Any) -> bool:
    return isinstance(value, (Builtin, MethodRef, ModuleRef, Function))


def _materialized(run: Run, node: ast.Call, value: Any) -> Any:
    """An iterator as a list, so that it can be looked into; anything else as it is."""
    if isinstance(value, (Stream, View)):
        return TreeList([item for item, _ in iterate(run, value, node)])
    return value


def _native_callable(run: Run, node: ast.Call, value: Any, unseen: bool = False) -> Any:
    """A config-level callable as one that ``map`` or ``sorted`` can call.

    Args:
        unseen: What it gives is handed on, and not looked at.
    """
    if _is_callable(value):
        function = _plain_callable(run, node, value)

        def decided(*args: Any) -> Any:
            run.spend(1, node)
            result = current(function(*map(current, args)))
            if not unseen and (tainted(result) if isinstance(result, _INSIDE) else opaque(result)):
                raise Undecidable(say("computed from an unknown value"))
            return result

        return decided
    return value


def _plain_callable(run: Run, node: ast.Call, value: Any) -> Any:
    if isinstance(value, ModuleRef):
        if value.path not in FUNCTIONS:
            raise Undecidable(say("calls what is not evaluated"))
        return of_known_values(limits.paid(run, node, FUNCTIONS[value.path]))
    if isinstance(value, Builtin):
        name = value.name
        return lambda *args: _builtin(run, node, name, list(args), [None] * len(args), TreeDict())
    if isinstance(value, MethodRef):
        blame = Blame(run.source.origin(node))
        return lambda *args: call_method(run, node, value.owner, value.name, list(args), TreeDict(), blame)
    return value


HANDLERS[ast.Call] = _call_node
