"""The files of a cure, each proven to be what it was beside the edit; in memory."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Dict, Iterable, List, Sequence, Tuple

from mmfix.codemods.codemod import Codemod, NodeEdit
from mmfix.codemods.moved import changed_lines, moved_lines
from mmfix.codemods.source import Source, Sources
from mmfix.findings import CodeSpot
from mmfix.python.place import Place
from mmfix.python.source import Unparsable, parse
from mmfix.remedies.own_code import OwnCode, Refused
from mmfix.results.change import FileEdit
from mmfix.wording import say


def edited(codemod: Codemod, spots: Sequence[CodeSpot], top: str) -> Tuple[FileEdit, ...]:
    """The files that a cure changes, checked.

    Each compiles; a second run would change nothing; and the syntax tree is that of before with what the
    codemod says it has changed, to the last node (``ast.dump``).

    Args:
        codemod: The cure.
        spots: The lines of the findings.
        top: The project whose files may be changed.

    Raises:
        Refused: A line cannot be changed exactly; the first of them. ``others`` has the rest.
    """
    files, refused = _once(codemod, spots, Sources(OwnCode(top)))
    _raise(refused)
    found = tuple(_checked(source, edits) for source, edits in files)
    texts = {edit.path: edit.after for edit in found}
    again, refused = _once(codemod, _as_moved(spots, found), Sources(OwnCode(top, texts)))
    _raise(refused)
    for source, _ in again:
        raise Refused(source.path, 0, say("a second run would change it again"))
    return found


def _raise(refused: List[Refused]) -> None:
    if refused:
        raise refused[0].with_others(refused[1:])


def _once(
    codemod: Codemod, spots: Sequence[CodeSpot], sources: Sources
) -> Tuple[List[Tuple[Source, List[NodeEdit]]], List[Refused]]:
    refused: List[Refused] = []
    files: Dict[str, Tuple[Source, List[NodeEdit]]] = {}
    for edit in codemod.edits(spots, sources, refused).values():
        files.setdefault(edit.source.path, (edit.source, []))[1].append(edit)
    return [files[path] for path in sorted(files)], refused


def _checked(source: Source, edits: List[NodeEdit]) -> FileEdit:
    after = source.changed(edits)
    try:
        expected, now = parse(source.data), parse(after)
        compile(after, source.path, "exec", dont_inherit=True)
    except (Unparsable, SyntaxError, ValueError) as error:
        reason = say("does not compile with this Python")
        raise Refused(source.path, getattr(error, "line", None) or 0, reason) from error
    for edit in edits:
        edit.expect(expected)
    if ast.dump(expected) != ast.dump(now):
        line = edits[0].line
        raise Refused(source.path, line, say("the edit would change more than it says"))
    return FileEdit(source.path, source.data, after, tuple(changed_lines(source.data, after)))


def _as_moved(spots: Iterable[CodeSpot], edits: Sequence[FileEdit]) -> List[CodeSpot]:
    """The same lines, where they stand afterwards."""
    moved = {edit.path: moved_lines(edit.before, edit.after) for edit in edits}

    def line(path: str, number: int) -> int:
        return moved.get(path, {}).get(number, number)

    return [
        replace(
            spot,
            line=line(spot.path, spot.line),
            called=tuple(Place(place.path, line(place.path, place.line)) for place in spot.called),
        )
        for spot in spots
    ]
