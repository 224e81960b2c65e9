"""The words and lines that every text report is made of."""

from __future__ import annotations

from typing import Any, Callable, Iterable

from mmfix import printable
from mmfix.config.values import LazyName

#: Puts colour around a text: ``paint(text, style)`` with a style of :data:`STYLES`.
Paint = Callable[[str, str], str]
STYLES = ("error", "warning", "note", "strong", "dim", "added", "removed")

TAB = "\t"

#: What each confidence means, as ``DESIGN`` and ``mmfix rule`` say it.
CONFIDENCE_TEXT = {
    "proven": "seen in a rehearsal",
    "certain": "follows from the config and the framework's code",
    "likely": "read from model code",
    "possible": "a known pattern; this config was not proven wrong",
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


def count(number: int, noun: str) -> str:
    """``1 config``, ``2 configs``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def render_value(value: Any, width: int = 100) -> str:
    """A config value on one line, cut to ``width``."""
    text = value.text if isinstance(value, LazyName) else repr(value)
    return text if len(text) <= width else f"{text[: width - 3]}..."
