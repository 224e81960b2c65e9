"""An Unknown that may be one of several containers: what is written through it may change any of them."""

from __future__ import annotations

import ast
from typing import Any, Iterable, List, Sequence

from mmfix.config.interpreter.core import evaluate
from mmfix.config.interpreter.poison import poison_object
from mmfix.config.interpreter.state import Run, Scope
from mmfix.config.origin import Unknown
from mmfix.config.values import TreeDict, TreeList

_WRITTEN = "it may have been set through another name"
#: Methods of dict and list that change nothing.
_READING = frozenset({"get", "keys", "items", "values", "copy", "index", "count", "to_dict"})


def one_of(run: Run, why: Unknown, nodes: Sequence[ast.AST], scope: Scope) -> Unknown:
    """The value of one of several expressions; which one is not known, for the reason of ``why``.

    Those that call something are left out: what they may change is unknown already.
    """
    found: List[Any] = []
    for node in nodes:
        if not any(isinstance(inner, (ast.Call, ast.NamedExpr)) for inner in ast.walk(node)):
            try:
                found.append(evaluate(run, node, scope))
            except (LookupError, TypeError, AttributeError, NameError, ValueError):
                continue  # then it is not this one
    return Unknown(why.reason, why.origin, tuple(containers(found)))


def containers(values: Iterable[Any]) -> List[Any]:
    """The containers among values, and those that Unknowns among them may be; each once."""
    found: List[Any] = []
    for value in values:
        for item in value.may_be if isinstance(value, Unknown) else (value,):
            if isinstance(item, (dict, list, set, tuple)) and all(item is not other for other in found):
                found.append(item)
    return found


def part(run: Run, value: Any, key: Any, node: ast.AST) -> Unknown:
    """``value[key]`` of an Unknown, or of a container with an unknown key."""
    inner: List[Any] = []
    for owner in value.may_be if isinstance(value, Unknown) else (value,):
        if isinstance(key, Unknown):
            inner.extend(owner.values() if isinstance(owner, dict) else owner)
            continue
        try:
            inner.append(owner[key])
        except (LookupError, TypeError):
            continue
    found = run.unknown("part of an unknown value", node)
    return Unknown(found.reason, found.origin, tuple(containers(inner)))


def written(run: Run, target: Unknown, key: Any, node: ast.AST) -> None:
    """An item or attribute of an Unknown was set or deleted."""
    for owner in target.may_be:
        try:
            if isinstance(owner, TreeDict) or (isinstance(owner, TreeList) and type(key) is int):
                owner[key] = run.unknown(_WRITTEN, node)
                continue
        except (LookupError, TypeError):
            pass
        if not isinstance(owner, tuple):
            poison_object(run, owner, _WRITTEN, node)


def method_called(run: Run, target: Unknown, name: str, node: ast.AST) -> None:
    """A method of an Unknown was called."""
    if name not in _READING:
        changed(run, target, node)


def changed(run: Run, target: Any, node: ast.AST) -> None:
    """An Unknown was changed in a way that is not followed, or handed to code that is not."""
    owners = list(target.may_be) if isinstance(target, Unknown) else []
    for owner in owners:
        if isinstance(owner, tuple):  # it cannot change; what is in it can
            owners.extend(containers(owner))
        else:
            poison_object(run, owner, _WRITTEN, node)
