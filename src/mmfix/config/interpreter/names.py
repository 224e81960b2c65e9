"""Which names code binds, and in which scope: known from its text alone."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any, Dict, FrozenSet, Iterable, List, NamedTuple, Set, Tuple

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Names(NamedTuple):
    """The names of a function.

    Attributes:
        own: Parameters and what it binds: they hide outer names even while they are not bound.
        global_names: Declared `global` in it.
        nonlocal_names: Declared `nonlocal` in it.
        free: What it, and functions in it, read and do not bind themselves.
        set_outside: Names around it that it, or a function in it, may bind.
    """

    own: FrozenSet[str]
    global_names: FrozenSet[str]
    nonlocal_names: FrozenSet[str]
    free: FrozenSet[str]
    set_outside: FrozenSet[str]


@lru_cache(maxsize=4096)
def names_of(function: Any) -> Names:
    """The names of a ``def``, a ``lambda`` or a ``class``."""
    body = function.body if isinstance(function.body, list) else [function.body]
    declared: Dict[type, Set[str]] = {ast.Global: set(), ast.Nonlocal: set()}
    for node in _own(body):
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            declared[type(node)].update(node.names)
    outside = declared[ast.Global] | declared[ast.Nonlocal]
    own = {*bound(body), *_parameters(function)} - outside
    everything = [inner for node in body for inner in ast.walk(node)]
    read = {inner.id for inner in everything if isinstance(inner, ast.Name)}
    anywhere = {
        name
        for inner in everything
        if isinstance(inner, (ast.Global, ast.Nonlocal))
        for name in inner.names
        if isinstance(inner, ast.Global) or name not in own
    }
    return Names(
        frozenset(own),
        frozenset(declared[ast.Global]),
        frozenset(declared[ast.Nonlocal]),
        frozenset((read | anywhere) - own),
        frozenset(anywhere),
    )


@lru_cache(maxsize=4096)
def names_of_comprehension(node: Any) -> FrozenSet[str]:
    """The loop variables of a comprehension."""
    return frozenset(
        inner.id
        for generator in node.generators
        for inner in ast.walk(generator.target)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    )


def _parameters(function: Any) -> List[str]:
    arguments = getattr(function, "args", None)
    if arguments is None:
        return []
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [item.arg for item in (*named, arguments.vararg, arguments.kwarg) if item is not None]


def bound(nodes: Iterable[ast.AST]) -> Dict[str, ast.AST]:
    """The names that code binds or deletes in the scope it stands in, and where."""
    found: Dict[str, ast.AST] = {}
    for node in _own(nodes):
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                found[node.id] = node
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            found[node.name] = node
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = node
        else:
            for field in ("name", "rest"):  # of an `except`, and of captures of a `match`
                if isinstance(getattr(node, field, None), str) and not isinstance(node, ast.alias):
                    found[getattr(node, field)] = node
    found.pop("*", None)
    return found


def _own(nodes: Iterable[ast.AST]) -> List[ast.AST]:
    """All nodes but those in bodies of functions and classes, and loop variables of comprehensions."""
    found: List[ast.AST] = []
    stack: List[Tuple[ast.AST, bool]] = [(node, False) for node in nodes]
    while stack:
        node, inner = stack.pop()
        if not (inner and isinstance(node, ast.Name)):
            found.append(node)
        if isinstance(node, ast.NamedExpr):
            found.append(node.target)  # bound outside of a comprehension that it stands in
        for child in ast.iter_child_nodes(node):
            if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and child in node.body:
                continue
            if isinstance(node, ast.Lambda) and child is node.body:
                continue
            stack.append((child, inner or isinstance(node, _COMPREHENSIONS)))
    return found
