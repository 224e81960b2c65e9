"""Arguments that code may give to what it builds: ``cfg.update(in_channels=256)``, ``build(cfg, num=3)``."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import FrozenSet, Iterator, Optional, Tuple

from mmfix.python.disk import stamp
from mmfix.python.source import Bounds, read_bytes
from mmfix.python.trees import dotted, everything
from mmfix.repository import cache
from mmfix.repository.source import parse_bytes
from mmfix.wording import say

_KIND = "given-5"
_BOUNDS = Bounds(say("source file"), 1_000_000, noted=True)
#: Before the name of what is built: ``build(neck)``, and ``build(neck, **kwargs)``.
PLAINLY, NOT_SEEN = "=", "*"
#: Calls whose named arguments may end up as arguments of a class that is built.
_BUILDS = re.compile(
    r"build|Compose|update|partial|instantiate|create|default|init_model|(?:^|_)(?:make|get)_"
)
#: Of them, those that make nothing.
_FILLS = frozenset({"update", "setdefault"})


def names_given(files: Tuple[str, ...]) -> FrozenSet[str]:
    """Every name of an argument that code in some source files may give to what it builds from a dict.

    Strings, attributes that are set on something else than ``self``, and named arguments of calls that build
    or update, or that hand on a dict (``**cfg``). Beside them is what such calls build: behind `PLAINLY`, if
    all arguments are seen, else behind `NOT_SEEN`. Kept until the files change.
    """
    return _in_files(tuple((path, stamp(path)) for path in files))


@lru_cache(maxsize=256)
def _in_files(files: Tuple[Tuple[str, Optional[str]], ...]) -> FrozenSet[str]:
    key = "".join(f"{path}\n{state}\n" for path, state in files)
    stored = cache.load(_KIND, key)
    if isinstance(stored, list):
        return frozenset(stored)
    found = frozenset(name for path, state in files for name in _names(path, state))
    cache.store(_KIND, key, sorted(found))
    return found


@lru_cache(maxsize=4096)
def _names(path: str, state: Optional[str]) -> FrozenSet[str]:
    tree, _ = parse_bytes(read_bytes(path, _BOUNDS)[0], path)
    if tree is None:
        return frozenset()
    nodes = list(everything(tree))
    passed = {id(item) for node in nodes if isinstance(node, ast.Call) for item in _arguments(node)}
    return frozenset(name for node in nodes for name in _given(node, id(node) in passed))


def _given(node: ast.AST, is_passed: bool) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and node.value.isidentifier():
            yield node.value
    elif isinstance(node, ast.Attribute):  # `head.num_classes = 80`, of what is no module of its own yet
        if isinstance(node.ctx, ast.Store) and dotted(node.value) != "self":
            yield node.attr
    elif isinstance(node, ast.Call):
        yield from _passed(node, is_passed)


def _passed(call: ast.Call, is_passed: bool) -> Iterator[str]:
    """What a call builds, and the arguments that it gives."""
    called = (dotted(call.func) or getattr(call.func, "attr", "")).rpartition(".")[2]
    more = any(item.arg is None for item in call.keywords)
    builds = _BUILDS.search(called) is not None
    if builds and call.args and called not in _FILLS:
        plain = not more and all(map(_is_registry, call.args[1:])) and not _has_defaults(call)
        own = dotted(call.func).startswith("self.")  # a method may take the dict apart
        yield (PLAINLY if plain and not own else NOT_SEEN) + _name(call.args[0])
    if called == "dict":
        builds = is_passed or all(item.arg != "type" for item in call.keywords)
    yield from (item.arg for item in call.keywords if (builds or more) and item.arg is not None)


def _is_registry(node: ast.expr) -> bool:
    name = _name(node)
    return bool(name) and name.isupper()


def _has_defaults(call: ast.Call) -> bool:
    """Whether it gets arguments in a dict of which the keys are not seen (``default_args=kwargs``)."""
    return any(
        item.arg == "default_args" and not isinstance(item.value, (ast.Dict, ast.Call))
        for item in call.keywords
    )


def _name(node: Optional[ast.expr]) -> str:
    """``sac`` for ``self.sac`` and ``self.sac[0]``; empty for what has no name."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return dotted(node).rpartition(".")[2]


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args
    yield from (item.value for item in call.keywords)
