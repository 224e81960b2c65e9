"""Statements of a config."""

from __future__ import annotations

import ast
import builtins
from typing import Any, List, Optional

from mmfix.config.imports import is_base_assignment, is_builtin_module
from mmfix.config.interpreter.access import assign, delete
from mmfix.config.interpreter.aliases import changed
from mmfix.config.interpreter.core import (
    STATEMENTS,
    Signal,
    blame_of,
    evaluate,
    execute,
    iterate,
    opaque,
    truth,
)
from mmfix.config.interpreter.functions import make_function
from mmfix.config.interpreter.methods import dict_update, extend_list
from mmfix.config.interpreter.modules import member
from mmfix.config.interpreter.operators import binary
from mmfix.config.interpreter.poison import poison_body, poison_names, poison_object
from mmfix.config.interpreter.state import ModuleRef, Run, Scope, bind
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import LazyName, TreeDict, TreeList, whole_module
from mmfix.errors import ConfigError


def run_module(run: Run, body: List[ast.stmt]) -> None:
    """Evaluate a config's top-level statements.

    Raises:
        ConfigError: MMEngine could not run the file either, or a bound was hit.
    """
    for node in body:
        try:
            execute(run, [node], run.scope)
        except ConfigError:
            raise
        except RecursionError as error:
            raise ConfigError("is nested too deeply to be read", run.source.path, node.lineno) from error
        except Exception as error:
            message = str(error) if type(error) is not KeyError else f"key {error}"
            raise ConfigError(
                f"MMEngine would stop here with {type(error).__name__}: {message}",
                run.source.path,
                node.lineno,
            ) from error


def _assign(run: Run, node: ast.Assign, scope: Scope) -> None:
    if not run.lazy and is_base_assignment(node):
        return  # MMEngine removes it before running the file
    value = evaluate(run, node.value, scope)
    blame = blame_of(run, node.value, scope)
    for target in node.targets:
        assign(run, target, value, blame, scope)


def _annotated(run: Run, node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        assign(run, node.target, evaluate(run, node.value, scope), blame_of(run, node.value, scope), scope)


def _augmented(run: Run, node: ast.AugAssign, scope: Scope) -> None:
    load = _as_load(node.target)
    current = evaluate(run, load, scope)
    value = evaluate(run, node.value, scope)
    kind = type(node.op)
    if _change_in_place(run, node, kind, current, value):
        if not isinstance(node.target, ast.Name):  # stored back, and a config dict copies it
            blame = blame_of(run, node.target, scope).via or blame_of(run, node.value, scope)
            assign(run, node.target, current, blame, scope)
        return
    result = binary(run, node, kind, current, value)
    assign(run, node.target, result, blame_of(run, node.value, scope), scope)


def _change_in_place(run: Run, node: ast.AugAssign, kind: type, current: Any, value: Any) -> bool:
    """Operators that change their left side instead of making a new value; False for all others."""
    if isinstance(current, TreeList) and kind is ast.Add:
        extend_list(run, node, current, value)
    elif isinstance(current, TreeDict) and kind is ast.BitOr:
        dict_update(run, node, current, [value], TreeDict())
    elif isinstance(current, TreeList) and kind is ast.Mult and isinstance(value, int):
        run.spend(max(0, len(current) * value), node)
        current *= value
        current.blames *= value
    elif isinstance(current, Unknown):
        changed(run, current, node)
        return False
    elif isinstance(current, (TreeList, TreeDict, set)) and (isinstance(current, set) or opaque(value)):
        poison_object(run, current, "changed by an operator that is not followed", node)
    else:
        return False
    return True


def _as_load(target: Any) -> ast.AST:
    """The same expression, to be read."""
    import copy

    load = copy.copy(target)
    load.ctx = ast.Load()
    return load  # type: ignore[no-any-return]


def _expression(run: Run, node: ast.Expr, scope: Scope) -> None:
    if not isinstance(node.value, ast.Constant):
        evaluate(run, node.value, scope)


def _if(run: Run, node: ast.If, scope: Scope) -> Optional[Signal]:
    _require_body(run, node)
    known = truth(run, evaluate(run, node.test, scope), node.test)
    if isinstance(known, Unknown):
        poison_names(run, [*node.body, *node.orelse], f"depends on a condition: {known.reason}", scope)
        return _maybe_left([*node.body, *node.orelse])
    return execute(run, node.body if known else node.orelse, scope)


def _for(run: Run, node: ast.For, scope: Scope) -> Optional[Signal]:
    _require_body(run, node)
    values = evaluate(run, node.iter, scope)
    if isinstance(values, (Unknown, ModuleRef, LazyName)):
        poison_names(run, [node], "set in a loop over an unknown value", scope)
        return _maybe_left(node.body, loop=True)
    for item, blame in iterate(run, values, node):
        assign(run, node.target, item, blame or blame_of(run, node.iter, scope), scope)
        signal = execute(run, node.body, scope)
        if signal is not None and signal.kind == "unknown":
            poison_names(run, [node], "set in a loop that may end early", scope)
            return _maybe_left(node.body, loop=True)
        if signal is not None and signal.kind != "continue":
            return None if signal.kind == "break" else signal
    return execute(run, node.orelse, scope)


def _while(run: Run, node: ast.While, scope: Scope) -> Optional[Signal]:
    _require_body(run, node)
    while True:
        run.spend(10, node)
        known = truth(run, evaluate(run, node.test, scope), node.test)
        if isinstance(known, Unknown):
            poison_names(run, [node], "set in a loop with an unknown condition", scope)
            return _maybe_left(node.body, loop=True)
        if not known:
            return execute(run, node.orelse, scope)
        signal = execute(run, node.body, scope)
        if signal is not None and signal.kind == "unknown":
            poison_names(run, [node], "set in a loop that may end early", scope)
            return _maybe_left(node.body, loop=True)
        if signal is not None and signal.kind != "continue":
            return None if signal.kind == "break" else signal


def _maybe_left(body: List[ast.stmt], loop: bool = False) -> Optional[Signal]:
    """The signal of a block that was not followed: unknown if it may have left the block around it.

    Args:
        loop: The block is a loop's, so only `return` leaves what is around.
    """
    leaves = (ast.Return,) if loop else (ast.Return, ast.Break, ast.Continue)
    stack: List[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, leaves):
            return Signal("unknown")
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))
    return None


def _require_body(run: Run, node: Any) -> None:
    """A block that holds only ``_base_ = ...`` is empty once MMEngine has removed that line."""
    if not run.lazy and all(is_base_assignment(inner) for inner in node.body):
        run.fail("`_base_` inside a block: MMEngine needs it at the top level", node.body[0])


def _try(run: Run, node: ast.Try, scope: Scope) -> Optional[Signal]:
    unknowns = run.unknowns
    signal: Optional[Signal] = None
    try:
        signal = execute(run, node.body, scope)
        uncertain = run.unknowns > unknowns or _imports(node.body)
        if not uncertain:
            signal = signal or execute(run, node.orelse, scope)
    except (ConfigError, RecursionError):
        raise
    except Exception as error:
        handler = _handler(node.handlers, error)
        uncertain = run.unknowns > unknowns or handler is None
        if isinstance(handler, ast.ExceptHandler) and not uncertain:
            signal = execute(run, handler.body, scope)
        elif handler is False and not uncertain:
            final = execute(run, node.finalbody, scope)
            if final is not None:
                return final
            raise
    if uncertain and node.handlers:
        # what was not evaluated may have raised, and then a handler would have run
        poison_names(run, [node], "set where an exception may have been caught", scope)
        return _maybe_left([node])
    return execute(run, node.finalbody, scope) or signal


def _imports(body: List[ast.stmt]) -> bool:
    return any(isinstance(inner, (ast.Import, ast.ImportFrom)) for node in body for inner in ast.walk(node))


def _handler(handlers: List[ast.ExceptHandler], error: Exception) -> Any:
    """The handler that catches ``error``; False if none does, None if that cannot be told."""
    for handler in handlers:
        if handler.name:
            return None  # the exception object is not modelled
        if handler.type is None:
            return handler
        names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for name in names:
            kind = getattr(builtins, name.id, None) if isinstance(name, ast.Name) else None
            if not isinstance(kind, type):
                return None
            if isinstance(error, kind):
                return handler
    return False


def _with(run: Run, node: ast.With, scope: Scope) -> Optional[Signal]:
    if run.lazy:
        return execute(run, node.body, scope)  # a second `read_base()`, which MMEngine just runs
    poison_names(run, [node], "set inside a `with` block", scope)
    return _maybe_left(node.body)


def _function(run: Run, node: ast.FunctionDef, scope: Scope) -> None:
    bind(scope, node.name, make_function(run, node, scope), Blame(run.source.origin(node)))


def _class(run: Run, node: ast.ClassDef, scope: Scope) -> None:
    poison_body(run, node.body, scope, "used in a class that is not evaluated", node)
    bind(scope, node.name, run.unknown("a class", node), Blame(run.source.origin(node)))


def _import(run: Run, node: ast.Import, scope: Scope) -> None:
    for alias in node.names:
        path = alias.name if alias.asname else alias.name.split(".")[0]
        if run.lazy and alias.asname and not is_builtin_module(path.split(".")[0]):
            bind(scope, alias.asname, whole_module(path), Blame(run.source.origin(node)))
        else:
            bind(scope, alias.asname or path, ModuleRef(path, is_module=True), None)


def _import_from(run: Run, node: ast.ImportFrom, scope: Scope) -> None:
    module = "." * node.level + str(node.module)
    if run.lazy and module in run.base_modules:
        return  # bound beforehand, see mmfix/config/lazy.py
    for alias in node.names:
        if alias.name == "*":
            run.fail(f"`from {module} import *` cannot be followed without running the config", node)
        if run.lazy and not is_builtin_module(module):
            name = LazyName(f"{module}.{alias.name}")
            bind(scope, alias.asname or alias.name, name, Blame(run.source.origin(node)))
            continue
        bind(
            scope,
            alias.asname or alias.name,
            member(f"{node.module}.{alias.name}"),
            Blame(run.source.origin(node)),
        )


def _assert(run: Run, node: ast.Assert, scope: Scope) -> None:
    if truth(run, evaluate(run, node.test, scope), node.test) is False:
        raise AssertionError(f"line {node.lineno}")


def _raise(run: Run, node: ast.Raise, scope: Scope) -> None:
    name = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    kind = getattr(builtins, name.id, None) if isinstance(name, ast.Name) else None
    if isinstance(kind, type) and issubclass(kind, Exception):
        raise kind("raised by the config itself")
    run.fail("raises an exception", node)


def _delete(run: Run, node: ast.Delete, scope: Scope) -> None:
    for target in node.targets:
        delete(run, target, scope)


def _global(run: Run, node: ast.Global, scope: Scope) -> None:
    scope.global_names.update(node.names)


def _return(run: Run, node: ast.Return, scope: Scope) -> Signal:
    return Signal("return", None if node.value is None else evaluate(run, node.value, scope))


STATEMENTS.update(
    {
        ast.Assign: _assign,
        ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented,
        ast.Expr: _expression,
        ast.If: _if,
        ast.For: _for,
        ast.While: _while,
        ast.Try: _try,
        ast.With: _with,
        ast.FunctionDef: _function,
        ast.ClassDef: _class,
        ast.Import: _import,
        ast.ImportFrom: _import_from,
        ast.Assert: _assert,
        ast.Raise: _raise,
        ast.Delete: _delete,
        ast.Global: _global,
        ast.Pass: lambda run, node, scope: None,
        ast.Return: _return,
        ast.Break: lambda run, node, scope: Signal("break"),
        ast.Continue: lambda run, node, scope: Signal("continue"),
    }
)
