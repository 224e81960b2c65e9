"""Which containers at the top level of a module are filled by code, as far as its text tells."""

from __future__ import annotations

import ast
from typing import Any, Dict, FrozenSet, Iterator, List, NamedTuple, Sequence, Set

from mmfix.python.signatures import signature_of
from mmfix.python.trees import below, dotted, everything

#: Methods that change a list, dict or set.
CHANGES = frozenset({
    "append", "extend", "insert", "pop", "popitem", "clear", "remove", "update", "setdefault", "add",
    "discard", "__setitem__", "move_to_end",
})  # fmt: skip
#: Functions that leave what they are given as it is.
_READS = frozenset({
    "len", "print", "sorted", "list", "tuple", "dict", "set", "frozenset", "enumerate", "zip", "iter", "any",
    "all", "max", "min", "sum", "str", "repr", "isinstance", "deepcopy", "copy", "range", "map", "filter",
    "MappingProxyType", "reversed", "type", "id", "bool",
})  # fmt: skip
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Fills(NamedTuple):
    """What fills the top-level names of a module.

    Attributes:
        steps: Name -> the plain statements that fill it while the module is imported, in order: each can be
            followed.
        filled: Names filled by loops, by calls, under conditions, or by decorators that others use, too: what
            is in them after the import is not known.
        touched: Names that some code of the module changes, at whatever time.
    """

    steps: Dict[str, List[ast.stmt]]
    filled: FrozenSet[str]
    touched: FrozenSet[str]


def fills_of(body: Sequence[ast.stmt]) -> Fills:
    """Read it off the statements of a module."""
    functions = {node.name: node for node in _all(body) if isinstance(node, _DEFINITIONS)}
    changed = {name: frozenset(_changed_in(node)) for name, node in functions.items()}
    steps: Dict[str, List[ast.stmt]] = {}
    filled: Set[str] = set()
    for node in body:
        if isinstance(node, (*_DEFINITIONS, ast.ClassDef)):
            continue
        names = set(_changed_by(_now(node)))
        if len(names) == 1 and _is_plain(node):
            steps.setdefault(next(iter(names)), []).append(node)
        else:
            filled |= names
        filled.update(_handed_over(_now(node)))
    for name in _called(body, functions):
        filled |= changed[name]
    for name, node in functions.items():
        if changed[name] and _is_decorator(node):
            filled |= changed[name]
    return Fills(steps, frozenset(filled), frozenset(filled.union(steps, *changed.values())))


def changed_attributes(node: ast.ClassDef) -> FrozenSet[str]:
    """Attributes whose container a method of the class changes: ``self.table[key] = value``."""
    found: Set[str] = set()
    for item in everything(node):
        base = _changed_place(item)
        if isinstance(base, ast.Attribute) and dotted(base.value) in ("self", "cls"):
            found.add(base.attr)
    return frozenset(found)


def _all(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    for node in body:
        yield from everything(node)


def _now(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a statement runs: functions and classes in it are left out."""
    stack: List[ast.AST] = [node]
    while stack:
        item = stack.pop()
        yield item
        if not isinstance(item, (*_DEFINITIONS, ast.ClassDef, ast.Lambda)):
            stack.extend(below(item))


def _changed_place(node: ast.AST) -> Any:
    """The expression whose container a piece of code changes, or None."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
        return node.func.value
    return None


def _changed_by(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Names of containers that code changes."""
    for node in nodes:
        base = _changed_place(node)
        while isinstance(base, (ast.Subscript, ast.Attribute)):  # X['a']['b'] = ...
            base = base.value
        if isinstance(base, ast.Name):
            yield base.id
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _handed_over(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Names given to functions that may change what they are given."""
    for node in nodes:
        if isinstance(node, ast.Call) and dotted(node.func) not in ("", *_READS):
            yield from (item.id for item in node.args if isinstance(item, ast.Name))


def _changed_in(function: Any) -> Iterator[str]:
    """Names from outside that a function, or one inside of it, changes."""
    inside = list(everything(function))
    outer = {name for node in inside if isinstance(node, ast.Global) for name in node.names}
    local = {name for node in inside if isinstance(node, _DEFINITIONS) for name in _parameters(node)}
    for node in inside:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            if node.id in outer:
                yield node.id
            else:
                local.add(node.id)
    yield from (name for name in _changed_by(iter(inside)) if name not in local)


def _parameters(function: Any) -> List[str]:
    signature = signature_of(function.args)
    return [*signature.names, *filter(None, (signature.star, signature.double_star))]


def _is_plain(node: ast.stmt) -> bool:
    """Whether a statement at the top level fills one container with what stands there."""
    if isinstance(node, ast.Assign):
        return len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript)
    return isinstance(node, ast.Expr) and _changed_place(node.value) is not None


def _called(body: Sequence[ast.stmt], functions: Dict[str, Any]) -> Set[str]:
    """Functions of the module that run while it is imported, by a call or as a decorator."""
    waiting = [name for node in body for name in _calls(_importing(node))]
    found: Set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in functions and name not in found:
            found.add(name)
            waiting.extend(_calls(everything(functions[name])))
    return found


def _importing(node: ast.AST) -> Iterator[ast.AST]:
    """What runs of a statement at import: of a definition its decorators, of a class its body."""
    for item in _now(node):
        yield item
        for decorator in getattr(item, "decorator_list", ()):
            yield ast.Call(func=decorator, args=[], keywords=[])
            yield from everything(decorator)
        if isinstance(item, ast.ClassDef):
            for inner in item.body:
                yield from _importing(inner)


def _calls(nodes: Iterator[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def _is_decorator(function: Any) -> bool:
    """Whether a function gives back what it is given, or a function of its own, as decorators do."""
    inner = {item.name for item in function.body if isinstance(item, (*_DEFINITIONS, ast.ClassDef))}
    names = _parameters(function)
    first = names[1:2] if names[:1] in (["self"], ["cls"]) else names[:1]
    return any(
        isinstance(node, ast.Return)
        and isinstance(node.value, ast.Name)
        and node.value.id in {*inner, *first}
        for node in everything(function)
    ) or function.name.startswith("register")
