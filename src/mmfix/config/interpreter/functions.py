"""Functions that a config defines for itself."""

from __future__ import annotations

import ast
from typing import Any, Dict, Tuple, Union

from mmfix.config.interpreter.core import HANDLERS, evaluate, execute
from mmfix.config.interpreter.poison import poison_body, poison_callable
from mmfix.config.interpreter.state import MAX_CALL_DEPTH, Function, Run, Scope
from mmfix.config.origin import Blame
from mmfix.config.values import TreeDict, TreeTuple
from mmfix.python.signatures import bind, refusal, signature_of
from mmfix.python.trees import own_nodes


def make_function(run: Run, node: Union[ast.FunctionDef, ast.Lambda], scope: Scope) -> Any:
    """A callable value for ``def`` or ``lambda``; Unknown for a decorated function."""
    if isinstance(node, ast.FunctionDef) and node.decorator_list:
        poison_body(run, node.body, scope, "used in a decorated function", node)
        return run.unknown("a decorated function", node)
    nodes = signature_of(node.args).default_nodes()
    defaults = {name: evaluate(run, default, scope) for name, default in nodes.items()}
    generates = any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in own_nodes(node))

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
    """Arguments by name; raises TypeError as Python would."""
    signature = signature_of(function.node.args)
    arguments = bind(signature, args, kwargs)
    wrong = refusal(signature, arguments, function.defaults)
    if wrong is not None:
        raise TypeError(f"{getattr(function.node, 'name', '<lambda>')}() {wrong}")
    bound = TreeDict(arguments.given)
    extra = TreeDict(arguments.unknown)
    blames: Dict[Any, Blame] = getattr(kwargs, "blames", {})
    for key, blame in blames.items():
        if key in kwargs:
            (extra if key in extra else bound).blames[key] = blame
    for name in signature.names:
        if name not in bound:
            bound[name] = function.defaults[name]
    if signature.star is not None:
        bound[signature.star] = TreeTuple(arguments.surplus)
    if signature.double_star is not None:
        bound[signature.double_star] = extra
    return bound


HANDLERS[ast.Lambda] = make_function
