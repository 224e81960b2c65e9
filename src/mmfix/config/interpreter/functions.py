"""Functions that a config defines for itself."""

from __future__ import annotations

import ast
from typing import Any, Dict, Tuple, Union

from mmfix.config.interpreter.core import HANDLERS, evaluate, execute
from mmfix.config.interpreter.poison import poison_body, poison_callable
from mmfix.config.interpreter.state import MAX_CALL_DEPTH, Function, Run, Scope
from mmfix.config.origin import Blame
from mmfix.config.values import TreeDict, TreeTuple


def make_function(run: Run, node: Union[ast.FunctionDef, ast.Lambda], scope: Scope) -> Any:
    """A callable value for ``def`` or ``lambda``; Unknown for a decorated function."""
    if isinstance(node, ast.FunctionDef) and node.decorator_list:
        poison_body(run, node.body, scope, "used in a decorated function", node)
        return run.unknown("a decorated function", node)
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: Dict[str, Any] = {}
    for parameter, default in zip(
        positional[len(positional) - len(arguments.defaults) :], arguments.defaults
    ):
        defaults[parameter.arg] = evaluate(run, default, scope)
    for parameter, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        if keyword_default is not None:
            defaults[parameter.arg] = evaluate(run, keyword_default, scope)

    generates = any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in ast.walk(node))

    def call(function: Function, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        if generates:
            poison_callable(run, function, "a generator is not followed", node)
            return run.unknown("a generator", node)
        return _call(run, function, args, kwargs)

    return Function(node, scope, defaults, call)


def _call(run: Run, function: Function, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    node = function.node
    run.spend(1, node)
    scope = Scope(_bind_arguments(function, args, kwargs), function.scope)
    run.depth += 1
    run.active.append(scope)
    try:
        if run.depth > MAX_CALL_DEPTH:
            run.fail("its functions call each other too deeply", node)
        if isinstance(node, ast.Lambda):
            return evaluate(run, node.body, scope)
        if any(isinstance(inner, ast.Nonlocal) for inner in node.body):
            poison_callable(run, function, "nonlocal names are not followed", node)
            return run.unknown("nonlocal names are not followed", node)
        signal = execute(run, node.body, scope)
        if signal is not None and signal.kind == "unknown":
            return run.unknown("returned under an unknown condition", node)
        return signal.value if signal is not None and signal.kind == "return" else None
    finally:
        run.depth -= 1
        run.active.pop()


def _bind_arguments(function: Function, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> TreeDict:
    """Arguments by name, as Python binds them; raises TypeError as Python would."""
    spec = function.node.args
    name = getattr(function.node, "name", "<lambda>")
    positional = [parameter.arg for parameter in (*spec.posonlyargs, *spec.args)]
    keyword_only = [parameter.arg for parameter in spec.kwonlyargs]
    bound = TreeDict()
    blames: Dict[Any, Blame] = getattr(kwargs, "blames", {})
    bound.update(zip(positional, args))
    rest = args[len(positional) :]
    if spec.vararg is not None:
        bound[spec.vararg.arg] = TreeTuple(rest)
    elif rest:
        raise TypeError(f"{name}() takes {len(positional)} positional arguments but {len(args)} were given")
    extra = TreeDict()
    for key, value in kwargs.items():
        if key in positional or key in keyword_only:
            if key in bound:
                raise TypeError(f"{name}() got multiple values for argument '{key}'")
            bound[key] = value
        elif spec.kwarg is not None:
            extra[key] = value
        else:
            raise TypeError(f"{name}() got an unexpected keyword argument '{key}'")
        if key in blames:
            (bound if key in bound else extra).blames[key] = blames[key]
    if spec.kwarg is not None:
        bound[spec.kwarg.arg] = extra
    for parameter in (*positional, *keyword_only):
        if parameter not in bound:
            if parameter not in function.defaults:
                raise TypeError(f"{name}() missing a required argument: '{parameter}'")
            bound[parameter] = function.defaults[parameter]
    return bound


HANDLERS[ast.Lambda] = make_function
