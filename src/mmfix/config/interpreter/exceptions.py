"""`try`, `raise` and what is caught."""

from __future__ import annotations

import ast
from typing import Any, List, Optional, Tuple

from mmfix.config.interpreter.caught import caught, exception_class
from mmfix.config.interpreter.core import STATEMENTS, Signal, evaluate, execute, may_leave
from mmfix.config.interpreter.decisions import Raised
from mmfix.config.interpreter.loss import current
from mmfix.config.interpreter.poison import poison_names
from mmfix.config.interpreter.state import Run, Scope, bind
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import TreeTuple
from mmfix.errors import ConfigError
from mmfix.wording import say


def _try(run: Run, node: ast.Try, scope: Scope) -> Optional[Signal]:
    signal: Optional[Signal] = None
    error: Optional[Exception] = None
    handler: Any = None
    for position, statement in enumerate(node.body):
        signal, error, unclear = _watched(run, node, statement, scope)
        handler = None if error is None or unclear else _handler(run, node.handlers, error, scope)
        if node.handlers and (unclear or handler is _UNCLEAR):
            # what was not evaluated may have raised, and then a handler would have run
            rest = [*node.body[position:], *node.handlers, *node.orelse, *node.finalbody]
            poison_names(run, rest, say("set where an exception may have been caught"), scope)
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


def _watched(
    run: Run, node: ast.Try, statement: ast.stmt, scope: Scope
) -> Tuple[Optional[Signal], Optional[Exception], bool]:
    """How a statement ended; and whether something in it may have raised of which that was not decided."""
    if not node.handlers:
        return (*_attempt(run, [statement], scope), False)
    if not run.trying:
        run.asked, run.unclear = run.unknowns, False
    run.trying += 1
    try:
        signal, error = _attempt(run, [statement], scope)
    finally:
        run.trying -= 1
    return signal, error, run.unclear or run.unknowns > run.asked


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
        kind = error.kind if isinstance(error, Raised) else type(error)
        bind(scope, handler.name, caught(run, handler, kind, error), Blame(origin))
    run.handled.append(error)
    try:
        return _attempt(run, handler.body, scope)
    finally:
        run.handled.pop()
        if handler.name:
            scope.home(handler.name).names.pop(handler.name, None)


_UNCLEAR = object()


def _handler(run: Run, handlers: List[ast.ExceptHandler], error: Exception, scope: Scope) -> Any:
    """The handler that catches ``error``; None if none does, ``_UNCLEAR`` where that is not decided."""
    raised: Optional[type] = error.kind if isinstance(error, Raised) else type(error)
    for handler in handlers:
        if handler.type is None:
            return handler
        names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for name in names:
            kind = exception_class(name, scope)
            if kind is None or (raised is None and kind is not BaseException):
                why = Unknown(say("whether an exception is caught"), run.source.origin(name))
                choice = run.decisions.choose(2, why) if isinstance(name, ast.Name) else None
                if choice is None:
                    return _UNCLEAR
                if choice == 0:
                    return handler
                continue
            if raised is None or issubclass(raised, kind):
                return handler
    return None


def _raise(run: Run, node: ast.Raise, scope: Scope) -> None:
    if node.exc is None:
        if not run.handled:
            raise RuntimeError("No active exception to reraise")
        raise run.handled[-1]
    kind, given = _made(run, node.exc, scope)
    if node.cause is not None:
        _made(run, node.cause, scope)
    if kind is None or not issubclass(kind, Exception) or issubclass(kind, _WITH_ARGUMENTS):
        raise Raised(kind)
    error: Any = kind(say("raised by the config itself"))
    error.given = given
    raise error


def _made(run: Run, node: ast.expr, scope: Scope) -> Tuple[Optional[type], Optional[TreeTuple]]:
    """The class of the exception that an expression names or makes, and what it is made of, if known."""
    kind = exception_class(node.func if isinstance(node, ast.Call) else node, scope)
    if kind is None:
        evaluate(run, node, scope)
        return None, None
    if not isinstance(node, ast.Call):
        return kind, TreeTuple()
    given = [evaluate(run, part, scope) for part in node.args]
    for keyword in node.keywords:
        evaluate(run, keyword.value, scope)
    known = not node.keywords and not any(isinstance(part, ast.Starred) for part in node.args)
    return kind, TreeTuple(map(current, given)) if known else None


#: Exceptions that cannot be made from one text.
_WITH_ARGUMENTS = (UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError, RecursionError)


STATEMENTS.update({ast.Try: _try, ast.Raise: _raise})
