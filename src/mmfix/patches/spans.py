"""Characters of a config that get another text."""

from __future__ import annotations

import re
from typing import Any, Iterable, List, NamedTuple, Tuple

from mmfix.config.keypath import KeyPath

#: As Python counts lines: a form feed ends none, a lone ``\\r`` does.
LINE_END = re.compile(r"(?:\r\n|\n|\r)")


class NotInPlace(Exception):
    """A value cannot be changed where it stands; the text is one clause that says why."""


class Edit(NamedTuple):
    """Characters that get another text.

    Attributes:
        start: Characters before the first one that is replaced.
        end: Characters before the first one after it.
        text: What stands there afterwards.
        key: The value that begins at ``start``, if one does.
    """

    start: int
    end: int
    text: str
    key: KeyPath = ()


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with edits made, of which no two overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def line_starts(text: str) -> List[int]:
    """Where each line begins."""
    return [0, *(found.end() for found in LINE_END.finditer(text))]


def node_span(text: str, node: Any) -> Tuple[int, int]:
    """Start and end of a node of the syntax tree of ``text``, which counts columns in bytes."""
    starts = line_starts(text)

    def offset(line: int, column: int) -> int:
        start = starts[line - 1]
        return start + len(text[start : start + column].encode("utf-8")[:column].decode("utf-8"))

    return offset(node.lineno, node.col_offset), offset(node.end_lineno, node.end_col_offset)
