"""A line of a file with a mark below what it is about."""

from __future__ import annotations

import re
import unicodedata
from typing import Iterator

from mmfix import printable
from mmfix.config.origin import Origin
from mmfix.report.text.page import Page
from mmfix.results.place import line_at

#: A value that ends where its text says so; of any other (a call, a list) the first character is marked.
_VALUE = re.compile(r"""[-+]?[\w.]+(?![\w.(\[{'"])|'[^'\\]*'|"[^"\\]*\"""")
#: Characters shown before the marked ones where a line is too long.
_BEFORE = 20
_LEAST = 40
_CUT = "..."


def excerpt(origin: Origin, page: Page) -> Iterator[str]:
    """The line at ``origin`` behind its number, and carets below the value; nothing if it cannot be read."""
    text = line_at(origin)
    if not text.strip():
        return
    start = min(origin.column - 1, len(text))
    found = _VALUE.match(text, start)
    end = found.end() if found else start + 1
    parts = (text[:start], text[start:end], text[end:])
    before, marked, after = (printable.line(part.replace("\t", " ")) for part in parts)
    number = f"{origin.line:>7} | "
    room = max(page.width - len(number), _LEAST)
    if len(before) + len(marked) > room - len(_CUT):
        before = _CUT + before[-_BEFORE:] if len(before) > _BEFORE else before
        marked = _cut(marked, room - len(before))
    yield page(number, "dim") + before + marked + _cut(after, room - len(before) - len(marked))
    blank = " " * _columns(before)
    carets = "^" * max(_columns(marked), 1)
    yield page(" " * (len(number) - 2) + "| ", "dim") + blank + page(carets, "error")


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - len(_CUT), 0)] + _CUT


def _columns(text: str) -> int:
    """Columns of a terminal that a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
