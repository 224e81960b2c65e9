"""Functions that a config defines for itself."""

from __future__ import annotations

import ast
from typing import Any, Dict, Tuple, Union

from mmfix.config.interpreter.core import HANDLERS, evaluate, execute
from mmfix.config.interpreter.loss import anything_in, current, lose_all
from mmfix.config.interpreter.names import names_of
from mmfix.config.interpreter.state import MAX_CALL_DEPTH, Function, Run, Scope
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import TreeDict, TreeTuple
from mmfix.python.signatures import bind, refusal, signature_of
from mmfix.python.trees import own_nodes
from mmfix.wording import say


def make_function(run: Run, node: Union[ast.FunctionDef, ast.Lambda], scope: Scope) -> Function:
    """A callable value for ``def`` or ``lambda``, decorators left out."""
    nodes = signature_of(node.args).default_nodes()
    defaults = {name: evaluate(run, default, scope) for name, default in nodes.items()}
    generates = any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in own_nodes(node))

    def call(function: Function, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        args = tuple(map(current, args))
        if generates:
            _bind_arguments(function, args, kwargs)
            given = [function, *args, *kwargs.values()]
            lose_all(run, given, say("a generator is not followed"), node)
            return anything_in(run.unknown(say("a generator"), node), given)
        value = _call(run, function, args, kwargs)
        if isinstance(value, Unknown) and value.may_be is None:
            return anything_in(value, [function, *args, *kwargs.values()])
        return value

    return Function(node, scope, defaults, call)


def _call(run: Run, function: Function, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    node = function.node
    run.spend(4 + len(args) + len(kwargs), node)
    names = names_of(node)
    bound = _bind_arguments(function, args, kwargs)
    scope = Scope(bound, function.scope, False, names.own, names.global_names, names.nonlocal_names)
    run.depth += 1
    try:
        if run.depth > MAX_CALL_DEPTH:
            run.fail(say("its functions call each other too deeply"), node)
        if isinstance(node, ast.Lambda):
            return evaluate(run, node.body, scope)
        signal = execute(run, node.body, scope)
        if signal is not None and signal.kind == "unknown":
            return run.unknown(say("returned under an unknown condition"), node)
        return current(signal.value) if signal is not None and signal.kind == "return" else None
    finally:
        run.depth -= 1


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
