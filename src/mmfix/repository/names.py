"""What the names at the top level of a module stand for, as far as its own text tells."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Sequence, Tuple, Union

Definition = Union[ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef]


@dataclass(frozen=True)
class Imported:
    """``from module import name``, or ``import module`` with an empty name."""

    module: str
    name: str = ""


@dataclass(frozen=True, eq=False)
class Names:
    """The top-level names of one module.

    Attributes:
        module: Its dotted name.
        bound: Name -> import, definition, or the expression assigned to it.
        stars: Modules of ``from x import *``, in order.
    """

    module: str
    bound: Dict[str, Union[Imported, ast.AST]] = field(default_factory=dict)
    stars: List[str] = field(default_factory=list)


def read_names(tree: ast.Module, module: str, is_package: bool) -> Names:
    """Names bound by the module's statements, those in ``if``, ``try`` and ``with`` blocks too.

    The last plain statement wins; a conditional one only where nothing else binds the name, and a constant
    such as the ``None`` of ``except ImportError`` never hides an import or a definition.
    """
    names = Names(module)
    _read_block(tree.body, names, is_package, False)
    return names


def _read_block(body: Sequence[ast.stmt], names: Names, is_package: bool, conditional: bool) -> None:
    for node in body:
        if isinstance(node, ast.ImportFrom):
            source = absolute_module(node, names.module, is_package)
            for alias in node.names:
                if alias.name == "*":
                    names.stars.append(source)
                else:
                    _bind(names, alias.asname or alias.name, Imported(source, alias.name), conditional)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                _bind(names, alias.asname or top, Imported(alias.name if alias.asname else top), conditional)
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            _bind(names, node.name, node, conditional)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    _bind(names, target.id, node.value, conditional)
        elif isinstance(node, ast.AnnAssign):
            if isinstance(node.target, ast.Name) and node.value is not None:
                _bind(names, node.target.id, node.value, conditional)
        elif isinstance(node, (ast.If, ast.Try)):
            for block in blocks(node):
                _read_block(block, names, is_package, True)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            _read_block(node.body, names, is_package, conditional)


def blocks(node: ast.stmt) -> List[List[ast.stmt]]:
    """The statement lists of an ``if``, ``try`` or loop."""
    handlers = [handler.body for handler in getattr(node, "handlers", ())]
    return [getattr(node, "body", []), *handlers, getattr(node, "orelse", []), getattr(node, "finalbody", [])]


def _bind(names: Names, name: str, value: Union[Imported, ast.AST], conditional: bool) -> None:
    old = names.bound.get(name)
    if old is None or isinstance(old, ast.Constant) or not (conditional or isinstance(value, ast.Constant)):
        names.bound[name] = value


def absolute_module(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The dotted module of ``from ..x import y``; an import beyond the top keeps what is left."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    keep = len(parts) - node.level + is_package
    return ".".join(part for part in [*parts[: max(keep, 0)], node.module or ""] if part)


def dotted(node: Optional[ast.AST]) -> List[str]:
    """``a.b.C`` as a list of names; empty for any other expression."""
    parts: List[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return []
    parts.append(node.id)
    return parts[::-1]


def target(parts: Sequence[str], names: Names) -> Tuple[str, str]:
    """Module and name that a dotted expression points to, one step on; ``('', '')`` for no parts."""
    if not parts:
        return "", ""
    value = names.bound.get(parts[0])
    if not isinstance(value, Imported):
        return names.module, ".".join(parts)
    chain = [value.module, *([value.name] if value.name else []), *parts[1:]]
    return ".".join(part for part in chain[:-1] if part), chain[-1]
