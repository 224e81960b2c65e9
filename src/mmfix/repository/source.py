"""One source file: read within bounds and parsed, with a reason when that is not possible."""

from __future__ import annotations

import ast
import os
import re
import sys
import warnings
from dataclasses import dataclass
from typing import Optional, Tuple

from mmfix.python.place import Place, Problem

#: A hand-written model file is never this large; a bigger one is refused instead of parsed.
MAX_BYTES = 4_000_000

#: Python 3.8's parser gives up at 100 open brackets, and writes about it to stderr by itself.
_OLD_PARSER_DEPTH = 95

_PYTHON_2 = re.compile(
    rb"""[ \t]*(?:(?:print|exec)[ \t]+["'\w%]|raise[ \t]+[\w.]+[ \t]*,"""
    rb"""|except[ \t]+[\w.]+[ \t]*,[ \t]*\w+[ \t]*:)"""
)


@dataclass(frozen=True, eq=False)
class SourceModule:
    """A module as its file has it.

    Attributes:
        name: Dotted, ``mmdet.models.backbones.resnet``.
        path: The file; the directory for a package without ``__init__.py``.
        is_package: Relative imports start from the module itself.
        tree: None when it could not be parsed.
        problem: Why not.
    """

    name: str
    path: str
    is_package: bool
    tree: Optional[ast.Module]
    problem: Optional[Problem] = None


def read_bytes(path: str, size: Optional[int] = None) -> Tuple[bytes, Optional[Problem]]:
    """The file's bytes, or nothing and the reason.

    Args:
        path: A file.
        size: Its size, when the caller knows it already.
    """
    try:
        if size is None:
            size = os.stat(path).st_size
        if size <= MAX_BYTES:
            with open(path, "rb") as file:
                data = file.read(MAX_BYTES + 1)  # it may have grown, or be a device
            if len(data) <= MAX_BYTES:
                return data, None
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        return b"", Problem(f"cannot be read: {why}", Place(path, 1))
    return b"", Problem(f"larger than {MAX_BYTES // 1_000_000} MB, which no model file is", Place(path, 1))


def parse_bytes(data: bytes, path: str) -> Tuple[Optional[ast.Module], Optional[Problem]]:
    """The syntax tree of a file's bytes (encoding cookie honoured), or None and the reason."""
    if sys.version_info < (3, 9) and _too_deep(data):
        return None, Problem("nested too deeply to be read", Place(path, 1))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in somebody's model is not our news
            return ast.parse(data), None
    except SyntaxError as error:
        return None, Problem(_explain(error, data), Place(path, error.lineno or 1))
    except (ValueError, LookupError) as error:  # null bytes; an encoding that does not exist
        return None, Problem(f"cannot be parsed: {error}", Place(path, 1))
    except (RecursionError, MemoryError):
        return None, Problem("nested too deeply to be read", Place(path, 1))


def _explain(error: SyntaxError, data: bytes) -> str:
    lines = data.splitlines()
    line = error.lineno or 0
    if 0 < line <= len(lines) and _PYTHON_2.match(lines[line - 1]):
        return "is Python 2 code, which is not read; convert it to Python 3"
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return f"syntax error for Python {version}: {error.msg}; run mmfix with the Python you train with"


def _too_deep(data: bytes) -> bool:
    depth = 0
    for char in data:
        if char in b"([{":
            depth += 1
            if depth > _OLD_PARSER_DEPTH:
                return True
        elif char in b")]}":
            depth -= 1
    return False
