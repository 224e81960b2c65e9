"""Lines of mmfix's block that say what a literal was before it was changed in place, and the way back."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.config.keypath import KeyPath, format_key, parse_key
from mmfix.errors import ConfigError, PatchError
from mmfix.patches.block import line_break
from mmfix.patches.reading import Loads
from mmfix.patches.spans import LINE_END, Edit, edited, line_starts
from mmfix.wording import say

#: How a line begins that holds a record.
FIRST_WORDS = "# changed in line "
_LINE = re.compile(re.escape(FIRST_WORDS) + r"(\d+): (\{.*\})$")
_FIELDS = ("key", "before", "was", "now", "after")
#: Characters kept of what stands on the same line.
_MOST = 60
_LINE_ENDS = "\r\n"


class Record(NamedTuple):
    """A literal that was changed in place.

    Attributes:
        line: The line that it stood in, 1-based.
        key: The value that begins where it begins.
        before: What stands in front of it on its line, the last :data:`_MOST` characters.
        was: The literal as it was.
        now: What mmfix has written there.
        after: What stands behind it on its line, the first characters.
    """

    line: int
    key: str
    before: str
    was: str
    now: str
    after: str


def records_of(text: str, edits: Iterable[Edit]) -> Tuple[Record, ...]:
    """The records of edits that are made in ``text``, in the order of the file."""
    ordered = sorted(edits)
    after = edited(text, ordered)
    starts = line_starts(after)
    found = []
    moved = 0
    for edit in ordered:
        start = edit.start + moved
        end = start + len(edit.text)
        moved += len(edit.text) - (edit.end - edit.start)
        line = sum(1 for each in starts if each <= start)
        rest = LINE_END.split(after[end : end + _MOST], maxsplit=1)[0]
        found.append(
            Record(
                line,
                format_key(edit.key),
                after[max(starts[line - 1], start - _MOST) : start],
                text[edit.start : edit.end],
                edit.text,
                rest,
            )
        )
    return tuple(found)


def record_line(record: Record) -> str:
    """The line of the block that keeps a record; ASCII, and no ``{{``, which MMEngine would substitute."""
    fields = {name: getattr(record, name) for name in _FIELDS}
    return f"{FIRST_WORDS}{record.line}: " + json.dumps(fields).replace("{{", "{\\u007b")


def records_in(block: str) -> Tuple[Record, ...]:
    """The records of a block.

    Raises:
        PatchError: Somebody has changed one.
    """
    found = []
    for line in block.splitlines():
        if not line.startswith(FIRST_WORDS):
            continue
        match = _LINE.match(line.rstrip())
        try:
            fields = json.loads(match[2]) if match else {}
            parts = [fields[name] for name in _FIELDS]
            if match is None or not all(isinstance(part, str) for part in parts) or not fields["now"]:
                raise ValueError(line)
        except (ValueError, KeyError) as error:
            raise PatchError(
                say("the block of mmfix was changed by hand: it no longer says what a line was"),
                hint=say("set the line back by hand and delete the block"),
            ) from error
        found.append(Record(int(match[1]), *parts))
    return tuple(found)


def put_back(
    path: str, text: str, records: Sequence[Record], reader: Optional[Loads] = None
) -> Tuple[str, Tuple[Record, ...]]:
    """The text with each literal as it was, and the records of those that are not what mmfix has written.

    A literal is found by its line, wherever that is now; of several equal lines, and where its line has been
    changed, by its key.

    Args:
        path: The config.
        text: Its text, without mmfix's block.
        records: What the block says.
        reader: Tells where the keys are set; without one, lines alone must do.
    """
    edits: List[Edit] = []
    left = []
    for record, keyed in zip(records, _keyed(path, text, records, reader)):
        span = _found(text, record, keyed)
        if span is None or any(span[0] < other.end and other.start < span[1] for other in edits):
            left.append(record)
        else:
            edits.append(Edit(*span, _with_ends_of(text, record.was), _key(record)))
    return edited(text, edits), tuple(left)


def _keyed(
    path: str, text: str, records: Sequence[Record], reader: Optional[Loads]
) -> Iterator[Tuple[int, ...]]:
    """For each record where its key is set in this file, the newest first."""
    document = None
    if records and reader is not None:
        with contextlib.suppress(ConfigError):  # lines must do
            document = reader.load(path, text=text)
    starts = line_starts(text)
    for record in records:
        key = _key(record)
        blame = None if document is None or not key else document.blame(key)
        origins = () if blame is None else blame.chain()
        yield tuple(
            starts[origin.line - 1] + origin.column - 1
            for origin in origins
            if origin.path == path and origin.line <= len(starts)
        )


def _key(record: Record) -> KeyPath:
    """Its key; empty for one that has no plain notation."""
    try:
        return parse_key(record.key)
    except ValueError:
        return ()


def _found(text: str, record: Record, keyed: Sequence[int]) -> Optional[Tuple[int, int]]:
    """Where a literal stands that mmfix has written."""
    now = _pattern(record.now)
    spans = list(_on_its_line(text, record, now))
    for start in reversed(keyed):  # who sets the key again does so further down
        for span in spans:
            if span[0] == start:
                return span
    if len(spans) == 1:
        return spans[0]
    if spans:
        starts = line_starts(text)
        there = [span for span in spans if sum(1 for each in starts if each <= span[0]) == record.line]
        return there[0] if len(there) == 1 else None
    matches = [re.compile(now + r"(?!\w)").match(text, start) for start in keyed]
    if sum(match is not None for match in matches) != 1 or matches[0] is None:
        return None
    return matches[0].span()


def _on_its_line(text: str, record: Record, now: str) -> Iterator[Tuple[int, int]]:
    """Where the literal stands between what stood around it on its line."""
    around = f"(?=({re.escape(record.before)})({now}){re.escape(record.after)})"
    for match in re.finditer(around, text):
        before, after = match.start(), match.end(2) + len(record.after)
        begins = before == 0 or text[before - 1] in _LINE_ENDS
        ends = text[after : after + 1] in ("", *_LINE_ENDS)
        if (begins or len(record.before) >= _MOST) and (ends or len(record.after) >= _MOST):
            yield match.span(2)


def _pattern(literal: str) -> str:
    """A pattern for a literal, whatever its line ends have become."""
    return LINE_END.pattern.join(map(re.escape, LINE_END.split(literal)))


def _with_ends_of(text: str, literal: str) -> str:
    """A literal with the line ends of a text, if it has others: git does that to whole files."""
    if set(LINE_END.findall(literal)) <= set(LINE_END.findall(text)):
        return literal
    return line_break(text.encode("utf-8")).join(LINE_END.split(literal))
