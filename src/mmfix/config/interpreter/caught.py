"""Exceptions as values: what `except ... as e` binds, and classes of a config's own."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from typing import Any, Optional

from mmfix.config.interpreter.core import tainted, unordered
from mmfix.config.interpreter.state import Run, Scope
from mmfix.config.origin import Unknown
from mmfix.config.values import TreeTuple
from mmfix.python.bounds import weight
from mmfix.wording import say


@dataclass(frozen=True)
class Kind(Unknown):
    """A class of exceptions that a config defines, with nothing in it.

    Attributes:
        kind: One that is caught by the same handlers.
    """

    kind: type = Exception


@dataclass(frozen=True)
class Caught(Unknown):
    """An exception that was caught.

    Attributes:
        kind: Its class; None: unknown.
        given: What it was made of; None: unknown.
    """

    kind: Optional[type] = None
    given: Optional[TreeTuple] = None


def exception_class(node: Optional[ast.AST], scope: Scope) -> Optional[type]:
    """The class of exceptions of that name, Python's own or one like the config's; None for all else."""
    if not isinstance(node, ast.Name):
        return None
    place = scope.find(node.id)
    if place is not None:
        found = place.names[node.id]
        return found.kind if isinstance(found, Kind) else None
    kind = getattr(builtins, node.id, None)
    return kind if isinstance(kind, type) and issubclass(kind, BaseException) else None


def own_kind(run: Run, node: ast.ClassDef, scope: Scope) -> Optional[Kind]:
    """What a definition with nothing in it makes of a class of exceptions; None for all else."""
    plain = not (node.decorator_list or node.keywords) and all(map(_does_nothing, node.body))
    base = exception_class(node.bases[0], scope) if plain and len(node.bases) == 1 else None
    if base is None:
        return None
    return Kind(say("a class"), run.source.origin(node), (), kind=type(node.name, (base,), {}))


def _does_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def caught(run: Run, node: ast.AST, kind: Optional[type], error: Exception) -> Caught:
    """What `as` binds."""
    given = getattr(error, "given", None)
    if given is None and type(error) is KeyError:
        given = TreeTuple(error.args)  # of Python's own errors, the text may differ between its versions
    return Caught(say("an exception"), run.source.origin(node), (), kind=kind, given=given)


#: Their text is not that of what they were made of.
_OF_THEIR_OWN = (OSError, SyntaxError, ImportError, UnicodeError)


def text_of(run: Run, node: ast.AST, name: str, error: Caught) -> Any:
    """``str`` or ``repr`` of an exception."""
    given, kind = error.given, error.kind
    if given is None or kind is None or issubclass(kind, _OF_THEIR_OWN):
        return run.unknown(say("the text of an exception"), node)
    if tainted(given) or unordered(given, deep=True):
        return run.unknown(say("the text of an exception"), node)
    run.spend(weight(given), node)
    if name == "repr":
        return f"{kind.__name__}({', '.join(map(repr, given))})"
    if len(given) == 1:
        return repr(given[0]) if issubclass(kind, KeyError) else str(given[0])
    return str(given) if given else ""
