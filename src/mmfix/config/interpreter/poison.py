"""Make unknown what code that is not evaluated may have changed."""

from __future__ import annotations

import ast
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set

from mmfix.config.imports import BASE_KEY
from mmfix.config.interpreter.state import Function, MethodRef, Run, Scope, bind
from mmfix.config.origin import Blame
from mmfix.config.values import TreeDict

_CONTAINERS = (dict, list, tuple, set)


def poison_names(
    run: Run, nodes: List[Any], reason: str, scope: Scope, followed: Optional[Set[int]] = None
) -> None:
    """Make unknown every name that statements which are not evaluated may bind or change.

    Functions of the config that they may call are followed: what those bind and change counts, too.
    """
    followed = set() if followed is None else followed
    names: Dict[str, ast.AST] = {}
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                if isinstance(inner.ctx, (ast.Store, ast.Del)):
                    names[inner.id] = inner
                    continue
                value = getattr(scope.find(inner.id), "names", {}).get(inner.id)
                if isinstance(value, _CONTAINERS):
                    if inner.id != BASE_KEY or _may_change(nodes, BASE_KEY):
                        names[inner.id] = inner  # it may be changed through this name
                elif callable(value) or isinstance(value, MethodRef):
                    poison_callable(run, value, reason, inner, followed)
            elif isinstance(inner, (ast.FunctionDef, ast.ClassDef)):
                names[inner.name] = inner
            elif isinstance(inner, ast.alias):
                names[inner.asname or inner.name.split(".")[0]] = node
            elif isinstance(getattr(inner, "name", None), str):
                names[inner.name] = inner  # type: ignore[attr-defined]  # a capture of `match`
            elif isinstance(getattr(inner, "rest", None), str):
                names[inner.rest] = inner  # type: ignore[attr-defined]
    for name, place in names.items():
        found = scope.find(name) or scope
        if name in scope.global_names:
            found = run.scope
        current = found.names.get(name)
        if isinstance(current, (dict, list, set)):
            poison_object(run, current, reason, place)
        if name != BASE_KEY:
            bind(found, name, run.unknown(reason, place), Blame(run.source.origin(place)))


def _may_change(nodes: List[Any], name: str) -> bool:
    """Whether statements may change the object behind ``name``: by item, method or call."""
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Attribute, ast.Subscript)) and not isinstance(inner.ctx, ast.Load):
                changed: List[ast.AST] = [inner]
            elif isinstance(inner, ast.Call):
                changed = [inner.func, *inner.args, *(keyword.value for keyword in inner.keywords)]
            elif isinstance(inner, ast.Assign):
                changed = [inner.value]  # a second name for it
            else:
                continue
            if any(_root(part) == name for part in changed):
                return True
    return False


def _root(node: ast.AST) -> Optional[str]:
    """``a`` of ``a.b['c']``."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def poison_callable(
    run: Run, value: Any, reason: str, node: ast.AST, followed: Optional[Set[int]] = None
) -> None:
    """A function or method was handed to code that is not evaluated: what it may change is unknown."""
    followed = set() if followed is None else followed
    if isinstance(value, MethodRef):
        if isinstance(value.owner, (dict, list, set)):
            poison_object(run, value.owner, reason, node)
    elif isinstance(value, Function) and id(value) not in followed:
        followed.add(id(value))
        body = value.node.body
        poison_body(
            run, body if isinstance(body, list) else [body], value.scope, reason, value.node, followed
        )


def poison_body(
    run: Run,
    body: List[Any],
    scope: Scope,
    reason: str,
    owner: ast.AST,
    followed: Optional[Set[int]] = None,
) -> None:
    """The body of a function or class that is not followed: outer names it changes are unknown."""
    inner = Scope(TreeDict(), scope)
    outer: Set[str] = set()
    for part in ast.walk(owner):
        if isinstance(part, ast.Global):
            inner.global_names.update(part.names)
        elif isinstance(part, ast.Nonlocal):
            outer.update(part.names)
    for part in ast.walk(owner):
        # its own parameters and locals hide outer names of the same name
        name = part.arg if isinstance(part, ast.arg) else None
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            name = part.id
        if name is not None and name not in inner.global_names and name not in outer:
            inner.names[name] = None
    poison_names(run, body, reason, inner, followed)


def poison_object(run: Run, target: Any, reason: str, node: ast.AST) -> None:
    """A container was changed in a way that is not followed: every slot that holds it is unknown now."""
    unknown = run.unknown(reason, node)
    if target is run.scope.names.get(BASE_KEY):
        run.fail(f"changes `_base_` in a way that cannot be followed ({reason})", node)
    scopes = [run.scope, *run.active]
    targets = [target]
    while targets:
        current = targets.pop()
        for scope in scopes:
            for name, value in scope.names.items():
                if value is current:
                    scope.names[name] = unknown
        for container in _containers([scope.names for scope in scopes]):
            if isinstance(container, tuple):
                if any(item is current for item in container):
                    targets.append(container)
            elif isinstance(container, dict):
                for key, item in container.items():
                    if item is current:
                        container[key] = unknown
            elif isinstance(container, list):
                for position, item in enumerate(container):
                    if item is current:
                        container[position] = unknown
    if isinstance(target, dict):
        for key in target:
            target[key] = unknown
    elif isinstance(target, list):
        target[:] = [unknown] * len(target)


def _containers(roots: List[Any]) -> Iterator[Any]:
    """Every container reachable from the roots, the roots left out, each once."""
    seen: Set[int] = {id(root) for root in roots}
    stack: List[Any] = list(roots)
    while stack:
        container = stack.pop()
        if all(container is not root for root in roots):
            yield container
        for item in list(container.values() if isinstance(container, dict) else container):
            if isinstance(item, _CONTAINERS) and id(item) not in seen:
                seen.add(id(item))
                stack.append(item)


def poison_calls(run: Run, nodes: Sequence[ast.AST], reason: str, scope: Scope) -> None:
    """Expressions that may or may not run: what their calls may change is unknown."""
    for node in nodes:
        if any(isinstance(inner, (ast.Call, ast.NamedExpr)) for inner in ast.walk(node)):
            poison_names(run, [node], reason, scope)
