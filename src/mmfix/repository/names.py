"""What the names at the top level of a module stand for, as far as its own text tells."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Dict, List, Sequence, Tuple, Union

from mmfix.python.bindings import Import, bindings

Definition = Union[ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef]


@dataclass(frozen=True, eq=False)
class Names:
    """The top-level names of one module.

    Attributes:
        module: Its dotted name.
        bound: Name -> import, definition, or the expression assigned to it.
        otherwise: Name -> what a conditional statement binds it to where ``bound`` has something else.
        stars: Modules of ``from x import *``, in order.
    """

    module: str
    bound: Dict[str, Union[Import, ast.AST]] = field(default_factory=dict)
    otherwise: Dict[str, Union[Import, ast.AST]] = field(default_factory=dict)
    stars: List[str] = field(default_factory=list)


def read_names(tree: ast.Module, module: str, is_package: bool) -> Names:
    """Names bound by the module's statements, those in ``if``, ``try`` and ``with`` blocks too.

    The last plain statement wins; a conditional one only where nothing else binds the name, and a constant
    such as the ``None`` of ``except ImportError`` never hides an import or a definition.
    """
    names = Names(module)
    for binding in bindings(tree.body):
        meaning = binding.meaning(module, is_package)
        if binding.name == "*" and isinstance(meaning, Import):
            names.stars.append(meaning.module)
        elif meaning is not None:
            _bind(names, binding.name, meaning, binding.conditional)
    return names


def blocks(node: ast.stmt) -> List[List[ast.stmt]]:
    """The statement lists of an ``if``, ``try`` or loop."""
    handlers = [handler.body for handler in getattr(node, "handlers", ())]
    return [getattr(node, "body", []), *handlers, getattr(node, "orelse", []), getattr(node, "finalbody", [])]


def _bind(names: Names, name: str, value: Union[Import, ast.AST], conditional: bool) -> None:
    old = names.bound.get(name)
    if old is None or isinstance(old, ast.Constant) or not (conditional or isinstance(value, ast.Constant)):
        names.bound[name] = value
    else:
        names.otherwise.setdefault(name, value)


def target(parts: Sequence[str], names: Names) -> Tuple[str, str]:
    """Module and name that a dotted expression points to, one step on; ``('', '')`` for no parts."""
    if not parts:
        return "", ""
    value = names.bound.get(parts[0])
    if not isinstance(value, Import):
        return names.module, ".".join(parts)
    chain = [value.module, *([value.name] if value.name else []), *parts[1:]]
    return ".".join(part for part in chain[:-1] if part), chain[-1]
