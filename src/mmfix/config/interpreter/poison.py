"""Code that is not followed: what it may bind and change is unknown."""

from __future__ import annotations

import ast
from collections import Counter
from typing import Any, Dict, FrozenSet, List, Sequence, Set

from mmfix.config.imports import BASE_KEY
from mmfix.config.interpreter.loss import (
    has_reach,
    lose_all,
    may_be_bound,
    nodes_of,
    reach,
    refuse_unreadable,
    roots,
)
from mmfix.config.interpreter.modules import BUILTINS, FUNCTIONS
from mmfix.config.interpreter.names import bound, names_of
from mmfix.config.interpreter.state import Builtin, Function, MethodRef, ModuleRef, Run, Scope, Stream, bind
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import TreeDict

#: Methods of containers and text that change nothing.
READING = frozenset(
    (
        "get", "keys", "items", "values", "copy", "index", "count", "to_dict", "format", "join", "split",
        "rsplit", "lower", "upper", "strip", "lstrip", "rstrip", "replace", "startswith",
        "endswith", "title",
    )
)  # fmt: skip
#: Builtins that neither change their arguments nor ask anything outside.
_HARMLESS = BUILTINS - {"next", "iter", "getattr"}
#: Methods of containers that change them, or may.
_CHANGING = {name for kind in (dict, list, set) for name in dir(kind)} - READING | {"merge"}
_UNHARMLESS_NODES = (
    ast.With, ast.AsyncWith, ast.AsyncFor, ast.ClassDef, ast.Await, ast.Yield, ast.YieldFrom,
    ast.Global, ast.Nonlocal,
)  # fmt: skip
_IMMUTABLE = (str, bytes, int, float, complex, type(None))


def poison_names(run: Run, nodes: Sequence[ast.AST], reason: str, scope: Scope) -> None:
    """Make unknown every name that code which is not evaluated may bind, and all that it may change.

    Functions of the config that it may call count with all that they can reach.
    """
    run.unknowns += 1
    refuse_unreadable(run, nodes, scope)
    found = list(roots(run, nodes, scope))
    if not _harmless(run, nodes, found, scope):
        lose_all(run, found, reason, nodes[0])
    reached = tuple(value for value in found if has_reach(value))
    for name, place in bound(nodes).items():
        home = scope.outside().home(name)
        old = home.names.get(name)
        may_be = (*reached, old) if has_reach(old) else reached
        run.spend(len(may_be) // 4, place)
        if name != BASE_KEY:
            origin = run.source.origin(place)
            lost = Unknown(reason, origin, may_be)
            may_be_bound(home, name, lost)
            bind(home, name, lost, Blame(origin))


def poison_calls(run: Run, nodes: Sequence[ast.AST], reason: str, scope: Scope) -> None:
    """Expressions that may or may not run: what they may change or bind is unknown."""
    for node in nodes:
        if any(isinstance(inner, (ast.Call, ast.NamedExpr, *_LOOPS)) for inner in nodes_of(run, [node])):
            poison_names(run, [node], reason, scope)


_LOOPS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Starred)


def traced(run: Run, unknown: Unknown, nodes: Sequence[ast.AST], scope: Scope) -> Unknown:
    """An Unknown that says what it may be: anything that the code it came from can reach."""
    may_be = {id(value): value for value in roots(run, nodes, scope) if has_reach(value)}
    run.spend(len(may_be), nodes[0])
    return Unknown(unknown.reason, unknown.origin, tuple(may_be.values()))


def only_looks(run: Run, function: Builtin, given: Sequence[Any], node: ast.AST) -> bool:
    """Whether a builtin, and the functions that it is given to call, change nothing of what it is given."""
    called = [value for value in given if isinstance(value, Function)]
    others = [value for value in given if not isinstance(value, (Function, Builtin))]
    if function.name not in _HARMLESS or any(isinstance(value, (MethodRef, ModuleRef)) for value in others):
        return False
    if any(isinstance(value, (Stream, Function)) for value in reach(run, others, node)):
        return False
    return all(_is_harmless(run, value) for value in called)


def _is_harmless(run: Run, function: Function) -> bool:
    own = names_of(function.node).own
    body = function.node.body
    nodes = body if isinstance(body, list) else [body]
    scope = Scope(TreeDict(), function.scope, own=own)
    return _harmless(run, nodes, list(roots(run, nodes, scope)), scope, own)


def _harmless(
    run: Run,
    nodes: Sequence[ast.AST],
    found: List[Any],
    scope: Scope,
    unknown_names: FrozenSet[str] = frozenset(),
) -> bool:
    """Whether code only computes and binds names: it changes no object and runs no code but Python's own."""
    if any(isinstance(value, (Function, MethodRef)) for value in found):
        return False
    if any(isinstance(value, (Stream, Function)) for value in reach(run, found, nodes[0])):
        return False
    stored = {*bound(nodes), *unknown_names}
    everything = nodes_of(run, nodes)
    bindings = Counter(
        inner.id
        for inner in everything
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load)
    )
    called = {id(inner.func) for inner in everything if isinstance(inner, ast.Call)}
    for inner in everything:
        if isinstance(inner, _UNHARMLESS_NODES) or type(inner).__name__ == "MatchClass":
            return False
        if isinstance(inner, (ast.Attribute, ast.Subscript)) and not isinstance(inner.ctx, ast.Load):
            return False
        if isinstance(inner, ast.Attribute) and inner.attr in _CHANGING and id(inner) not in called:
            return False  # kept, or handed to what calls it
        if isinstance(inner, ast.AugAssign) and not _rebinds(inner, bindings, scope):
            return False
        if isinstance(inner, ast.Call) and not _harmless_call(run, inner, stored, scope):
            return False
    return True


def _rebinds(node: ast.AugAssign, bindings: Dict[str, int], scope: Scope) -> bool:
    """Whether ``a += b`` makes a new value: it is a number or text, and nothing else is bound to the name."""
    name = getattr(node.target, "id", "")
    place = scope.find(name)
    return bindings.get(name) == 1 and place is not None and isinstance(place.names[name], _IMMUTABLE)


def _harmless_call(run: Run, node: ast.Call, stored: Set[str], scope: Scope) -> bool:
    func = node.func
    if isinstance(func, ast.Name):
        place = scope.find(func.id)
        if func.id in stored:
            return False
        if place is None:
            return func.id in _HARMLESS
        value = place.names[func.id]
        if isinstance(value, Builtin):
            return value.name in _HARMLESS
        return isinstance(value, ModuleRef) and (value.path in FUNCTIONS or _gives_nothing(run, node, scope))
    if not isinstance(func, ast.Attribute):
        return False
    owners = list(roots(run, [func.value], scope))
    if func.attr in READING and not any(isinstance(value, (Unknown, ModuleRef)) for value in owners):
        names = [inner.id for inner in nodes_of(run, [func.value]) if isinstance(inner, ast.Name)]
        return not any(name in stored for name in names)
    if any(isinstance(inner, ast.Call) for inner in nodes_of(run, [func.value])):
        return False
    known = bool(owners) and all(isinstance(value, ModuleRef) for value in owners)
    return known and _gives_nothing(run, node, scope)


def _gives_nothing(run: Run, node: ast.Call, scope: Scope) -> bool:
    """Whether a call of a library hands it nothing that it could change or call."""
    parts = [*node.args, *(keyword.value for keyword in node.keywords)]
    if parts and any(isinstance(inner, (ast.Lambda, ast.Call)) for inner in nodes_of(run, parts)):
        return False
    return not any(has_reach(value) for value in roots(run, parts, scope))
