"""What a cure in code must keep: the finding goes, none comes, and all else that is read stays as it was."""

from __future__ import annotations

import os.path as osp
from dataclasses import replace
from typing import Dict, Iterator, List, Sequence, Set, Tuple

from mmfix.codemods.moved import moved_lines
from mmfix.codemods.same_reading import Moved, differs
from mmfix.config.document import ConfigDocument
from mmfix.config.family import walk
from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.reader import Reader
from mmfix.errors import MmfixError, PatchError
from mmfix.findings import Finding
from mmfix.jobs.accounting import unfit
from mmfix.jobs.checking import judge_document, with_roots
from mmfix.model.types import ModelReading
from mmfix.project.held import held
from mmfix.python.disk import instead
from mmfix.results.change import FileEdit
from mmfix.results.place import display_path
from mmfix.settings import Settings
from mmfix.training import is_trainable
from mmfix.training.era import era
from mmfix.training.reading import code_reading
from mmfix.training.script import script_files
from mmfix.training.wrapping import runner_kind

Named = Sequence[Tuple[ConfigDocument, Sequence[Finding]]]
_Cause = Tuple[str, KeyPath]


def check_promise(
    remedy: str, edits: Sequence[FileEdit], named: Named, top: str, reader: Reader, settings: Settings
) -> Tuple[int, Dict[str, Tuple[Finding, ...]]]:
    """Read every config again that uses the changed files, with these files as they would be.

    Args:
        remedy: The name of the cure.
        edits: The files.
        named: The configs that it is for, with their findings.
        top: The repository, of which all configs are looked at.
        reader: Reads configs.
        settings: Of the run.

    Returns:
        How many configs use the files, and what is then found in the named configs.

    Raises:
        PatchError: The promise is not kept; nothing was written.
    """
    cured = {
        document.path: {_cause(item) for item in found if any(cure.name == remedy for cure in item.remedies)}
        for document, found in named
    }
    # a rehearsal was of the code as it was: what its proof took back comes again
    settings = replace(settings, proofs=False)
    before = [_judged(document, settings) for document, _ in named]
    before += _others(set(cured), edits, top, reader, settings)
    moved: Moved = {edit.path: moved_lines(edit.before, edit.after) for edit in edits}
    after: Dict[str, Tuple[Finding, ...]] = {}
    with instead({edit.path: edit.after for edit in edits}):
        for document, found, reading in before:
            name = display_path(document.path)
            now = judge_document(document, settings).findings
            left = cured.get(document.path, set()) & set(map(_cause, now))
            new = [item for item in now if _cause(item) not in set(map(_cause, found))]
            if left:
                code, key = min(left, key=str)
                raise _broken(f"with it, {code} of {format_key(key)} would still be found in {name}")
            if new:
                where = format_key(new[0].key)
                raise _broken(f"with it, {new[0].code} of {where} would be found in {name}")
            changed = differs(reading, _reading(document, settings), moved)
            if changed:
                raise _broken(f"it would change more of the model of {name}: {changed}")
            after[document.path] = now
    return len(before), after


def _broken(why: str) -> PatchError:
    return PatchError(f"not changed: {why}", hint="change the code by hand, or choose another cure")


def _cause(finding: Finding) -> _Cause:
    return finding.code, finding.key


def _judged(
    document: ConfigDocument, settings: Settings
) -> Tuple[ConfigDocument, Tuple[Finding, ...], ModelReading]:
    return document, judge_document(document, settings).findings, _reading(document, settings)


def _reading(document: ConfigDocument, settings: Settings) -> ModelReading:
    """What was read of the model of a config that can be trained."""
    holds = held(settings, document.path).settings
    document = with_roots(document, holds)
    kind = era(document)
    unknown: List[str] = []
    code = code_reading(document, kind, runner_kind(document, kind, unknown), holds.reading_seconds)
    return ModelReading((), (), (), (), (), ()) if code is None else code.reading


def _others(
    known: Set[str], edits: Sequence[FileEdit], top: str, reader: Reader, settings: Settings
) -> Iterator[Tuple[ConfigDocument, Tuple[Finding, ...], ModelReading]]:
    """The other configs of the repository that use the files; one that cannot be judged is none of them."""
    changed = {edit.path for edit in edits}
    for path in walk(top):
        if path in known:
            continue
        try:
            document = reader.load(path)
            if unfit(document) is not None or not is_trainable(document):
                continue
            reading = _reading(document, settings)
            if changed.intersection(map(osp.realpath, (*reading.files, *script_files(document)))):
                yield _judged(document, settings)
        except MmfixError:
            continue
