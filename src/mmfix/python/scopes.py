"""Which statement gives a name its meaning where it is used: Python's scopes, read off a syntax tree."""

from __future__ import annotations

import ast
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from mmfix.python.trees import below, everything

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef, ast.Module)


class Bound(NamedTuple):
    """One place that binds a name: the node that does, and the part of it that holds the name."""

    node: ast.AST
    part: ast.AST


class Scopes:
    """The names of one file.

    Args:
        tree: The file.

    Attributes:
        tree: The same.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self._bound: Dict[ast.AST, Dict[str, List[Bound]]] = {}
        self._global: Set[Tuple[ast.AST, str]] = set()
        self._calls: Dict[int, List[ast.Call]] = {}
        nodes = list(everything(tree))
        self._parents: Dict[ast.AST, ast.AST] = {child: node for node in nodes for child in below(node)}
        outer: Set[Tuple[ast.AST, str]] = set()
        for node in nodes:
            if isinstance(node, ast.Call):
                self._calls.setdefault(node.lineno, []).append(node)
            elif isinstance(node, ast.Global):
                self._global.update((self.scope_of(node), name) for name in node.names)
            elif isinstance(node, ast.Nonlocal):
                outer.update((self.scope_of(node), name) for name in node.names)
        for node in nodes:
            for name, part in _names(node):
                scope = self.scope_of(node)
                if (scope, name) in outer:
                    scope = self.scope_of(scope)
                if (scope, name) in self._global:
                    scope = tree
                self._bound.setdefault(scope, {}).setdefault(name, []).append(Bound(node, part))

    def calls(self, line: int) -> Sequence[ast.Call]:
        """The calls that begin in a line."""
        return self._calls.get(line, ())

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes that a node stands in, the innermost first."""
        above = self._parents.get(node)
        while above is not None:
            yield above
            above = self._parents.get(above)

    def function_around(self, node: ast.AST) -> Optional[ast.FunctionDef]:
        """The function whose code a node is."""
        return next((item for item in self.around(node) if isinstance(item, ast.FunctionDef)), None)

    def class_around(self, node: ast.AST) -> Optional[ast.ClassDef]:
        """The class whose code a node is."""
        return next((item for item in self.around(node) if isinstance(item, ast.ClassDef)), None)

    def method_at(self, line: int) -> Optional[ast.FunctionDef]:
        """The method of a class that a line is in; None where it is in none."""
        for node in self._parents:
            if (
                isinstance(node, ast.FunctionDef)
                and node.lineno <= line <= (node.end_lineno or 0)
                and self.function_around(node) is None
                and self.class_around(node) is not None
            ):
                return node
        return None

    def scope_of(self, node: ast.AST) -> ast.AST:
        """Where the names that a node uses or binds are looked for first."""
        inner: ast.AST = node
        for outer in self.around(node):
            if isinstance(outer, _SCOPES) and _is_inside(inner, outer):
                return outer
            if not isinstance(outer, ast.arguments):
                inner = outer
        return self.tree

    def bound(self, name: ast.Name) -> Sequence[Bound]:
        """What binds a name, where Python looks for it; nothing for a built-in one, or of a ``*`` import."""
        scope = first = self.scope_of(name)
        while True:
            if (scope, name.id) in self._global:
                scope = self.tree
            found = self._bound.get(scope, {}).get(name.id)
            # the names of a class are not those of its methods
            if found and (scope is first or not isinstance(scope, ast.ClassDef)):
                return found
            if scope is self.tree:
                return ()
            scope = self.scope_of(scope)

    def imported(self, node: Optional[ast.AST]) -> Sequence[str]:
        """The dotted names that an expression stands for, where import statements bring it."""
        attributes: List[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ()
        heads = [_imported(item) for item in self.bound(node)]
        return sorted({".".join((head, *reversed(attributes))) for head in heads if head})

    def assigned(self, name: ast.Name) -> Optional[ast.expr]:
        """The only value that is ever given to a name, in a plain assignment; None otherwise."""
        bound = self.bound(name)
        return self._value_of(bound[0].part) if len(bound) == 1 else None

    def attribute(self, node: ast.Attribute) -> Optional[ast.expr]:
        """The only value that the class around ever gives to ``self.name``; None otherwise."""
        cls = self.class_around(node)
        if cls is None or not _is_own(node, node.attr):
            return None
        stored = [
            item
            for item in everything(cls)
            if isinstance(item, ast.Attribute)
            and isinstance(item.ctx, ast.Store)
            and _is_own(item, node.attr)
        ]
        return self._value_of(stored[0]) if len(stored) == 1 else None

    def _value_of(self, target: ast.AST) -> Optional[ast.expr]:
        statement = self._parents.get(target)
        if isinstance(statement, ast.Assign) and statement.targets == [target]:
            return statement.value
        return None


def _is_own(node: ast.Attribute, name: str) -> bool:
    return node.attr == name and isinstance(node.value, ast.Name) and node.value.id == "self"


def _is_inside(inner: ast.AST, outer: Any) -> bool:
    """Whether a part of a scope is of it: what the head of a function or class says is of the one around."""
    if isinstance(outer, _COMPREHENSIONS):
        return True
    body = outer.body if isinstance(outer.body, list) else [outer.body]
    return any(inner is item for item in body) or isinstance(inner, ast.arg)


def _names(node: ast.AST) -> Iterator[Tuple[str, ast.AST]]:
    """The names that a node itself binds in the scope that it is in."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name, node
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id, node
    elif isinstance(node, ast.arg):
        yield node.arg, node
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0], alias
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name, node
    elif type(node).__name__ in ("MatchAs", "MatchStar") and getattr(node, "name", None):
        yield getattr(node, "name"), node  # noqa: B009


def _imported(bound: Bound) -> str:
    """The dotted name that an import binds; a relative one begins with its dots. Empty for all else."""
    node, alias = bound
    if not isinstance(alias, ast.alias):
        return ""
    if isinstance(node, ast.ImportFrom):
        return "." * node.level + ".".join(filter(None, (node.module, alias.name)))
    return alias.name if alias.asname else alias.name.partition(".")[0]
