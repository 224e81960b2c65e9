"""One source file of a repository, parsed, with a reason when that is not possible."""

from __future__ import annotations

import ast
import os.path as osp
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Optional, Tuple

from mmfix.python.place import BROKEN, Place, Problem
from mmfix.python.source import Bounds, Unparsable, parse
from mmfix.wording import say

#: A hand-written model file is never this large; a bigger one is refused instead of parsed.
MODELS = Bounds(say("model file"), 4_000_000, noted=True)

_PYTHON_2 = re.compile(
    rb"""[ \t]*(?:(?:print|exec)[ \t]+["'\w%]|raise[ \t]+[\w.]+[ \t]*,"""
    rb"""|except[ \t]+[\w.]+[ \t]*,[ \t]*\w+[ \t]*:)"""
)
#: The Python that a line is for which older ones do not take (docs.python.org/3/whatsnew).
_CAME_WITH = (
    ((3, 9), rb"[ \t]*with[ \t]*\(.*\bas\b|[ \t]*@.*[\[(]"),
    ((3, 10), rb"[ \t]*(match|case)\b.*:[ \t]*(#.*)?$"),
    ((3, 11), rb"[ \t]*except[ \t]*\*"),
    ((3, 12), rb"[ \t]*(type[ \t]+\w+|(def|class)[ \t]+\w+)[ \t]*\[|[ \t]*type[ \t]+\w+[ \t]*=|.*\bf[\"']"),
    ((3, 14), rb"[ \t]*except[ \t]+[\w.]+[ \t]*,|.*\bt[\"']"),
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

    @cached_property
    def file(self) -> str:
        """Its path without links."""
        return osp.realpath(self.path)


def parse_bytes(data: bytes, path: str) -> Tuple[Optional[ast.Module], Optional[Problem]]:
    """The syntax tree of a file's bytes (encoding cookie honoured), or None and the reason."""
    try:
        return parse(data), None
    except Unparsable as error:
        return None, Problem(
            _explain(error, data), Place(path, error.line or 1), BROKEN if error.syntax else ""
        )


def _explain(error: Unparsable, data: bytes) -> str:
    if not error.syntax:
        return error.reason
    lines = data.splitlines()
    line = error.line or 0
    if 0 < line <= len(lines) and _PYTHON_2.match(lines[line - 1]):
        return say("is Python 2 code, which is not read; convert it to Python 3")
    text = lines[line - 1] if 0 < line <= len(lines) else b""
    for came, what in _CAME_WITH:
        if sys.version_info[:2] < came and re.search(what, text):
            version = f"{came[0]}.{came[1]}"
            return say("needs Python {version}; run mmfix with the Python you train with", version=version)
    return say("syntax error: {why}", why=error.syntax)
