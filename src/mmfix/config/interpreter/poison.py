"""Make unknown what code that is not evaluated may have changed."""

from __future__ import annotations

import ast
from typing import Any, Dict, List

from mmfix.config.interpreter.state import Run, Scope, bind
from mmfix.config.origin import Blame


def poison_names(run: Run, nodes: List[Any], reason: str, scope: Scope) -> None:
    """Make unknown every name that statements which are not evaluated may bind or change."""
    names: Dict[str, ast.AST] = {}
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                if isinstance(inner.ctx, (ast.Store, ast.Del)):
                    names[inner.id] = inner
                elif isinstance(getattr(scope.find(inner.id), "names", {}).get(inner.id), (dict, list, set)):
                    names[inner.id] = inner  # it may be changed through this name
            elif isinstance(inner, (ast.FunctionDef, ast.ClassDef)):
                names[inner.name] = inner
            elif isinstance(inner, ast.alias):
                names[inner.asname or inner.name.split(".")[0]] = node
    for name, place in names.items():
        found = scope.find(name) or scope
        current = found.names.get(name)
        if isinstance(current, (dict, list, set)):
            poison_object(run, current, reason, place)
        bind(found, name, run.unknown(reason, place), Blame(run.source.origin(place)))


def poison_object(run: Run, target: Any, reason: str, node: ast.AST) -> None:
    """A container was changed in a way that is not followed: whatever holds it is unknown now."""
    unknown = run.unknown(reason, node)
    for name, value in list(run.scope.names.items()):
        if _reaches(value, target, 0):
            run.scope.names[name] = unknown
    if isinstance(target, dict):
        for key in target:
            target[key] = unknown
    elif isinstance(target, list):
        target[:] = [unknown] * len(target)


def _reaches(value: Any, target: Any, depth: int) -> bool:
    if value is target:
        return True
    if depth > 50:
        return True
    if isinstance(value, dict):
        return any(_reaches(item, target, depth + 1) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(_reaches(item, target, depth + 1) for item in value)
    return False
