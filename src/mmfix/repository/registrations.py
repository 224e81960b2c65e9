"""The ``register_module`` calls and decorators of one module.

Source of the forms: ``mmengine/registry/registry.py: Registry.register_module`` and mmcv 1.x'
``mmcv/utils/registry.py``; both take ``(name=None, force=False, module=None)``.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import Callable, Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from mmfix.python.bindings import Import
from mmfix.python.place import Place, Problem
from mmfix.python.trees import dotted
from mmfix.repository.names import Definition, Names, blocks, read_names, target
from mmfix.repository.registries import builds_models
from mmfix.wording import say

#: Files without these bytes need no parsing.
MARK = b"register_module"
#: A line with them: ``@DATASETS.register_module(``. Of a registry under a longer name too little is known.
_OF_REGISTRY = re.compile(rb"[ \t]*@?([A-Z_]+)\.register_module\b")
#: ``HEADS._module_dict.pop('Head')``, ``del HEADS._module_dict['Head']``: the name is free for another class.
_TAKEN_OUT = re.compile(rb"_module_dict(?:\.pop\(|\[)\s*['\"](\w+)['\"]")
#: ``@MODELS.register_module()``, with a name or without: nothing but what stands below it is registered.
_PLAIN_DECORATOR = re.compile(
    rb"[ \t]*@[\w.]+\.register_module\("
    rb"[ \t]*(?:(?:name[ \t]*=[ \t]*)?(?:'(?=\w+')|\"(?=\w+\"))(\w+)['\"][ \t]*,?)?"
    rb"[ \t]*(?:force[ \t]*=[ \t]*(?:True|False)[ \t]*,?)?[ \t]*\)[ \t]*(?:#.*)?"
)
#: What a module may define, at whatever depth, and words of texts; a backslash is the name in the next line.
_DEFINED = tuple(re.compile(word + rb"(?=[\s\\])[ \t\f]*([^\s(:\[]+)") for word in (b"class", b"def"))
_METHOD = "register_module"
_MAX_LOOP = 1000
_MAX_ALIASES = 20


class Registration(NamedTuple):
    """One name in one registry, as the registering file has it.

    Attributes:
        name: The registry name.
        registry_module: Where the registry is taken from, ``mmdet.registry``.
        registry: Its name there, ``MODELS``.
        module: Where the class is taken from; the file itself, mostly.
        qualname: Its name there.
        line: The class, or the call for a class from elsewhere.
        force: ``force=True``, or the same file takes the name out of the registry's table.
        conditional: In an ``if``, ``try``, or function body: it may never happen.
    """

    name: str
    registry_module: str
    registry: str
    module: str
    qualname: str
    line: int
    force: bool
    conditional: bool


@dataclass(frozen=True, eq=False)
class _Reader:
    """What reading one file carries along: its names, the lines that matter, and the results."""

    path: str
    names: Names
    lines: Sequence[int]
    counts: Callable[[str], bool]
    found: List[Registration] = field(default_factory=list)
    problems: List[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Spot:
    """Where in the file: enclosing definitions, loop variables (None: not known), conditional or not."""

    prefix: str = ""
    loop: Tuple[Tuple[str, Optional[ast.AST]], ...] = ()
    conditional: bool = False


def registers(data: bytes) -> Optional[FrozenSet[str]]:
    """The names that a module's text says it may register, where it counts; None: it has to be parsed.

    A class with a plain decorator goes by its own name. In a fifth of the files that register anything it is
    datasets, transforms and hooks: these names are none.
    """
    counts = False
    names: Set[bytes] = set()
    for line in _marked_lines(data):
        found = _OF_REGISTRY.match(line)
        other = found is not None and not builds_models(found.group(1).decode())
        if other and line.count(MARK) == 1 and not re.search(rb"as[\s\\]+" + found.group(1), data):  # type: ignore[union-attr]
            continue
        plain = _PLAIN_DECORATOR.fullmatch(line)
        if plain is None:
            return None
        counts = True
        names.update(filter(None, [plain.group(1)]))
    if counts:
        names.update(name for pattern in _DEFINED for name in pattern.findall(data))
    if any(b"\\" in name or not name.isascii() for name in names):
        return None
    return frozenset(name.decode() for name in names if name.decode().isidentifier())


def is_plain(data: bytes) -> bool:
    """Whether all that a module registers stands below a decorator, under a name that the text has."""
    return all(_PLAIN_DECORATOR.fullmatch(line) for line in _marked_lines(data))


def _marked_lines(data: bytes) -> Iterator[bytes]:
    """The lines with the word ``register_module``."""
    spot = data.find(MARK)
    while spot >= 0:
        end = data.find(b"\n", spot)
        end = len(data) if end < 0 else end
        for line in data[data.rfind(b"\n", 0, spot) + 1 : end].splitlines():
            if MARK in line:
                yield line
        spot = data.find(MARK, end)


def read_registrations(
    tree: ast.Module,
    data: bytes,
    path: str,
    module: str,
    is_package: bool,
    counts: Callable[[str], bool] = builds_models,
) -> Tuple[List[Registration], List[Problem]]:
    """Everything the module registers, in registries that models are built from unless told otherwise.

    Names and classes made at run time become problems; nothing is guessed.

    Args:
        tree: The module's syntax tree.
        data: Its bytes; only definitions with the word ``register_module`` in their lines are entered.
        path: For problems.
        module: Dotted name.
        is_package: The file is an ``__init__.py``.
        counts: Whether a registry of this name is looked at.
    """
    lines = [number for number, line in enumerate(data.splitlines(), 1) if MARK in line]
    reader = _Reader(path, read_names(tree, module, is_package), lines, counts)
    _read_block(tree.body, reader, _Spot())
    gone = frozenset(name.decode() for name in _TAKEN_OUT.findall(data))
    found = [entry._replace(force=entry.force or entry.name in gone) for entry in reader.found]
    return found, reader.problems


def _read_block(body: Sequence[ast.stmt], reader: _Reader, spot: _Spot) -> None:
    for node in body:
        decorators = getattr(node, "decorator_list", None)
        first = decorators[0].lineno if decorators else node.lineno
        index = bisect_left(reader.lines, first)
        if index == len(reader.lines) or reader.lines[index] > (node.end_lineno or first):
            continue
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            for decorator in node.decorator_list:
                _read_decorator(decorator, node, reader, spot)
            inner = f"{spot.prefix}{node.name}." + ("" if isinstance(node, ast.ClassDef) else "<locals>.")
            conditional = spot.conditional or not isinstance(node, ast.ClassDef)
            _read_block(node.body, reader, replace(spot, prefix=inner, conditional=conditional))
        elif isinstance(node, (ast.Expr, ast.Assign)):
            if isinstance(node.value, ast.Call):
                _read_call(node.value, reader, spot)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            _read_block(node.body, reader, spot)
        elif isinstance(node, ast.For):
            for loop in _rounds(node, reader.names):
                _read_block(node.body, reader, replace(spot, loop=(*spot.loop, *loop.items())))
        else:
            for block in blocks(node):
                _read_block(block, reader, replace(spot, conditional=True))


def _rounds(node: ast.For, names: Names) -> List[Dict[str, Optional[ast.AST]]]:
    """Loop variables of each round over a list, tuple or dict written in the file; else one unknown round."""
    variables = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
    keys = [variable.id for variable in variables if isinstance(variable, ast.Name)]
    source: Optional[ast.AST] = node.iter
    method = ""
    if isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute) and not source.args:
        method, source = source.func.attr, source.func.value
    if isinstance(source, ast.Name):
        value = names.bound.get(source.id)
        source = value if isinstance(value, ast.AST) else None
    rows: Sequence[Sequence[Optional[ast.AST]]] = []
    if isinstance(source, ast.Dict) and method in ("items", "keys", "values", "") and None not in source.keys:
        pairs = [[key, value] for key, value in zip(source.keys, source.values) if key is not None]
        rows = pairs if method == "items" else [[pair[method == "values"]] for pair in pairs]
    elif isinstance(source, (ast.List, ast.Tuple)) and not method:
        rows = [
            list(item.elts) if len(keys) > 1 and isinstance(item, (ast.Tuple, ast.List)) else [item]
            for item in source.elts
        ]
    fits = len(keys) == len(variables) and all(len(row) == len(keys) for row in rows)
    if not rows or not fits or len(rows) > _MAX_LOOP:
        return [dict.fromkeys(keys)]
    return [dict(zip(keys, row)) for row in rows]


def _read_decorator(node: ast.expr, owner: Definition, reader: _Reader, spot: _Spot) -> None:
    registry = _registry(node.func if isinstance(node, ast.Call) else node, reader)
    if registry is None:
        return
    arguments = _arguments(node) if isinstance(node, ast.Call) else {}
    place = (reader.names.module, spot.prefix + owner.name, owner.lineno)
    _add(registry, arguments, place, node.lineno, reader, spot)


def _read_call(call: ast.Call, reader: _Reader, spot: _Spot) -> None:
    """``R.register_module(module=X)``, ``R.register_module('n')(X)``, mmcv 1.x' ``R.register_module(X)``."""
    inner = call.func if isinstance(call.func, ast.Call) else call
    registry = _registry(inner.func, reader)
    if registry is None:
        return
    arguments = _arguments(inner)
    if inner is not call:
        made = call.args[0] if len(call.args) == 1 else None
    else:
        made = arguments.get("module")
        if made is None and dotted(arguments.get("name")):
            made = arguments.pop("name")
        if made is None:
            return
    place = _definition(made, reader, spot, call.lineno)
    if place is None:
        reason = say("registers in {registry} a class made at run time", registry=registry[1])
        reader.problems.append(Problem(reason, Place(reader.path, call.lineno)))
        return
    _add(registry, arguments, place, call.lineno, reader, spot)


def _registry(node: ast.expr, reader: _Reader) -> Optional[Tuple[str, str]]:
    """Module and name of the registry whose ``register_module`` this is; None when it is none for models.

    ``self.register_module`` is torch's own method; registries in local variables are not followed.
    """
    if not isinstance(node, ast.Attribute) or node.attr != _METHOD:
        return None
    parts = dotted(node.value).split(".")
    if not parts[0] or (parts[0] not in reader.names.bound and not parts[0].isupper()):
        return None
    module, name = target(parts, reader.names)
    return (module, name) if reader.counts(name) else None


def _arguments(call: ast.Call) -> Dict[str, ast.expr]:
    given = dict(zip(("name", "force", "module"), call.args))
    given.update((keyword.arg or "**", keyword.value) for keyword in call.keywords)
    return given


def _definition(
    node: Optional[ast.AST], reader: _Reader, spot: _Spot, line: int
) -> Optional[Tuple[str, str, int]]:
    """Module, name and line of the class that an expression names; the call's line for one from elsewhere."""
    loop = dict(spot.loop)
    if isinstance(node, ast.Name) and node.id in loop:
        node = loop[node.id]
    parts = dotted(node).split(".")
    if not parts[0] or parts[0] in loop:
        return None
    for _ in range(_MAX_ALIASES):
        value = reader.names.bound.get(parts[0])
        if isinstance(value, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            return reader.names.module, ".".join(parts), value.lineno
        if isinstance(value, Import):
            return (*target(parts, reader.names), line)
        alias = dotted(value)
        if not alias:
            return None
        parts = [*alias.split("."), *parts[1:]]
    return None


def _add(
    registry: Tuple[str, str],
    arguments: Dict[str, ast.expr],
    place: Tuple[str, str, int],
    line: int,
    reader: _Reader,
    spot: _Spot,
) -> None:
    names = [] if "**" in arguments else _names(arguments.get("name"), place[1], reader, spot)
    if not names:
        reason = say(
            "registers {type} in {registry} under a name built at run time",
            type=place[1],
            registry=registry[1],
        )
        reader.problems.append(Problem(reason, Place(reader.path, line)))
    module, qualname, defined = place
    force = arguments.get("force")
    forced = isinstance(force, ast.Constant) and force.value is True
    for name in names:
        reader.found.append(
            Registration(name, *registry, module, qualname, defined, forced, spot.conditional)
        )


def _names(node: Optional[ast.AST], qualname: str, reader: _Reader, spot: _Spot) -> List[str]:
    """The registry names an argument gives; none when it is not text written in the file."""
    if isinstance(node, ast.Name):
        loop = dict(spot.loop)
        value = loop[node.id] if node.id in loop else reader.names.bound.get(node.id)
        node = value if isinstance(value, ast.Constant) and isinstance(value.value, str) else node
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return [qualname.rpartition(".")[2]]
    items = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    texts = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return texts if len(texts) == len(items) else []
