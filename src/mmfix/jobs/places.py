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
from mmfix.wording import mark, say

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


#: What becomes of a value that is not changed where it stands.
APPENDED = mark("{key} is appended, not changed in place: {why}")
NOT_IN_BASE = mark("{key} is not changed in this base: {why}")
_STAYS = mark("{key} stays: {why}")


def about_elsewhere(document: ConfigDocument, made: Planned, instead: str = APPENDED) -> Tuple[str, ...]:
    """Why values were not changed in place that were to be, and that what was cannot be undone in JSON."""
    notes = tuple(
        say(_STAYS if each.is_move else instead, key=format_key(each.key), why=_reason(document, each))
        for each in made.elsewhere
    )
    if document.kind == "json" and made.places:
        return (*notes, say("JSON has no comments to keep the old value in, so --undo cannot bring it back"))
    return notes


def about_heirs(heirs: Sequence[Heir]) -> Tuple[str, ...]:
    """What to know of configs that inherit a base that was changed."""
    return tuple(
        say(
            "{config} inherits it, or may, and cannot be judged: {why}",
            config=display_path(heir.path),
            why=heir.problem,
        )
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
        say(
            "a base of it is patched: mmfix patch {base} --undo undoes that",
            base=shlex.quote(display_path(base)),
        )
        for base in patched
    )


def about_left(records: Iterable[Record]) -> Tuple[str, ...]:
    """What of an earlier patch is not undone."""
    return tuple(
        say(
            "{key} stays as it is: it is no longer {now}, which mmfix has written in line {line}; "
            "it was {was}",
            key=record.key,
            now=_short(record.now),
            line=record.line,
            was=_short(record.was),
        )
        for record in records
    )


def _reason(document: ConfigDocument, each: Elsewhere) -> str:
    if each.origin is None:
        return each.reason
    place = display_place(each.origin.path, each.origin.line)
    if each.origin.path != document.path:
        return f"{each.reason}, {place}"
    return say("{why} (line {line})", why=each.reason, line=each.origin.line)


def _short(literal: str) -> str:
    text = " ".join(literal.split())
    return text if len(text) <= _MOST else f"{text[: _MOST - 3]}..."
