"""An Unknown that may be one of several values: what is written through it may change any of them."""

from __future__ import annotations

import ast
from typing import Any, Dict, Iterable, Iterator, List, Sequence, Tuple

from mmfix.config.interpreter.core import evaluate
from mmfix.config.interpreter.loss import current, has_reach, lose, lose_all, reach
from mmfix.config.interpreter.poison import READING
from mmfix.config.interpreter.state import MethodRef, Run, Scope
from mmfix.config.origin import Unknown
from mmfix.config.values import TreeDict, TreeList
from mmfix.wording import say

_WRITTEN = say("it may have been set through another name")
_SIMPLE = (ast.Name, ast.Constant, ast.Subscript, ast.Attribute, ast.Load)


def one_of(run: Run, why: Unknown, nodes: Sequence[ast.AST], scope: Scope) -> Unknown:
    """The value of one of several expressions; which one is not known, for the reason of ``why``."""
    found: List[Any] = []
    for node in nodes:
        if not all(isinstance(inner, _SIMPLE) for inner in ast.walk(node)):
            return Unknown(why.reason, why.origin)
        try:
            found.append(evaluate(run, node, scope))
        except (LookupError, TypeError, AttributeError, NameError, ValueError):
            continue  # then it is not this one
    result = alternatives(why, found)
    run.spend(len(result.may_be or ()), nodes[0])
    return result


def alternatives(why: Unknown, values: Iterable[Any]) -> Unknown:
    """One of these values, and nothing else."""
    kept: Dict[int, Any] = {}
    within = False
    for value in values:
        if isinstance(value, Unknown):
            kept.update((id(item), item) for item in value.may_be or ())
            within = within or value.within
        elif has_reach(value):
            kept[id(value)] = value
    return Unknown(why.reason, why.origin, tuple(kept.values()), within)


def part(run: Run, value: Any, key: Any, node: ast.AST) -> Unknown:
    """``value[key]`` of an Unknown, or of a container with an unknown key."""
    found = run.unknown(say("part of an unknown value"), node)
    if isinstance(value, Unknown) and value.within:
        return Unknown(found.reason, found.origin, value.may_be)
    inner: List[Any] = []
    owners = value.may_be or () if isinstance(value, Unknown) else (value,)
    if any(getattr(owner, "lost", None) is not None for owner in owners):
        return Unknown(found.reason, found.origin, owners)
    for owner in owners:
        if isinstance(key, Unknown) or not isinstance(owner, (dict, list, tuple)):
            inner.extend(_elements(owner))
            continue
        try:
            inner.append(current(owner[key]))
        except (LookupError, TypeError):
            continue
    run.spend(len(inner), node)
    return alternatives(found, inner)


def _elements(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, (list, tuple, set, frozenset)) else (value,)


def targets(run: Run, value: Unknown, node: ast.AST) -> Tuple[List[Any], bool]:
    """What a change of an Unknown may change; and whether that is all of it."""
    if value.within:
        return reach(run, [value], node), False
    found = list(_direct(value))
    run.spend(2 * len(found), node)
    return found, True


def _direct(value: Unknown) -> Iterator[Any]:
    for item in value.may_be or ():
        yield item.owner if isinstance(item, MethodRef) else item


def written(run: Run, target: Unknown, key: Any, value: Any, node: ast.AST) -> None:
    """An item or attribute of an Unknown was set to a value, or deleted (None)."""
    run.unknowns += 1  # it may raise
    owners, exact = targets(run, target, node)
    for owner in owners:
        if exact and getattr(owner, "lost", None) is None and _slot(owner, key):
            owner[key] = alternatives(run.unknown(_WRITTEN, node), [owner[key], value])
        else:
            lose(run, owner, _WRITTEN, node, [value])
    if not exact:
        lose_all(run, [value], _WRITTEN, node)  # it may be in something new, too, which nobody knows by name


def _slot(owner: Any, key: Any) -> bool:
    """Whether a container has the place: then nothing but what is in it changes."""
    if isinstance(owner, TreeDict) and not isinstance(key, (Unknown, slice)):
        try:
            return key in owner and not owner.missing
        except TypeError:
            return False
    return isinstance(owner, TreeList) and type(key) is int and -len(owner) <= key < len(owner)


def changed(run: Run, target: Any, node: ast.AST, values: Iterable[Any] = ()) -> None:
    """An Unknown was changed in a way that is not followed, with what is given."""
    if not isinstance(target, Unknown):
        return
    run.unknowns += 1  # it may raise
    values = list(values)
    owners, exact = targets(run, target, node)
    for owner in owners:
        lose(run, owner, _WRITTEN, node, values)
    if not exact or not all(isinstance(owner, (dict, list, set, tuple)) for owner in owners):
        lose_all(run, [target, *values], _WRITTEN, node)


def method_called(run: Run, target: Unknown, name: str, values: Iterable[Any], node: ast.AST) -> None:
    """A method of an Unknown was called with these arguments."""
    if name in READING and not target.within:
        return
    changed(run, target, node, values)
