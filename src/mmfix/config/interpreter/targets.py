"""Assignment targets: ``a.b = ``, ``a['b'] = ``, ``a, *b = ``, and ``del``."""

from __future__ import annotations

import ast
from typing import Any, Optional

from mmfix.config.interpreter.expressions import assign as assign_any
from mmfix.config.interpreter.expressions import evaluate, iterate, tainted
from mmfix.config.interpreter.state import ModuleRef, Run, Scope, replacing
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import LazyName, TreeDict, TreeList, hook


def assign(run: Run, target: ast.AST, value: Any, blame: Optional[Blame], scope: Scope) -> None:
    """Store ``value`` in a target that is not a plain name.

    Raises:
        TypeError, AttributeError, ValueError, IndexError: As Python would.
    """
    if isinstance(target, ast.Subscript):
        container = evaluate(run, target.value, scope)
        index_node: Any = target.slice
        if type(index_node).__name__ == "Index":
            index_node = index_node.value
        if isinstance(index_node, ast.Slice):
            _poison_slice(run, container, target, scope)
            return
        set_item(run, container, evaluate(run, index_node, scope), value, blame, target)
    elif isinstance(target, ast.Attribute):
        container = evaluate(run, target.value, scope)
        if isinstance(container, (Unknown, ModuleRef, LazyName)):
            return
        if not (isinstance(container, TreeDict) and container.config):
            raise AttributeError(f"'{type(container).__name__}' object has no attribute '{target.attr}'")
        set_item(run, container, target.attr, value, blame, target)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(run, target, value, blame, scope)
    elif isinstance(target, ast.Starred):
        assign_any(run, target.value, value, blame, scope)


def set_item(run: Run, container: Any, key: Any, value: Any, blame: Optional[Blame], node: ast.AST) -> None:
    """``container[key] = value`` with the blame of what it replaced kept."""
    if isinstance(container, (Unknown, ModuleRef)):
        return
    if tainted(key):
        from mmfix.config.interpreter.statements import poison_object

        poison_object(run, container, "an item with an unknown key was set", node)
        return
    if isinstance(container, TreeDict):
        if container.config:
            value = hook(value)
        container[key] = value
        if blame is not None:
            container.blames[key] = replacing(blame, container.blames.get(key))
    elif isinstance(container, TreeList):
        container[key] = value
        container.blames[key] = None if blame is None else replacing(blame, container.blames[key])
    else:
        raise TypeError(f"'{type(container).__name__}' object does not support item assignment")


def delete(run: Run, target: ast.AST, scope: Scope) -> None:
    """``del`` of a name, an item or an attribute."""
    if isinstance(target, ast.Name):
        found = scope.find(target.id)
        if found is None:
            raise NameError(f"name '{target.id}' is not defined")
        del found.names[target.id]
        found.names.blames.pop(target.id, None)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for item in target.elts:
            delete(run, item, scope)
    elif isinstance(target, (ast.Subscript, ast.Attribute)):
        container = evaluate(run, target.value, scope)
        if isinstance(container, (Unknown, ModuleRef)):
            return
        key: Any
        if isinstance(target, ast.Attribute):
            key = target.attr
        else:
            index_node: Any = target.slice
            if type(index_node).__name__ == "Index":
                index_node = index_node.value
            if isinstance(index_node, ast.Slice):
                _poison_slice(run, container, target, scope)
                return
            key = evaluate(run, index_node, scope)
        del container[key]
        if isinstance(container, TreeDict):
            container.blames.pop(key, None)
        elif isinstance(container, TreeList):
            del container.blames[key]


def _poison_slice(run: Run, container: Any, target: ast.AST, scope: Scope) -> None:
    from mmfix.config.interpreter.statements import poison_object

    poison_object(run, container, "a slice was assigned", target)


def _unpack(run: Run, target: Any, value: Any, blame: Optional[Blame], scope: Scope) -> None:
    if isinstance(value, (Unknown, ModuleRef, LazyName)):
        for item in target.elts:
            assign_any(run, item, run.unknown("unpacked from an unknown value", target), blame, scope)
        return
    pairs = list(iterate(run, value, target))
    stars = [position for position, item in enumerate(target.elts) if isinstance(item, ast.Starred)]
    wanted = len(target.elts)
    if (len(pairs) != wanted) if not stars else (len(pairs) < wanted - 1):
        raise ValueError(f"cannot unpack {len(pairs)} values into {wanted} names")
    if stars:
        first = stars[0]
        last = len(pairs) - (wanted - first - 1)
        middle = TreeList([item for item, _ in pairs[first:last]], [step for _, step in pairs[first:last]])
        pairs[first:last] = [(middle, blame)]
    for item_target, (item, step) in zip(target.elts, pairs):
        # an element's own place is more telling than that of the whole tuple
        assign_any(run, item_target, item, step or blame, scope)
