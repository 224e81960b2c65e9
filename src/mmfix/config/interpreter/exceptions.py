"""`try`, `raise` and what is caught."""

from __future__ import annotations

import ast
import builtins
from typing import Any, List, Optional, Tuple

from mmfix.config.interpreter.core import STATEMENTS, Signal, evaluate, execute, may_leave
from mmfix.config.interpreter.poison import poison_names
from mmfix.config.interpreter.state import Run, Scope, bind
from mmfix.config.origin import Blame, Unknown
from mmfix.errors import ConfigError


def _try(run: Run, node: ast.Try, scope: Scope) -> Optional[Signal]:
    signal: Optional[Signal] = None
    error: Optional[Exception] = None
    handler: Any = None
    for position, statement in enumerate(node.body):
        unknowns = run.unknowns
        signal, error = _attempt(run, [statement], scope)
        handler = None if error is None else _handler(node.handlers, error, scope)
        if node.handlers and (run.unknowns > unknowns or handler is _UNCLEAR):
            # what was not evaluated may have raised, and then a handler would have run
            rest = [*node.body[position:], *node.handlers, *node.orelse, *node.finalbody]
            poison_names(run, rest, "set where an exception may have been caught", scope)
            return may_leave(rest)
        if signal is not None or error is not None:
            break
    if error is None and signal is None:
        signal, error = _attempt(run, node.orelse, scope)
    elif error is not None and isinstance(handler, ast.ExceptHandler):
        signal, error = _handle(run, handler, error, scope)
    final = execute(run, node.finalbody, scope)
    if final is not None:
        return final
    if error is not None:
        raise error
    return signal


def _attempt(run: Run, body: List[ast.stmt], scope: Scope) -> Tuple[Optional[Signal], Optional[Exception]]:
    """How a block ended: with a signal, an exception of the config's own code, or neither."""
    try:
        return execute(run, body, scope), None
    except (ConfigError, RecursionError):
        raise
    except Exception as error:
        return None, error


def _handle(
    run: Run, handler: ast.ExceptHandler, error: Exception, scope: Scope
) -> Tuple[Optional[Signal], Optional[Exception]]:
    if handler.name:
        origin = run.source.origin(handler)
        bind(scope, handler.name, Unknown("an exception", origin, ()), Blame(origin))
    run.handled.append(error)
    try:
        return _attempt(run, handler.body, scope)
    finally:
        run.handled.pop()
        if handler.name:
            scope.home(handler.name).names.pop(handler.name, None)


class Raised(Exception):
    """An exception that the config raises and that is not raised here: its class; None: unknown."""

    def __init__(self, kind: Optional[type]) -> None:
        super().__init__("raised by the config itself")
        self.kind = kind


_UNCLEAR = object()


def _handler(handlers: List[ast.ExceptHandler], error: Exception, scope: Scope) -> Any:
    """The handler that catches ``error``; None if none does, ``_UNCLEAR`` if that cannot be told."""
    raised: Optional[type] = error.kind if isinstance(error, Raised) else type(error)
    for handler in handlers:
        if handler.type is None:
            return handler
        names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for name in names:
            kind = _exception(name, scope)
            if kind is None or (raised is None and kind is not BaseException):
                return _UNCLEAR
            if raised is None or issubclass(raised, kind):
                return handler
    return None


def _exception(node: Optional[ast.AST], scope: Scope) -> Optional[type]:
    """Python's own exception of that name, or None."""
    if not isinstance(node, ast.Name) or scope.find(node.id) is not None:
        return None
    kind = getattr(builtins, node.id, None)
    return kind if isinstance(kind, type) and issubclass(kind, BaseException) else None


def _raise(run: Run, node: ast.Raise, scope: Scope) -> None:
    if node.exc is None:
        if not run.handled:
            raise RuntimeError("No active exception to reraise")
        raise run.handled[-1]
    kind = _made(run, node.exc, scope)
    if node.cause is not None:
        _made(run, node.cause, scope)
    if kind is None or not issubclass(kind, Exception) or kind in _WITH_ARGUMENTS:
        raise Raised(kind)
    raise kind("raised by the config itself")


def _made(run: Run, node: ast.expr, scope: Scope) -> Optional[type]:
    """The class of Python's own exception that an expression names or makes; None for all else."""
    kind = _exception(node.func if isinstance(node, ast.Call) else node, scope)
    if kind is None:
        evaluate(run, node, scope)
    elif isinstance(node, ast.Call):
        for part in (*node.args, *(keyword.value for keyword in node.keywords)):
            evaluate(run, part, scope)
    return kind


#: Exceptions that cannot be made from one text.
_WITH_ARGUMENTS = (UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError, RecursionError)


STATEMENTS.update({ast.Try: _try, ast.Raise: _raise})
