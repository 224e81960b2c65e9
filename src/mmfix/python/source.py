"""Python text: read within bounds and parsed, with the reason when that is not possible."""

from __future__ import annotations

import ast
import sys
import warnings
from typing import NamedTuple, Optional, Tuple, Union

from mmfix.python.disk import read_whole
from mmfix.python.looked import note
from mmfix.python.place import Place, Problem
from mmfix.python.tokens import too_many
from mmfix.wording import say


class Bounds(NamedTuple):
    """How much is read.

    Attributes:
        what: What is read, for messages: ``config``.
        bytes: The largest file.
        files: How many files take part.
        noted: It is source that answers rest on (``looked.py``).
    """

    what: str
    bytes: int
    files: int = sys.maxsize
    noted: bool = False


class Unparsable(Exception):
    """Text that is no Python.

    Attributes:
        reason: One clause.
        line: 1-based, if known.
        syntax: What the parser said, when it was a syntax error; else empty.
    """

    def __init__(self, reason: str, line: Optional[int] = None, syntax: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.syntax = syntax


def read_bytes(path: str, bounds: Bounds) -> Tuple[bytes, Optional[Problem]]:
    """The file's bytes, or nothing and the reason.

    Args:
        path: A file.
        bounds: How large it may be.
    """
    if bounds.noted:
        note(path)
    try:
        data = read_whole(path, bounds.bytes)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        return b"", Problem(say("cannot be read: {why}", why=why), Place(path, 1))
    return (b"", Problem(too_large(bounds), Place(path, 1))) if data is None else (data, None)


def too_large(bounds: Bounds) -> str:
    """What is said of a file over the bound."""
    return say("larger than {most} MB, which no {kind} is", most=bounds.bytes // 1_000_000, kind=bounds.what)


def parse(text: Union[str, bytes]) -> ast.Module:
    """The syntax tree of text, or of bytes (encoding cookie honoured).

    Raises:
        Unparsable: It has none.
    """
    if _too_deep_for_old_parser(text):
        raise Unparsable(say("is nested too deeply to be read"))
    if too_many(text):
        raise Unparsable(say("has too much code to be read"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in somebody's file is not our news
            return ast.parse(text)
    except SyntaxError as error:
        raise Unparsable(say("syntax error: {why}", why=error.msg), error.lineno, str(error.msg)) from error
    except (ValueError, LookupError) as error:  # null bytes; an encoding that does not exist
        raise Unparsable(say("cannot be parsed: {why}", why=error)) from error
    except (RecursionError, MemoryError) as error:
        raise Unparsable(say("is nested too deeply to be read")) from error


#: Python 3.8's parser gives up at 100 open brackets, and writes about it to stderr by itself.
_OLD_PARSER_DEPTH = 95


def _too_deep_for_old_parser(text: Union[str, bytes]) -> bool:
    if sys.version_info >= (3, 9):
        return False
    depth = 0
    for char in text if isinstance(text, bytes) else text.encode("utf-8", "replace"):
        if char in b"([{":
            depth += 1
            if depth > _OLD_PARSER_DEPTH:
                return True
        elif char in b")]}":
            depth -= 1
    return False
