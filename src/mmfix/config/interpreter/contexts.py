"""``with``: contexts of the standard library that do nothing, or catch exceptions; no others are followed."""

from __future__ import annotations

import ast
from typing import List, Optional

from mmfix.config.interpreter.access import assign
from mmfix.config.interpreter.core import STATEMENTS, Signal, blame_of, evaluate, execute, may_leave
from mmfix.config.interpreter.poison import poison_names
from mmfix.config.interpreter.state import ModuleRef, Run, Scope
from mmfix.wording import say


def _with(run: Run, node: ast.With, scope: Scope) -> Optional[Signal]:
    if run.lazy:
        return execute(run, node.body, scope)  # a second `read_base()`, which MMEngine just runs
    return _entered(run, node, 0, scope)


def _entered(run: Run, node: ast.With, position: int, scope: Scope) -> Optional[Signal]:
    """The rest of a ``with`` statement, from one of its contexts on."""
    if position == len(node.items):
        return execute(run, node.body, scope)
    item = node.items[position]
    rest = ast.copy_location(ast.With(node.items[position:], node.body), node)
    inner = ast.copy_location(ast.With(node.items[position + 1 :], node.body), node)
    call = item.context_expr
    plain = isinstance(call, ast.Call) and not call.keywords
    if not isinstance(call, ast.Call) or not plain or any(isinstance(arg, ast.Starred) for arg in call.args):
        return _unfollowed(run, rest, scope)
    function = evaluate(run, call.func, scope)
    path = function.path if isinstance(function, ModuleRef) else ""
    if path == "contextlib.nullcontext" and len(call.args) <= 1:
        value = evaluate(run, call.args[0], scope) if call.args else None
        if item.optional_vars is not None:
            blame = blame_of(run, call.args[0] if call.args else call, scope)
            assign(run, item.optional_vars, value, blame, scope)
        return _entered(run, node, position + 1, scope)
    named = all(isinstance(arg, ast.Name) for arg in call.args)
    if path == "contextlib.suppress" and named and item.optional_vars is None:
        body: List[ast.stmt] = [inner] if inner.items else node.body
        handlers = [ast.copy_location(ast.ExceptHandler(arg, None, []), call) for arg in call.args]
        attempt = ast.copy_location(ast.Try(body, handlers, [], []), node)
        result: Optional[Signal] = STATEMENTS[ast.Try](run, attempt, scope)
        return result
    return _unfollowed(run, rest, scope)


def _unfollowed(run: Run, node: ast.With, scope: Scope) -> Optional[Signal]:
    poison_names(run, [node], say("set inside a `with` block"), scope)
    return may_leave(node.body)


STATEMENTS[ast.With] = _with
