"""Text from outside, as a terminal may have it: no character of it does anything but stand there.

Configs, paths, logs, source and proofs may hold escape sequences, line breaks that forge a line of their own,
and characters that turn the order of others round. Reports are made of lines; each goes through :func:`line`
where it leaves. JSON needs none of it: it is written in ASCII.
"""

from __future__ import annotations

import os
import re
from typing import Mapping

#: Begins what :func:`styled` adds. A noncharacter, and a word that nobody outside of this process can know.
_MARK = "\ufdd0" + os.urandom(6).hex()
_MARKS = re.compile(f"({_MARK}[a-z]*;)")

#: Spaces that Python does not call printable; they are as harmless as the usual one.
_SPACES = "\xa0\u3000"


def line(text: str, keep: str = "") -> str:
    r"""``text`` on one line: what is not printable is written as Python writes it, ``\x1b``, ``\u202e``.

    Args:
        text: May hold marks of :func:`styled`.
        keep: Characters to leave as they are.
    """
    if text.isprintable():
        return text
    parts = _MARKS.split(text)
    parts[::2] = [
        "".join(
            char if char.isprintable() or char in _SPACES or char in keep else _written(char) for char in part
        )
        for part in parts[::2]
    ]
    return "".join(parts)


def _written(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def styled(text: str, style: str) -> str:
    """``text`` with marks around it, which :func:`painted` turns into colour."""
    return f"{_MARK}{style};{text}{_MARK};"


def painted(text: str, codes: Mapping[str, str]) -> str:
    """``text`` with the marks of :func:`styled` replaced by escape sequences.

    Args:
        text: As :func:`line` leaves it.
        codes: The sequence that begins each style; the empty one ends it.
    """
    return _MARKS.sub(lambda mark: codes[mark.group()[len(_MARK) : -1]], text)
