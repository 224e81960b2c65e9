"""Names, attributes, items: read, set and deleted."""

from __future__ import annotations

import ast
import builtins
from typing import Any, Optional

from mmfix.config.interpreter.aliases import changed, part, written
from mmfix.config.interpreter.core import HANDLERS, blame_of, evaluate, iterate, tainted
from mmfix.config.interpreter.modules import BUILTINS, CONSTANTS, UNREADABLE, member
from mmfix.config.interpreter.poison import poison_object
from mmfix.config.interpreter.state import (
    Builtin,
    Function,
    MethodRef,
    ModuleRef,
    Run,
    Scope,
    bind,
    replacing,
)
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import LazyName, TreeDict, TreeList, TreeTuple, absent, hook
from mmfix.python.bounds import weight
from mmfix.python.trees import index_of


def _name(run: Run, node: ast.Name, scope: Scope) -> Any:
    found = scope.find(node.id)
    if found is not None:
        return found.names[node.id]
    if node.id in CONSTANTS:
        return CONSTANTS[node.id]
    if node.id in UNREADABLE:
        run.fail(f"uses {node.id}(), which cannot be followed without running the config", node)
    if node.id in BUILTINS:
        return Builtin(node.id)
    if hasattr(builtins, node.id):
        return run.unknown(f"{node.id} is not evaluated", node)
    if absent(run.scope.names, node.id) is not None:
        return run.unknown(f"{node.id} may come from a base that is not here", node)
    raise NameError(f"name '{node.id}' is not defined")


def _subscript(run: Run, node: ast.Subscript, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    index_node = index_of(node.slice)
    if isinstance(index_node, ast.Slice):
        index: Any = _slice(run, index_node, scope)
    else:
        index = evaluate(run, index_node, scope)
    if isinstance(value, Unknown) or (isinstance(index, Unknown) and isinstance(value, (dict, list, tuple))):
        return part(run, value, index, node)
    if isinstance(value, ModuleRef) or tainted(index):
        return run.unknown("part of an unknown value", node)
    if isinstance(index, tuple):
        run.spend(weight(index), node)  # hashing walks it
    if isinstance(value, TreeDict) and value.missing and index not in value:
        return run.unknown(f"{index!r} may come from a base that is not here", node)
    result = value[index]
    if isinstance(index, slice):
        run.spend(len(result) // 4, node)
    if isinstance(index, slice) and isinstance(value, (TreeList, TreeTuple)):
        blames = value.blames[index]
        return TreeList(result, list(blames)) if isinstance(value, list) else TreeTuple(result, tuple(blames))
    return result


#: Attributes that MMEngine's ``LazyObject`` and ``LazyAttr`` have themselves.
_OWN_NAMES_OF_LAZY = {"module", "name", "location", "build", "source"}


def _attribute(run: Run, node: ast.Attribute, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    name = node.attr
    if isinstance(value, Unknown):
        if value.may_be and any(hasattr(owner, name) for owner in value.may_be):
            return MethodRef(value, name)
        return part(run, value, name, node)
    if isinstance(value, LazyName):
        if name in _OWN_NAMES_OF_LAZY or name.startswith("__"):
            return run.unknown("an attribute of MMEngine's lazy object", node)
        return LazyName(f"{value.path}.{name}")
    if isinstance(value, ModuleRef):
        return member(f"{value.path}.{name}")
    if isinstance(value, Builtin):
        return ModuleRef(f"{value.name}.{name}")
    if isinstance(value, TreeDict):
        if hasattr(dict, name) or (value.config and name in ("merge", "to_dict")):
            return MethodRef(value, name)
        if value.config and name in value:
            return value[name]
        if value.missing:
            return run.unknown(f"{name} may come from a base that is not here", node)
        raise AttributeError(f"'{'ConfigDict' if value.config else 'dict'}' object has no attribute '{name}'")
    if isinstance(value, (Function, MethodRef)):
        return run.unknown("an attribute of a function", node)
    if not hasattr(type(value), name):
        kind = type(value).__name__.replace("Tree", "").lower()  # as Python calls it
        raise AttributeError(f"'{kind}' object has no attribute '{name}'")
    return MethodRef(value, name)


def _walrus(run: Run, node: ast.NamedExpr, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    blame = blame_of(run, node.value, scope)
    while scope.comprehension and scope.parent is not None:
        scope = scope.parent  # `:=` binds outside of the comprehension it stands in
    bind(scope, node.target.id, value, blame)
    return value


def assign(run: Run, target: ast.AST, value: Any, blame: Optional[Blame], scope: Scope) -> None:
    """Store a value in a name, an item, an attribute or a tuple of targets.

    Raises:
        TypeError, AttributeError, ValueError, IndexError: As Python would.
    """
    if isinstance(target, ast.Name):
        bind(scope, target.id, value, blame)
    elif isinstance(target, ast.Subscript):
        container = evaluate(run, target.value, scope)
        index_node = index_of(target.slice)
        if isinstance(index_node, ast.Slice):
            _set_slice(run, container, _slice(run, index_node, scope), value, target)
            return
        set_item(run, container, evaluate(run, index_node, scope), value, blame, target)
    elif isinstance(target, ast.Attribute):
        container = evaluate(run, target.value, scope)
        if isinstance(container, Unknown):
            written(run, container, target.attr, target)
        if isinstance(container, (Unknown, ModuleRef, LazyName)):
            return
        if not (isinstance(container, TreeDict) and container.config):
            raise AttributeError(f"'{type(container).__name__}' object has no attribute '{target.attr}'")
        set_item(run, container, target.attr, value, blame, target)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(run, target, value, blame, scope)
    elif isinstance(target, ast.Starred):
        assign(run, target.value, value, blame, scope)


def set_item(run: Run, container: Any, key: Any, value: Any, blame: Optional[Blame], node: ast.AST) -> None:
    """``container[key] = value`` with the blame of what it replaced kept."""
    if isinstance(container, Unknown):
        written(run, container, key, node)
    if isinstance(container, (Unknown, ModuleRef)):
        return
    if tainted(key):
        poison_object(run, container, "an item with an unknown key was set", node)
        return
    if isinstance(container, TreeDict):
        if container.config:
            run.spend(weight(value), node)
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
        if isinstance(container, Unknown):
            changed(run, container, target)
        if isinstance(container, (Unknown, ModuleRef)):
            return
        key: Any
        if isinstance(target, ast.Attribute):
            key = target.attr
        else:
            index_node = index_of(target.slice)
            key = (
                _slice(run, index_node, scope)
                if isinstance(index_node, ast.Slice)
                else evaluate(run, index_node, scope)
            )
        if isinstance(key, Unknown) or tainted(key):
            poison_object(run, container, "an unknown item was deleted", target)
            return
        del container[key]
        if isinstance(container, TreeDict):
            container.blames.pop(key, None)
        elif isinstance(container, TreeList):
            del container.blames[key]


def _slice(run: Run, node: ast.Slice, scope: Scope) -> Any:
    """A slice, or Unknown."""
    parts = (node.lower, node.upper, node.step)
    bounds = [None if part is None else evaluate(run, part, scope) for part in parts]
    return Unknown("an unknown bound") if tainted(bounds) else slice(*bounds)


def _set_slice(run: Run, container: Any, place: Any, value: Any, node: ast.AST) -> None:
    if isinstance(container, Unknown):
        changed(run, container, node)
    if isinstance(container, (Unknown, ModuleRef)):
        return
    if not isinstance(container, TreeList):
        raise TypeError(f"'{type(container).__name__}' object does not support slice assignment")
    if isinstance(place, Unknown) or isinstance(value, (Unknown, ModuleRef)):
        poison_object(run, container, "an unknown slice was assigned", node)
        return
    pairs = list(iterate(run, value, node))
    container[place] = [item for item, _ in pairs]
    container.blames[place] = [blame for _, blame in pairs]


def _unpack(run: Run, target: Any, value: Any, blame: Optional[Blame], scope: Scope) -> None:
    if isinstance(value, (Unknown, ModuleRef, LazyName)):
        for item in target.elts:
            inner = run.unknown("unpacked from an unknown value", target)
            if isinstance(value, Unknown):
                inner = part(run, value, inner, target)
            assign(run, item, inner, blame, scope)
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
        assign(run, item_target, item, step or blame, scope)


HANDLERS.update(
    {ast.Name: _name, ast.Subscript: _subscript, ast.Attribute: _attribute, ast.NamedExpr: _walrus}
)
