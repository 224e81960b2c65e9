"""Take cures in code back: byte for byte, or around what was edited since."""

from __future__ import annotations

import os.path as osp
from dataclasses import replace
from typing import Dict, Iterable, Iterator, List, Sequence, Tuple

from mmfix.codemods.journal import write_cure
from mmfix.codemods.place import from_top, project_of
from mmfix.codemods.record import recorded, taken_back
from mmfix.errors import MmfixError, PatchError
from mmfix.jobs.checking import problem_of
from mmfix.jobs.code_cures import finish_interrupted
from mmfix.model.remembered import look_again
from mmfix.python.disk import read_whole
from mmfix.results.change import FileEdit
from mmfix.results.patched import PatchResult
from mmfix.results.place import display_path
from mmfix.wording import say

_MOST_BYTES = 4_000_000


def undo_file(path: str, write: bool) -> Tuple[FileEdit, ...]:
    """What takes the cures back that were written for one config, the latest first.

    Raises:
        PatchError: It was refused or could not be written.
    """
    path = osp.abspath(path)
    if write:
        list(finish_interrupted([path]))
    return tuple(edit for result in _undone(project_of(path), [path], write) for edit in result.edits)


def undo_code(paths: Iterable[str], write: bool) -> List[PatchResult]:
    """Take the cures back that were written for some configs, the latest first; one result a cure.

    Args:
        paths: The configs.
        write: Write; otherwise only plan.
    """
    results: List[PatchResult] = []
    by_top: Dict[str, List[str]] = {}
    for path in map(osp.abspath, paths):
        by_top.setdefault(project_of(path), []).append(path)
    for top, configs in by_top.items():
        try:
            results += _undone(top, configs, write)
        except MmfixError as error:
            results.append(PatchResult(configs[0], configs[0], error=problem_of(error)))
    return results


def cures_of_others(paths: Iterable[str]) -> Iterator[str]:
    """A line on each cure in the repositories around some configs that was written for none of these.

    It is kept by the configs that were named when it was written; others that use the code do not know of it.
    """
    by_top: Dict[str, List[str]] = {}
    for path in map(osp.abspath, paths):
        by_top.setdefault(project_of(path), []).append(path)
    for top, configs in by_top.items():
        named = {from_top(top, path) for path in configs}
        try:
            kept = recorded(top)
        except PatchError:
            continue  # said where it is undone
        for cure in kept:
            if cure.configs and named.isdisjoint(cure.configs):
                first = display_path(osp.join(top, *cure.configs[0].split("/")))
                files = ", ".join(display_path(edit.path) for edit in cure.edits)
                yield say(
                    "{cure} in {files} was written for {config}, and stays: "
                    "`mmfix patch --undo {config}` takes it back",
                    cure=cure.remedy,
                    files=files,
                    config=first,
                )


def _undone(top: str, configs: Sequence[str], write: bool) -> Iterator[PatchResult]:
    named = {from_top(top, path): path for path in configs}
    kept = list(recorded(top))
    for cure in reversed(list(kept)):
        path = next((named[name] for name in cure.configs if name in named), None)
        if path is None:
            continue
        backs = tuple(map(_back, cure.edits))
        edits = tuple(edit for edit in backs if edit.after != edit.before)
        kept.remove(cure)
        if write:
            write_cure(
                top, replace(cure, remedy=say("the undo of {cure}", cure=cure.remedy), edits=edits), kept
            )
            look_again()
        more = [name for name in cure.configs if name not in named]
        told = (say("it was for {configs}, too", configs=", ".join(more)),) if more else ()
        if not edits:
            told = (say("{cure} was taken back before; it is no longer on record", cure=cure.remedy), *told)
        yield PatchResult(path, path, written=write and bool(edits), edits=edits, notes=told)


def _back(edit: FileEdit) -> FileEdit:
    """What takes an edit back.

    Raises:
        PatchError: Its lines were edited since, or the file is gone.
    """
    try:
        now = read_whole(edit.path, _MOST_BYTES)
    except OSError as error:
        raise PatchError(say("is gone, so the cure in it is not taken back"), edit.path) from error
    if now == edit.before:  # by git, say
        return FileEdit(edit.path, edit.before, edit.before, edit.lines)
    undone, line = (None, 1) if now is None else taken_back(edit, now)
    if undone is None or now is None:
        what = say("what the cure wrote here was edited since, and is left alone")
        raise PatchError(what, edit.path, line, hint=say("take it out by hand"))
    return FileEdit(edit.path, now, undone, edit.lines)
