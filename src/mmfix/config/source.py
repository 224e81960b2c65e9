"""Config files on disk: read, decode and parse, within bounds."""

from __future__ import annotations

import ast
import os.path as osp
from dataclasses import dataclass
from typing import Any, BinaryIO, Dict, List, Optional, Tuple

from mmfix.config.origin import Origin
from mmfix.config.template import substitute
from mmfix.errors import ConfigError
from mmfix.python.disk import other_than_a_file
from mmfix.python.source import Bounds, Unparsable, parse, read_bytes, too_large
from mmfix.wording import say

#: No real config comes near this; a bigger file is refused instead of read.
BOUNDS = Bounds("config", 4_000_000)

_new_tuple = tuple.__new__

PYTHON_SUFFIXES = (".py",)
DATA_SUFFIXES = (".json", ".yaml", ".yml")


@dataclass
class Source:
    """One config file's text and, for Python, its syntax trees.

    Attributes:
        path: Absolute path.
        text: As decoded, line endings as they are.
        code: After ``{{ }}`` substitution.
        references: Placeholder -> dotted base name (``{{ _base_.x }}``).
        raw_tree: The tree of ``text``; MMEngine looks at it to tell lazy from classic.
        tree: The tree of ``code``.
    """

    path: str
    text: str
    code: str
    references: Dict[str, str]
    raw_tree: Optional[ast.Module] = None
    tree: Optional[ast.Module] = None

    def __post_init__(self) -> None:
        self._lines: List[str] = [] if self.code.isascii() else self.code.split("\n")
        self._encoded: Tuple[int, bytes] = (0, b"")

    def origin(self, node: Any) -> Origin:
        """Where a syntax node stands; columns are counted in characters, from 1."""
        line, column = node.lineno, node.col_offset
        if self._lines and line <= len(self._lines) and not self._lines[line - 1].isascii():
            if self._encoded[0] != line:
                self._encoded = (line, self._lines[line - 1].encode("utf-8", "replace"))
            column = len(self._encoded[1][:column].decode("utf-8", "replace"))
        # a NamedTuple's own constructor takes twice as long, and every value of every config has one
        return _new_tuple(Origin, (self.path, line, column + 1))


def read_text(path: str) -> str:
    """The file's text, line endings kept.

    Raises:
        ConfigError: Not there, not readable, not a file, too large, or not UTF-8.
    """
    what = other_than_a_file(path)
    if what:
        raise ConfigError(say("is {kind}, not a config file", kind=what), path)
    if not osp.isfile(path):
        raise ConfigError(say("file not found"), path)
    data, problem = read_bytes(path, BOUNDS)
    if problem is not None:
        raise ConfigError(problem.reason, path)
    return decoded(data, path)


def read_stream(stream: BinaryIO, path: str) -> str:
    """The text of a config that comes through a pipe, line endings kept.

    Args:
        stream: Standard input.
        path: The file that it is, or will be.

    Raises:
        ConfigError: It is too large, or not UTF-8.
    """
    data = stream.read(BOUNDS.bytes + 1)
    if len(data) > BOUNDS.bytes:
        raise ConfigError(too_large(BOUNDS), path)
    return decoded(data, path)


def decoded(data: bytes, path: str) -> str:
    """The text of a config.

    Raises:
        ConfigError: It is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(say("is not UTF-8"), path, line, say("save it as UTF-8")) from error


def parse_source(path: str, text: str) -> Source:
    """Parse a config's text; JSON and YAML are only substituted.

    Raises:
        ConfigError: Syntax error, or nested too deeply.
    """
    if len(text) > BOUNDS.bytes:
        raise ConfigError(too_large(BOUNDS), path)
    raw_tree = _parse(text, path) if path.endswith(PYTHON_SUFFIXES) else None
    code, references = substitute(text, path)
    source = Source(path, text, code, references, raw_tree)
    if raw_tree is not None:
        source.tree = raw_tree if code == text else _parse(code, path)
    return source


def parse_printed(path: str, text: str, line: int) -> Source:
    """Parse the text of a config as a part of another file, of which it begins at ``line``.

    Raises:
        ConfigError: Syntax error, or nested too deeply.
    """
    try:
        tree = _parse(text, path)
    except ConfigError as error:
        if error.line is not None:
            error.line += line - 1
        raise
    ast.increment_lineno(tree, line - 1)
    return Source(path, text, text, {}, tree, tree)


def _parse(text: str, path: str) -> ast.Module:
    try:
        return parse(text)
    except Unparsable as error:
        raise ConfigError(error.reason, path, error.line) from error
