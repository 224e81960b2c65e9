"""Which names the files of a config use: a top-level name that none does is there for the framework alone."""

from __future__ import annotations

import ast
import os
import re
from functools import lru_cache
from typing import FrozenSet, Iterable, Iterator, Union

from mmfix.config.document import ConfigDocument
from mmfix.config.source import BOUNDS
from mmfix.python.source import Unparsable, parse, read_bytes

#: ``{{_base_.img_scale}}`` is text until it is loaded (``mmengine/config/config.py: _parse_base_vars``).
_BASE_VARIABLE = re.compile(r"_base_\s*\.\s*(\w+)")


def used_names(document: ConfigDocument) -> FrozenSet[str]:
    """Every name that the code of the config, or of a base, reads; also as an attribute (``_base_.name``)."""
    return own_used_names(document).union(*(_of_file(path) for path in document.files[1:]))


def own_used_names(document: ConfigDocument) -> FrozenSet[str]:
    """The names that the config's own file reads."""
    return _of_text(document.text, document.kind in ("classic", "lazy"))


def _of_file(path: str) -> FrozenSet[str]:
    try:
        stamp = os.stat(path)
    except (OSError, ValueError):
        return frozenset()
    return _remembered(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=4096)
def _remembered(path: str, _mtime: int, _size: int) -> FrozenSet[str]:
    data, _ = read_bytes(path, BOUNDS)
    return _of_text(data, path.endswith(".py"))


@lru_cache(maxsize=256)
def _of_text(text: Union[str, bytes], is_python: bool) -> FrozenSet[str]:
    in_text = _BASE_VARIABLE.findall(text if isinstance(text, str) else text.decode("utf-8", "replace"))
    try:
        tree = parse(text) if is_python else None
    except Unparsable:
        tree = None
    return frozenset(in_text).union(_names(ast.walk(tree)) if tree is not None else ())


def _names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            yield from node.names
