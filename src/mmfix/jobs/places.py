"""What is said of values that are changed where they stand, and of those that are not."""

from __future__ import annotations

import shlex
from typing import Iterable, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.reader import Reader
from mmfix.config.source import read_text
from mmfix.errors import MmfixError
from mmfix.jobs.heirs import Heir
from mmfix.patches import Elsewhere, Planned, Record, take_out
from mmfix.results.patched import Place
from mmfix.results.place import display_path, display_place

_MOST = 60


def places_of(records: Iterable[Record], gone: Iterable[KeyPath] = ()) -> Tuple[Place, ...]:
    """The literals that a patch changes, as its result has them; keys that go, without what stays beside.

    Args:
        records: What is changed.
        gone: The keys that are renamed or taken out.
    """
    names = set(map(format_key, gone))
    return tuple(
        _taken_out(record)
        if record.key in names and not record.was.strip("'\"").isidentifier()
        else Place(record.line, record.key, record.was, record.now)
        for record in records
    )


def _taken_out(record: Record) -> Place:
    behind = record.was.startswith(record.now)
    text = record.was[len(record.now) :] if behind else record.was[: -len(record.now)]
    lines = (len(text) - len(text.lstrip(", \t\r\n"))) if behind else 0
    return Place(record.line + text[:lines].count("\n"), record.key, text.strip(", \t\r\n"), "")


def about_elsewhere(
    document: ConfigDocument, made: Planned, instead: str = "is appended, not changed in place"
) -> Tuple[str, ...]:
    """Why values were not changed in place that were to be, and that what was cannot be undone in JSON."""
    notes = tuple(
        f"{format_key(each.key)} {'stays' if each.is_move else instead}: {_reason(document, each)}"
        for each in made.elsewhere
    )
    if document.kind == "json" and made.places:
        return (*notes, "JSON has no comments to keep the old value in, so --undo cannot bring it back")
    return notes


def about_heirs(heirs: Sequence[Heir]) -> Tuple[str, ...]:
    """What to know of configs that inherit a base that was changed."""
    return tuple(
        f"{display_path(heir.path)} inherits it, or may, and cannot be judged: {heir.problem}"
        for heir in heirs
        if heir.problem
    )


def about_blocks(path: str, reader: Reader) -> Tuple[str, ...]:
    """That bases of a config without a patch of its own have one, which ``--edit-base`` has made."""
    try:
        bases = reader.load(path).files[1:]
        patched = [base for base in bases if take_out(read_text(base).encode("utf-8"), base) is not None]
    except MmfixError:
        return ()
    return tuple(
        f"a base of it is patched: mmfix patch {shlex.quote(display_path(base))} --undo undoes that"
        for base in patched
    )


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
