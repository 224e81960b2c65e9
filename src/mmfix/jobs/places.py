"""What is said of values that are changed where they stand, and of those that are not."""

from __future__ import annotations

from typing import Iterable, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import format_key
from mmfix.patches import Elsewhere, Planned, Record
from mmfix.results.patched import Place
from mmfix.results.place import display_place

_MOST = 60


def places_of(records: Iterable[Record]) -> Tuple[Place, ...]:
    """The literals that a patch changes, as its result has them."""
    return tuple(Place(record.line, record.key, record.was, record.now) for record in records)


def about_elsewhere(document: ConfigDocument, made: Planned) -> Tuple[str, ...]:
    """Why values were not changed in place that were to be, and that what was cannot be undone in JSON."""
    notes = tuple(
        f"{format_key(each.key)} is appended, not changed in place: {_reason(document, each)}"
        for each in made.elsewhere
    )
    if document.kind == "json" and made.places:
        return (*notes, "JSON has no comments to keep the old value in, so --undo cannot bring it back")
    return notes


def about_left(records: Iterable[Record]) -> Tuple[str, ...]:
    """What of an earlier patch is not undone."""
    return tuple(
        f"{record.key} stays as it is: it is no longer {_short(record.now)}, which mmfix has written in line "
        f"{record.line}; it was {_short(record.was)}"
        for record in records
    )


def _reason(document: ConfigDocument, each: Elsewhere) -> str:
    if each.origin is None:
        return each.reason
    place = display_place(each.origin.path, each.origin.line)
    if each.origin.path != document.path:
        return f"{each.reason}, {place}"
    return f"{each.reason} (line {each.origin.line})"


def _short(literal: str) -> str:
    text = " ".join(literal.split())
    return text if len(text) <= _MOST else f"{text[: _MOST - 3]}..."
