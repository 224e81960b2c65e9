"""One pass over a log: every known error, every exception, and what each run says of itself."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from typing import BinaryIO, Dict, Iterator, List, NamedTuple, Optional, Pattern, Sequence, Set, Tuple

from mmfix.diagnosis.log import listed
from mmfix.diagnosis.log.lines import Stream, streams
from mmfix.diagnosis.log.marks import Marks, marks_of
from mmfix.diagnosis.log.stream import regions
from mmfix.diagnosis.types import CONSEQUENCE, LIKELY, NOTHING, Kind, Listed, LogReading, Run, Sighting, Sign
from mmfix.errors import MmfixError
from mmfix.wording import say

#: Of each sign in a region, more are not read: one message a rank and run is enough.
_MOST = 500
_EXCERPT = 200
_SAMPLE = 4096
_GZIP = b"\x1f\x8b"
#: What signs are worth alone, the surest first.
_WORTH = ("", LIKELY, NOTHING)
#: Lines of a traceback.
_TRACEBACK = 100
#: Code that raises for others: its frames do not say who asked.
_SERVES = re.compile(r"torch[/\\]distributed[/\\]\w*c10d")


class _Hit(NamedTuple):
    """A sign at a place of the log."""

    kind: Kind
    line: int
    rank: Optional[int]
    excerpt: str
    listed: Optional[Listed]
    fields: Dict[str, str]
    alone: str


def read_log(file: BinaryIO, kinds: Sequence[Kind], path: str = "") -> LogReading:
    """Everything a log says, in one pass and bounded memory.

    Raises:
        MmfixError: It is no text; ``path`` is named then.
    """
    hits: Dict[Tuple[str, int, Optional[int], str], _Hit] = {}
    marks = Marks()
    lines, is_empty = 1, True
    for region in regions(file):
        if region.line == 1 and (b"\0" in region.data[:_SAMPLE] or region.data.startswith(_GZIP)):
            hint = say("unpack it first, if it is compressed")
            raise MmfixError(say("is not a text"), path or None, hint=hint)
        lines, is_empty = region.line + region.data.count(b"\n"), is_empty and not region.data.strip()
        for stream in streams(region):
            found = list(_hits(stream, kinds))
            for hit in found:
                # regions overlap: what comes again is the same
                said = f"{hit.excerpt}{hit.listed}{hit.fields}"
                hits.setdefault((hit.kind.id, hit.line, hit.rank, said), hit)
            marks.add(marks_of(stream))
    reading = _reading(sorted(hits.values(), key=lambda hit: hit.line), marks, lines)
    return replace(reading, is_empty=is_empty)


def _hits(stream: Stream, kinds: Sequence[Kind]) -> Iterator[_Hit]:
    for kind in kinds:
        for sign in kind.signs:
            at = stream.packed.find(sign.start)
            for _ in range(_MOST):
                if at < 0:
                    break
                end = at + len(sign.start)
                hit = _hit(stream, kind, sign, at)
                if hit is not None:
                    yield hit
                at = stream.packed.find(sign.start, end)


def _hit(stream: Stream, kind: Kind, sign: Sign, at: int) -> Optional[_Hit]:
    """The sign at an offset; None if what must be around it is not.

    Groups of these names are about parameters: ``indices_of`` and ``names_of`` (a rank), ``names_here``,
    ``index``, ``name``.
    """
    index, column = stream.place(at)
    number, text = stream.lines[index]
    end = at + len(sign.start)
    found: Dict[str, Optional[str]] = {}
    if sign.rest is not None:
        match = sign.rest.match(stream.packed, end)
        if match is None:
            return None
        end = match.end()
        found.update(match.groupdict())
    if sign.line is not None:
        match = sign.line.search(text)
        if match is None:
            return None
        found.update(match.groupdict())
    if sign.above is not None and not _is_below(stream, index, sign.above):
        return None
    fields = {name: value for name, value in found.items() if value is not None}
    rank = int(fields.pop("rank", -1 if stream.rank is None else stream.rank))
    told = None
    if "indices_of" in fields:
        rank = int(fields.pop("indices_of"))
        numbers, cut = listed.indices(_after(stream, end))
        told = Listed(rank, numbers, cut=cut)
    elif "names_of" in fields:
        rank = int(fields.pop("names_of"))
        told = Listed(rank, names=listed.names(_after(stream, end)))
    elif "names_here" in fields:
        fields.pop("names_here")
        told = Listed(None if rank < 0 else rank, names=listed.names(_after(stream, end)))
    elif "index" in fields or "name" in fields:
        one = (int(fields.pop("index")),) if "index" in fields else ()
        told = Listed(None if rank < 0 else rank, one, (fields.pop("name"),) if "name" in fields else ())
    return _Hit(kind, number, None if rank < 0 else rank, _excerpt(text, column), told, fields, sign.alone)


def _is_below(stream: Stream, index: int, wanted: Pattern[str]) -> bool:
    """Whether the traceback above a line goes through a file; where there is none, nobody can tell."""
    above = [text for _, text in stream.lines[max(0, index - _TRACEBACK) : index] if 'File "' in text]
    frames = [text for text in above if not _SERVES.search(text)]
    return not frames or any(wanted.search(text) for text in frames)


def _after(stream: Stream, end: int) -> List[str]:
    """The text from the character at ``end`` of the packed text on, as lines as wide as they were."""
    index, column = stream.place(end)
    first = stream.lines[index]
    more = (line.text for line in stream.lines[index + 1 : index + 200])
    return [" " * column + first.text[column:], *more]


def _excerpt(text: str, column: int) -> str:
    """The line from the start of its message on, cut."""
    text = (text[column:] if column > _EXCERPT // 2 else text).strip()
    return text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 3]}..."


def _reading(hits: List[_Hit], marks: Marks, lines: int) -> LogReading:
    starts = _run_starts(hits, marks)

    def run_of(line: int) -> int:
        return max(0, bisect_right(starts, line) - 1)

    sightings: Dict[Tuple[int, str], Sighting] = {}
    for hit in hits:
        spot = (run_of(hit.line), hit.kind.id)
        known = sightings.get(spot)
        if known is None:
            known = Sighting(hit.kind, spot[0], hit.line, hit.rank, hit.excerpt, alone=hit.alone)
        alone = min(known.alone, hit.alone, key=_WORTH.index)
        told = known.listed if hit.listed is None else _merged(known.listed, hit.listed)
        sightings[spot] = replace(known, listed=told, fields={**known.fields, **hit.fields}, alone=alone)
    sightings = {spot: found for spot, found in sightings.items() if found.alone != NOTHING}
    for (run, _), sighting in list(sightings.items()):
        for other in sighting.kind.takes:
            part = sightings.get((run, other))
            if part is not None and part.line >= sighting.line:
                whole = replace(sighting, listed=(*sighting.listed, *part.listed))
                sightings[run, sighting.kind.id] = whole
                del sightings[run, other]
    after = {hit.line for hit in hits if hit.kind.role == CONSEQUENCE}
    causes = [error for error in marks.errors.values() if error.line not in after]
    errors = [replace(error, run=run_of(error.line)) for error in causes]
    first: Set[Tuple[int, Optional[int]]] = set()
    kept = []
    for error in sorted(errors, key=lambda error: error.line):
        if (error.run, error.rank) not in first:
            first.add((error.run, error.rank))
            kept.append(error)
    stops = {number: min([s.line for s in sightings.values() if s.run == number], default=lines + 1)
             for number in range(len(starts))}  # fmt: skip
    runs = tuple(
        marks.run(start, end, stops[number])
        for number, (start, end) in enumerate(zip(starts, [*starts[1:], lines + 1]))
    )
    ordered = tuple(sorted(sightings.values(), key=lambda sighting: sighting.line))
    follows = tuple(sorted(marks.follows.values(), key=lambda error: error.line))
    return LogReading(
        ordered, tuple(kept), runs or (Run(),), marks.cut_short, marks.last_frame, lines, follows
    )


def _run_starts(hits: Sequence[_Hit], marks: Marks) -> List[int]:
    """The lines where runs begin: each printed config begins one, with what stands before it."""
    starts = [1]
    before = 1
    for config in sorted(marks.configs)[1:]:
        failed = (*(hit.line for hit in hits), *(line for line, _ in marks.errors))
        ends = [line for line in failed if line < config]
        before = max([before, *ends])
        heads = [line for line in (*marks.commands, *marks.torch) if before < line < config]
        starts.append(min([*heads, config]))
        before = config
    return starts


def _merged(known: Tuple[Listed, ...], new: Listed) -> Tuple[Listed, ...]:
    """What a rank has named, with what it names now: the first list of each kind, single names added."""
    for place, old in enumerate(known):
        if old.rank == new.rank:
            both = Listed(
                old.rank,
                _union(old.indices, new.indices),
                _union(old.names, new.names),
                old.cut or new.cut,
            )
            return (*known[:place], both, *known[place + 1 :])
    return (*known, new)


def _union(old: Tuple, new: Tuple) -> Tuple:  # type: ignore[type-arg]
    return tuple(dict.fromkeys((*old, *new)))
