"""The names that statements bind."""

from __future__ import annotations

import ast
from typing import Any, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from mmfix.python.imports import absolute_module
from mmfix.python.trees import below, everything


class Import(NamedTuple):
    """``from module import name``, or ``import module`` with an empty name."""

    module: str
    name: str = ""


class Binding(NamedTuple):
    """One place that binds a name.

    Attributes:
        name: ``*`` for ``from x import *``.
        node: The statement.
        alias: Its part that binds the name, in an import.
        guards: Conditions it is under: (test, wanted truth).
        conditional: It stands in an ``if`` or a ``try``.
        handler: It stands in an ``except`` clause.
    """

    name: str
    node: ast.stmt
    alias: Optional[ast.alias] = None
    guards: Tuple[Tuple[ast.expr, bool], ...] = ()
    conditional: bool = False
    handler: bool = False

    def meaning(self, module: str, is_package: bool) -> Union[Import, ast.AST, None]:
        """An import, a definition, or the expression assigned to the name; None for anything else.

        Args:
            module: The dotted name of the module that the statement is in.
            is_package: That module is an ``__init__.py``.
        """
        node = self.node
        if isinstance(node, ast.ImportFrom) and self.alias is not None:
            return Import(absolute_module(node, module, is_package), self.alias.name)
        if isinstance(node, ast.Import) and self.alias is not None:
            return Import(self.alias.name if self.alias.asname else self.name)
        if isinstance(node, _DEFINITIONS):
            return node
        if isinstance(node, ast.Assign):
            alone = any(isinstance(target, ast.Name) and target.id == self.name for target in node.targets)
            return node.value if alone else None  # None: unpacked into it
        return node.value if isinstance(node, ast.AnnAssign) else None


def bindings(body: Sequence[ast.stmt]) -> Iterator[Binding]:
    """What statements bind, in ``if``, ``try`` and ``with`` blocks too, in their order.

    A loop binds its names as a whole: what they are after it is not followed.
    """
    return _block(body, (), False, False)


def all_bindings(body: Sequence[ast.stmt]) -> Iterator[Binding]:
    """What statements bind, in functions, classes and loops too, in their order; conditions are left out."""
    stack: List[ast.AST] = list(reversed(body))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.expr):
            continue
        if isinstance(node, ast.stmt):
            yield from (Binding(name, node, alias) for name, alias in _bound(node))
        stack.extend(reversed(list(below(node))))


def _block(
    body: Sequence[ast.stmt], guards: Tuple[Tuple[ast.expr, bool], ...], conditional: bool, handler: bool
) -> Iterator[Binding]:
    for node in body:
        for name, alias in _bound(node):
            yield Binding(name, node, alias, guards, conditional, handler)
        if isinstance(node, ast.If):
            yield from _block(node.body, (*guards, (node.test, True)), True, handler)
            yield from _block(node.orelse, (*guards, (node.test, False)), True, handler)
        elif isinstance(node, _TRY):
            yield from _block(node.body, guards, True, handler)
            for clause in node.handlers:
                yield from _block(clause.body, guards, True, True)
            yield from _block(node.orelse, guards, True, handler)
            yield from _block(node.finalbody, guards, True, handler)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            yield from _block(node.body, guards, conditional, handler)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            inside = {inner.name for inner in all_bindings([*node.body, *node.orelse])} - {"*"}
            yield from (Binding(name, node, None, guards, conditional, handler) for name in sorted(inside))


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
#: ``except*`` came with Python 3.11.
_TRY: Tuple[Any, ...] = tuple(getattr(ast, name) for name in ("Try", "TryStar") if hasattr(ast, name))


def _bound(node: ast.stmt) -> Iterable[Tuple[str, Optional[ast.alias]]]:
    """The names that a statement itself binds, what is inside of it left out."""
    if isinstance(node, _DEFINITIONS):
        return [(node.name, None)]
    if isinstance(node, ast.Import):
        return [(alias.asname or alias.name.partition(".")[0], alias) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(alias.asname or alias.name, alias) for alias in node.names]
    if isinstance(node, ast.Assign):
        return _stored(node.targets)
    if isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor)):
        return _stored([node.target])
    if isinstance(node, (ast.With, ast.AsyncWith)):
        return _stored([item.optional_vars for item in node.items])
    return ()


def _stored(targets: Iterable[Optional[ast.expr]]) -> List[Tuple[str, Optional[ast.alias]]]:
    return [
        (item.id, None)
        for target in targets
        if target is not None
        for item in everything(target)
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)
    ]
