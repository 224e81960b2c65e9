"""Which names the files of a config use: a top-level name that none does is there for the framework alone."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import FrozenSet, Iterable, Iterator, Optional, Union

from mmfix.config.document import ConfigDocument
from mmfix.config.source import BOUNDS
from mmfix.python.disk import stamp
from mmfix.python.source import Unparsable, parse, read_bytes

#: ``{{_base_.img_scale}}`` is text until it is loaded (``mmengine/config/config.py: _parse_base_vars``).
_BASE_VARIABLE = re.compile(r"_base_\s*\.\s*(\w+)")


def used_names(document: ConfigDocument, names: Iterable[str]) -> FrozenSet[str]:
    """Those of some names that the code of the config, or of a base, reads; also as ``_base_.name``."""
    wanted = frozenset(names)
    found = set(own_used_names(document, wanted))
    for path in document.files[1:]:
        if any(is_said_in(path, name) for name in wanted):
            found |= wanted & _of_file(path, stamp(path))
    return frozenset(found)


def own_used_names(document: ConfigDocument, names: Iterable[str]) -> FrozenSet[str]:
    """Those of some top-level names of the config that its own file reads."""
    # a name that the text has only once is set there, and most are: no need to parse it
    several = frozenset(name for name in names if not name.isascii() or document.text.count(name) > 1)
    return several & _of_text(document.text, document.kind in ("classic", "lazy")) if several else several


def is_said(document: ConfigDocument, word: str) -> bool:
    """Whether a file of the config has a word in it; of a config that is in no file, whether it may."""
    return (
        not document.files or word in document.text or any(is_said_in(path, word) for path in document.files)
    )


def is_said_in(path: str, word: str) -> bool:
    """Whether a file of a config has a word in it.

    One beyond ASCII may be: Python reads it in several spellings.
    """
    return not word.isascii() or _is_said_in(word.encode("utf-8", "surrogatepass"), path, stamp(path))


@lru_cache(maxsize=16384)
def _is_said_in(word: bytes, path: str, state: Optional[str]) -> bool:
    return word in read_bytes(path, BOUNDS)[0]


@lru_cache(maxsize=4096)
def _of_file(path: str, state: Optional[str]) -> FrozenSet[str]:
    return _of_text(read_bytes(path, BOUNDS)[0], path.endswith(".py"))


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
