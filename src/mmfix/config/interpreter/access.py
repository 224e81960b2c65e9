"""Names, attributes, items: read, set and deleted."""

from __future__ import annotations

import ast
import builtins
from typing import Any, List, Optional, Tuple

from mmfix.config.interpreter import limits
from mmfix.config.interpreter.aliases import alternatives, changed, part, written
from mmfix.config.interpreter.caught import Caught
from mmfix.config.interpreter.core import HANDLERS, blame_of, evaluate, iterate, one_decided, tainted
from mmfix.config.interpreter.loss import current, lose, lose_all, refuse
from mmfix.config.interpreter.methods import SPECIAL
from mmfix.config.interpreter.modules import (
    BUILTINS,
    CONSTANTS,
    SURE,
    UNREADABLE,
    UNREADABLE_ATTRIBUTES,
    member,
)
from mmfix.config.interpreter.state import (
    Builtin,
    Function,
    MethodRef,
    ModuleRef,
    Run,
    Scope,
    Stream,
    View,
    bind,
    replacing,
)
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import LazyName, TreeDict, TreeList, TreeTuple, absent, hook
from mmfix.python.bounds import weight
from mmfix.python.trees import index_of
from mmfix.wording import say


def _name(run: Run, node: ast.Name, scope: Scope) -> Any:
    found = scope.find(node.id)
    if found is not None:
        return found.names[node.id]
    if node.id in scope.source(node.id).own:
        raise UnboundLocalError(f"cannot access local variable '{node.id}'")
    if node.id in CONSTANTS:
        return CONSTANTS[node.id]
    if node.id in UNREADABLE:
        refuse(run, f"{node.id}()", node)
    if node.id in BUILTINS:
        return Builtin(node.id)
    if hasattr(builtins, node.id):
        return run.unknown(say("{name} is not evaluated", name=node.id), node)
    if absent(run.scope.names, node.id) is not None:
        return run.unknown(say("{name} may come from a base that is not here", name=node.id), node)
    raise NameError(f"name '{node.id}' is not defined")


def _subscript(run: Run, node: ast.Subscript, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    index = index_value(run, node, scope)
    return item(run, current(value), index, node)


def index_value(run: Run, node: ast.Subscript, scope: Scope) -> Any:
    """The index or slice of a subscript."""
    index_node = index_of(node.slice)
    if isinstance(index_node, ast.Slice):
        return _slice(run, index_node, scope)
    return evaluate(run, index_node, scope)


def item(run: Run, value: Any, index: Any, node: ast.AST) -> Any:
    """``value[index]``."""
    limits.pay_for_key(run, node, index)
    if isinstance(value, Unknown) or (isinstance(index, Unknown) and isinstance(value, (dict, list, tuple))):
        found = part(run, value, index, node)
        return one_decided(run, _items(value), found) if _picks_one(value, index, node) else found
    if isinstance(value, (ModuleRef, Builtin, Function)) or tainted(index):
        return run.unknown(say("part of an unknown value"), node)
    if isinstance(value, TreeDict) and value.missing and index not in value:
        return run.unknown(say("{key!r} may come from a base that is not here", key=index), node)
    if isinstance(value, TreeDict) and value.addict and index not in value:
        return run.unknown(say("a key that is not there, of what `|` of config dicts gives"), node)
    result = value[index]
    if isinstance(index, slice):
        run.spend(len(result) // 4, node)
    if isinstance(index, slice) and isinstance(value, (TreeList, TreeTuple)):
        blames = value.blames[index]
        return TreeList(result, list(blames)) if isinstance(value, list) else TreeTuple(result, tuple(blames))
    return result


def _picks_one(value: Any, index: Any, node: ast.AST) -> bool:
    """Whether an unknown index gives one of the items, and no slice of them."""
    if isinstance(value, TreeDict):
        return not (value.missing or value.addict)
    computed = isinstance(node, ast.Subscript) and isinstance(index_of(node.slice), (ast.BinOp, ast.Compare))
    return computed and isinstance(value, (TreeList, TreeTuple))


def _items(value: Any) -> List[Any]:
    return list(value.values() if isinstance(value, dict) else value)


#: Attributes that MMEngine's ``LazyObject`` and ``LazyAttr`` have themselves.
_OWN_NAMES_OF_LAZY = {"module", "name", "location", "build", "source"}


def _attribute(run: Run, node: ast.Attribute, scope: Scope) -> Any:
    if node.attr in UNREADABLE_ATTRIBUTES:
        refuse(run, node.attr, node)
    return attribute(run, evaluate(run, node.value, scope), node.attr, node)


def attribute(run: Run, value: Any, name: str, node: ast.AST) -> Any:
    """``value.name``."""
    if isinstance(value, Unknown):
        return _attribute_of_unknown(run, value, name, node)
    if isinstance(value, LazyName):
        if name in _OWN_NAMES_OF_LAZY or name.startswith("__"):
            return run.unknown(say("an attribute of MMEngine's lazy object"), node)
        return LazyName(f"{value.path}.{name}")
    if isinstance(value, ModuleRef):
        run.unknowns += f"{value.path}.{name}" not in SURE  # it may not be there
        return member(f"{value.path}.{name}")
    if isinstance(value, Builtin):
        if name == "__name__":
            return value.name
        return ModuleRef(f"{value.name}.{name}")
    if isinstance(value, TreeDict):
        if hasattr(dict, name) or (value.config and name in ("merge", "to_dict")):
            return MethodRef(value, name)
        if (value.config or value.addict) and name in value:
            return value[name]
        if value.missing or value.addict:
            return run.unknown(say("{name} may come from a base that is not here", name=name), node)
        raise AttributeError(f"'{'ConfigDict' if value.config else 'dict'}' object has no attribute '{name}'")
    if isinstance(value, (Function, MethodRef, Stream, View)):
        return run.unknown(say("an attribute of a function"), node)
    if name.startswith("__") and (name not in SPECIAL or not isinstance(value, SPECIAL[name])):
        return run.unknown(say("{name} of an object", name=name), node)
    if not hasattr(type(value), name):
        kind = type(value).__name__.replace("Tree", "").lower()  # as Python calls it
        raise AttributeError(f"'{kind}' object has no attribute '{name}'")
    if not callable(getattr(type(value), name)):
        return getattr(value, name)  # `(3).real`
    return MethodRef(value, name)


def _attribute_of_unknown(run: Run, value: Unknown, name: str, node: ast.AST) -> Any:
    """A method of what it may be, or what a config dict among that has under the name."""
    if isinstance(value, Caught) and name == "args" and value.given is not None:
        return value.given
    if not value.may_be:
        return part(run, value, name, node)
    unclear = value.within or any(getattr(owner, "lost", None) is not None for owner in value.may_be)
    if any(hasattr(owner, name) for owner in (_SAMPLES if unclear else value.may_be)):
        return MethodRef(value, name)
    return part(run, value, name, node)


_SAMPLES: Tuple[Any, ...] = ({}, [], set())


def _walrus(run: Run, node: ast.NamedExpr, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    blame = blame_of(run, node.value, scope)
    bind(scope.outside(), node.target.id, value, blame)
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
        store_item(run, container, index_value(run, target, scope), value, blame, target)
    elif isinstance(target, ast.Attribute):
        store_attribute(run, evaluate(run, target.value, scope), value, blame, target)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(run, target, value, blame, scope)
    elif isinstance(target, ast.Starred):
        assign(run, target.value, value, blame, scope)


def store_attribute(
    run: Run, container: Any, value: Any, blame: Optional[Blame], target: ast.Attribute
) -> None:
    """``container.name = value``."""
    container = current(container)
    if isinstance(container, Unknown):
        written(run, container, target.attr, value, target)
    elif isinstance(container, (ModuleRef, LazyName, Builtin)):
        lose_all(run, [value], say("handed to code that is not evaluated"), target)
    elif isinstance(container, Function):
        lose_all(run, [container, value], say("an attribute of a function"), target)
    elif isinstance(container, TreeDict) and (container.config or container.addict):
        set_item(run, container, target.attr, value, blame, target)
    else:
        raise AttributeError(f"'{type(container).__name__}' object has no attribute '{target.attr}'")


def store_item(
    run: Run, container: Any, key: Any, value: Any, blame: Optional[Blame], target: ast.Subscript
) -> None:
    """``container[key] = value``, where the key may be a slice."""
    if isinstance(index_of(target.slice), ast.Slice):
        _set_slice(run, container, key, value, target)
    else:
        set_item(run, container, key, value, blame, target)


def set_item(run: Run, container: Any, key: Any, value: Any, blame: Optional[Blame], node: ast.AST) -> None:
    """``container[key] = value`` with the blame of what it replaced kept."""
    limits.pay_for_key(run, node, key)
    container = current(container)
    if isinstance(container, Unknown):
        written(run, container, key, value, node)
        return
    if isinstance(container, (ModuleRef, LazyName, Builtin)):
        lose_all(run, [value], say("handed to code that is not evaluated"), node)
        return
    if tainted(key) and isinstance(container, (TreeDict, TreeList)):
        lose(run, container, say("an item with an unknown key was set"), node, [value])
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
        home = scope.home(target.id)
        if target.id not in home.names:
            kind = NameError if home.parent is None else UnboundLocalError
            raise kind(f"name '{target.id}' is not defined")
        del home.names[target.id]
        home.names.blames.pop(target.id, None)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for item in target.elts:
            delete(run, item, scope)
    elif isinstance(target, (ast.Subscript, ast.Attribute)):
        container = evaluate(run, target.value, scope)
        key: Any
        if isinstance(target, ast.Attribute):
            key = target.attr
            named = isinstance(container, TreeDict) and (container.config or container.addict)
            if isinstance(container, TreeDict) and (not named or key not in container):
                raise AttributeError(f"'{type(container).__name__}' object has no attribute '{key}'")
        else:
            key = index_value(run, target, scope)
            container = current(container)
        if isinstance(container, Unknown):
            changed(run, container, target)
        if isinstance(container, (Unknown, ModuleRef, LazyName)):
            return
        if isinstance(container, TreeDict) and container.missing:
            lose(run, container, say("changed where a base that is not here may have set more"), target)
            return
        limits.pay_for_key(run, target, key)
        if isinstance(container, (list, dict)):
            run.spend(len(container) >> (4 if isinstance(key, slice) else 10), target)
        if isinstance(key, Unknown) or tainted(key):
            lose(run, container, say("an unknown item was deleted"), target)
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
    return Unknown(say("an unknown bound")) if tainted(bounds) else slice(*bounds)


def _set_slice(run: Run, container: Any, place: Any, value: Any, node: ast.AST) -> None:
    container = current(container)
    if isinstance(container, Unknown):
        changed(run, container, node, [value])
    if isinstance(container, (Unknown, ModuleRef)):
        return
    if not isinstance(container, TreeList):
        raise TypeError(f"'{type(container).__name__}' object does not support slice assignment")
    value = current(value)
    if isinstance(place, Unknown) or isinstance(value, (Unknown, ModuleRef)):
        lose(run, container, say("an unknown slice was assigned"), node, [value])
        return
    pairs = list(iterate(run, value, node))
    run.spend(len(container) >> 10, node)
    container[place] = [item for item, _ in pairs]
    container.blames[place] = [blame for _, blame in pairs]


def _unpack(run: Run, target: Any, value: Any, blame: Optional[Blame], scope: Scope) -> None:
    if isinstance(value, (Unknown, ModuleRef, LazyName)):
        for item in target.elts:
            inner = run.unknown(say("unpacked from an unknown value"), target)
            inner = part(run, value, inner, target) if isinstance(value, Unknown) else alternatives(inner, [])
            if isinstance(item, ast.Starred) and isinstance(value, Unknown):
                inner = Unknown(inner.reason, inner.origin, value.may_be)  # a new list of such parts
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
