"""``mmfix diff``: each key that differs, and on each side the value and the line that set it."""

from __future__ import annotations

from typing import Any, Iterator

from mmfix.config.keypath import format_key
from mmfix.config.origin import Unknown
from mmfix.report.text.page import PAGE, Page
from mmfix.report.text.words import as_text, count, render_value
from mmfix.results.comparison import ADDED, CANNOT_TELL, CHANGED, REMOVED, Comparison, KeyChange, Side
from mmfix.results.place import display_path, display_place
from mmfix.wording import say

_KINDS = (CHANGED, ADDED, REMOVED, CANNOT_TELL)
#: Longer than any line: values are cut here, where they differ.
_WHOLE = 100_000
#: Characters of a value that are shown before the place where it differs.
_BEFORE = 20
_LEAST = 40


def render_text(found: Comparison, page: Page = PAGE) -> str:
    """The keys that differ, in the order of the configs, and how many there are."""
    before = display_path(found.before)
    if found.revision:
        before = say("{config} in {revision}", config=before, revision=found.revision)
    lines = [
        page(f"--- {before}", "removed"),
        page(f"+++ {display_path(found.after)}", "added"),
    ]
    for change in found.changes:
        lines += ["", *_change(change, page)]
    lines += [
        "",
        *(line for note in found.notes for line in page.paragraph(note, "note", "note")),
        _sum(found),
    ]
    return as_text(lines)


def _sum(found: Comparison) -> str:
    if not found.changes:
        return say("no key differs")
    kinds = [change.kind for change in found.changes]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in _KINDS if kind in kinds)
    return f"{count(len(kinds), 'key')}: {counts}"


def _change(change: KeyChange, page: Page) -> Iterator[str]:
    name = format_key(change.key) or say("any other key")
    yield page(name, "strong") + ("" if change.kind == CHANGED else f"  {change.kind}")
    if change.why:
        yield from page.wrapped(change.why, indent=4)
    sides = [
        (mark, style, side, _text(side.value))
        for mark, style, side in (("-", "removed", change.before), ("+", "added", change.after))
        if side is not None
    ]
    texts = [text for *_, text in sides]
    differ = (place for place, pair in enumerate(zip(*texts)) if len({*pair}) > 1)
    start = next(differ, min(map(len, texts), default=0)) if len(texts) > 1 else 0
    for mark, style, side, text in sides:
        yield from _side(page(mark, style), side, _cut(text, start, max(page.width - 4, _LEAST)), page)


def _text(value: Any) -> str:
    return say("not known") if isinstance(value, Unknown) else render_value(value, _WHOLE)


def _cut(text: str, start: int, room: int) -> str:
    """A text in that many characters, of which those after ``start`` matter."""
    if len(text) <= room:
        return text
    begin = max(start - _BEFORE, 0) if start > room - _BEFORE else 0
    shown = f"{'...' if begin else ''}{text[begin:]}"
    return shown if len(shown) <= room else f"{shown[: room - 3]}..."


def _side(mark: str, side: Side, value: str, page: Page) -> Iterator[str]:
    """One line where it fits, else the place on a second one."""
    if side.origin is None:
        yield f"  {mark} {value}"
        return
    place = display_place(*side.origin)
    beside = len(value) + len(place) + 6 <= page.width
    before = f"  {mark} {value}  " if beside else "      "
    used = 6 + len(place) + (len(value) if beside else 0)
    quoted = f"  {side.text}" if side.text and used + 2 + len(side.text) <= page.width else ""
    if not beside:
        yield f"  {mark} {value}"
    yield before + page(place + quoted, "dim")
