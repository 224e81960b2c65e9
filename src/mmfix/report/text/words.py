"""The words and lines that every text report is made of."""

from __future__ import annotations

from typing import Any, Callable, Iterable

from mmfix import printable
from mmfix.config.values import LazyName
from mmfix.wording import mark, say

#: Puts colour around a text: ``paint(text, style)`` with a style of :data:`STYLES`.
Paint = Callable[[str, str], str]
STYLES = ("error", "warning", "note", "strong", "dim", "added", "removed")

TAB = "\t"

#: What each confidence means, as ``DESIGN`` and ``mmfix rule`` say it.
CONFIDENCE_TEXT = {
    "proven": say("seen in a rehearsal"),
    "certain": say("follows from the config and the framework's code"),
    "likely": say("read from model code"),
    "possible": say("a known pattern; this config was not proven wrong"),
}


def plain(text: str, style: str) -> str:
    """The :data:`Paint` that adds nothing."""
    return text


def as_text(lines: Iterable[str]) -> str:
    """The lines of a report as text, each of them on one line whatever is in it."""
    return "".join(f"{printable.line(line)}\n" for line in lines)


def row(label: str, text: str) -> str:
    """A line of a report behind its label."""
    return f"  {label:<9}{text}"


#: What is counted: one of them, and several.
_COUNTED = {
    "config": (mark("{count} config"), mark("{count} configs")),
    "file": (mark("{count} file"), mark("{count} files")),
    "key": (mark("{count} key"), mark("{count} keys")),
    "place": (mark("{count} place"), mark("{count} places")),
    "part": (mark("{count} part"), mark("{count} parts")),
    "cause": (mark("{count} cause"), mark("{count} causes")),
    "finding": (mark("{count} finding"), mark("{count} findings")),
    "error": (mark("{count} error"), mark("{count} errors")),
    "warning": (mark("{count} warning"), mark("{count} warnings")),
    "note": (mark("{count} note"), mark("{count} notes")),
}


def count(number: int, noun: str) -> str:
    """``1 config``, ``2 configs``; the nouns are those of a table."""
    one, several = _COUNTED[noun]
    return say(one if number == 1 else several, count=number)


def render_value(value: Any, width: int = 100) -> str:
    """A config value on one line, cut to ``width``."""
    text = value.text if isinstance(value, LazyName) else repr(value)
    return text if len(text) <= width else f"{text[: width - 3]}..."
