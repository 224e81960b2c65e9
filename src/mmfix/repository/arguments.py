"""The arguments that a class or function takes, followed through ``**kwargs`` and ``super().__init__``."""

from __future__ import annotations

import ast
from typing import FrozenSet, Iterator, List, NamedTuple, Optional, Set, Tuple

from mmfix.python.bindings import Import
from mmfix.python.signatures import signature_of
from mmfix.python.trees import dotted
from mmfix.repository.library import Library

_MAX_DEPTH = 20
#: Ends of the trail (``torch/nn/modules/module.py: Module.__init__`` takes none).
_WITHOUT_ARGUMENTS = frozenset({"object", "torch.nn.Module", "torch.nn.modules.module.Module", "abc.ABC"})
_REGISTERS = frozenset({"register_module", "register"})


class Taken(NamedTuple):
    """What may be passed by name.

    Attributes:
        names: Every argument.
        files: The source files that say so.
    """

    names: FrozenSet[str]
    files: FrozenSet[str]


class Open(Exception):
    """The trail ends in code that is not here, or in code that may take anything."""


def arguments_taken(library: Library, module: str, qualname: str) -> Optional[Taken]:
    """The arguments of a class or function; None where not all of them are known.

    Args:
        library: Where source is looked for.
        module: Of the definition.
        qualname: A top-level name there.
    """
    files: Set[str] = set()
    try:
        names = _of(library, module, qualname, files, 0)
    except Open:
        return None
    return None if names is None else Taken(names, frozenset(files))


def _of(library: Library, module: str, name: str, files: Set[str], depth: int) -> Optional[FrozenSet[str]]:
    """The arguments; None for a class without ``__init__`` of its own or of its bases."""
    source, names = library.module(module), library.names(module)
    node = None if names is None else names.bound.get(name)
    if depth > _MAX_DEPTH or source is None or names is None or name in names.otherwise:
        raise Open
    files.add(source.path)
    if isinstance(node, ast.FunctionDef):
        return _closed(node, skip=0)
    if not isinstance(node, ast.ClassDef) or node.keywords or not all(map(_registers, node.decorator_list)):
        raise Open
    methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
    if any(item.name == "__new__" for item in methods) or _may_bind(node, "__init__"):
        raise Open
    made = [item for item in methods if item.name == "__init__"]
    if not made:
        return _of_bases(library, module, node, files, depth)
    if len(made) > 1 or made[0].decorator_list:
        raise Open
    function = made[0]
    if function.args.kwarg is None:
        return _closed(function, skip=1)
    handed_on = _handed_on(node.name, function, function.args.kwarg.arg)
    above = _of_bases(library, module, node, files, depth)
    return _names(function, skip=1) | ((above or frozenset()) - handed_on)


def _may_bind(node: ast.ClassDef, name: str) -> bool:
    """Whether a class gets a method in another way than by ``def`` in its body."""
    return any(
        isinstance(inner, (ast.Name, ast.alias, ast.FunctionDef)) and _bound_name(inner) == name
        for item in node.body
        if not isinstance(item, ast.FunctionDef)
        for inner in ast.walk(item)
    )


def _bound_name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Store) else ""
    return str(getattr(node, "asname", None) or getattr(node, "name", ""))


def _registers(node: ast.expr) -> bool:
    """Whether a decorator hands the class on as it is."""
    call = node.func if isinstance(node, ast.Call) else node
    return isinstance(call, ast.Attribute) and call.attr in _REGISTERS


def _of_bases(
    library: Library, module: str, node: ast.ClassDef, files: Set[str], depth: int
) -> Optional[FrozenSet[str]]:
    """What the bases take together: ``super()`` may mean any of them."""
    found: List[FrozenSet[str]] = []
    for base in node.bases:
        target = _target(library, module, dotted(base))
        if target is None:
            continue
        names = _of(library, *target, files, depth + 1)
        if names is not None:
            found.append(names)
    return frozenset().union(*found) if found else None


def _target(library: Library, module: str, base: str) -> Optional[Tuple[str, str]]:
    """Module and name of a base class; None for one that takes no arguments."""
    names = library.names(module)
    if not base or names is None:
        raise Open
    first, _, rest = base.partition(".")
    bound = names.bound.get(first)
    spelled = (
        base if not isinstance(bound, Import) else ".".join(filter(None, [bound.module, bound.name, rest]))
    )
    if spelled in _WITHOUT_ARGUMENTS:
        return None
    if rest:
        owner, _, last = spelled.rpartition(".")
        target = library.where(owner, last)
    else:
        target = library.where(module, first)
    if target is None or not target[1]:
        raise Open
    return None if ".".join(target) in _WITHOUT_ARGUMENTS else target


def _closed(function: ast.FunctionDef, skip: int) -> FrozenSet[str]:
    if function.args.kwarg is not None or (skip == 0 and not all(map(_registers, function.decorator_list))):
        raise Open
    return _names(function, skip)


def _names(function: ast.FunctionDef, skip: int) -> FrozenSet[str]:
    signature = signature_of(function.args)
    return frozenset((*signature.positional[skip:], *signature.keyword_only))


def _handed_on(owner: str, function: ast.FunctionDef, kwargs: str) -> FrozenSet[str]:
    """What a constructor passes beside its ``**kwargs``, which it does nothing with but hand them on.

    Raises:
        Open: It does something else with them.
    """
    calls = [
        call for call in _super_calls(owner, function) if any(_is(item, kwargs) for item in call.keywords)
    ]
    uses = sum(
        isinstance(node, ast.Name) and node.id == kwargs for item in function.body for node in ast.walk(item)
    )
    if len(calls) != 1 or uses != 1:
        raise Open
    return frozenset(item.arg for item in calls[0].keywords if item.arg is not None)


def _is(keyword: ast.keyword, kwargs: str) -> bool:
    return keyword.arg is None and isinstance(keyword.value, ast.Name) and keyword.value.id == kwargs


def _super_calls(name: str, function: ast.FunctionDef) -> Iterator[ast.Call]:
    """``super().__init__(...)`` and ``super(Net, self).__init__(...)`` of that very class."""
    for item in function.body:
        for node in ast.walk(item):
            if isinstance(node, ast.Call) and _is_super(node.func, name):
                yield node


def _is_super(made: ast.expr, name: str) -> bool:
    call = made.value if isinstance(made, ast.Attribute) and made.attr == "__init__" else None
    if not isinstance(call, ast.Call) or dotted(call.func) != "super":
        return False
    return not call.args or dotted(call.args[0]) in (name, "__class__")
