"""Several files, all written or none: what is to be written is in ``.mmfix/code-journal.json`` first.

After a ``kill -9`` at any moment each file is the old one or the new one, and the journal tells which they
should all be: the next run that writes finishes what was begun, or takes it back.
"""

from __future__ import annotations

import contextlib
import json
import os
import os.path as osp
import zlib
from typing import Any, Dict, List, Optional, Sequence

from mmfix.codemods.place import FOLDER, is_interrupted, journal_file, record_file
from mmfix.codemods.record import VERSION, Cure, cure_json, cure_of, loaded, record_bytes
from mmfix.errors import PatchError
from mmfix.patches.write import write_atomically
from mmfix.python.disk import read_whole
from mmfix.results.change import FileEdit
from mmfix.traces import alone, clean
from mmfix.wording import say

_MOST_BYTES = 4_000_000


def write_cure(top: str, cure: Cure, kept: Sequence[Cure]) -> None:
    """Write all files of a cure, and the record; or nothing.

    Args:
        top: The repository.
        cure: What is written: each file must still be as it was.
        kept: The cures that are on record afterwards.

    Raises:
        PatchError: It cannot be written, or a file was changed meanwhile; no file was changed.
    """
    folder = osp.join(top, FOLDER)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise PatchError(
            say("cannot be made: {why}", why=error.strerror), folder, hint=say("make it writable")
        ) from error
    try:
        with alone(folder):
            if is_interrupted(top):
                raise PatchError(
                    say("another run writes code here now"), journal_file(top), hint=say("wait for it")
                )
            entry: Dict[str, Any] = {"version": VERSION, "cure": cure_json(cure, top)}
            entry["kept"] = [cure_json(item, top) for item in kept]
            write_atomically(journal_file(top), (json.dumps(entry) + "\n").encode(), new=True)
            _write(top, cure.edits, kept)
    finally:
        with contextlib.suppress(OSError):  # not empty
            os.rmdir(folder)


def _write(top: str, edits: Sequence[FileEdit], kept: Sequence[Cure]) -> None:
    written: List[FileEdit] = []
    try:
        for edit in edits:
            _replace(edit)
            written.append(edit)
        _keep(top, kept)
    except BaseException:
        for edit in reversed(written):
            write_atomically(edit.path, edit.before, edit.after)
        os.unlink(journal_file(top))
        raise
    os.unlink(journal_file(top))


def _replace(edit: FileEdit) -> None:
    try:
        write_atomically(edit.path, edit.after, edit.before)
    except PatchError as error:
        raise PatchError(error.message, edit.path, hint=say("no file was changed")) from error


def _keep(top: str, cures: Sequence[Cure]) -> None:
    """Write the record; without a cure on it, there is none."""
    if cures:
        write_atomically(record_file(top), record_bytes(cures, top))
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(record_file(top))


def finish(top: str) -> str:
    """Finish what a run that was ended has begun to write, or take it back; one line on what was done.

    It is finished where every file is the old one or the new one. Where one has been edited since, the others
    become the old ones again, and that one is left alone.

    Raises:
        PatchError: The journal cannot be used, or a file cannot be written; what was not done stays in it.
    """
    with alone(osp.join(top, FOLDER)):
        content = loaded(journal_file(top))
        if content is None:
            return ""  # another run has done it meanwhile
        try:
            cure = cure_of(content["cure"], top)
            kept = [cure_of(item, top) for item in content["kept"]]
        except (LookupError, TypeError, ValueError, AttributeError, zlib.error) as error:
            raise PatchError(
                say("is not a journal that this mmfix can use"), journal_file(top), hint=say("move it away")
            ) from error
        folders = {osp.dirname(path) for path in (journal_file(top), *(edit.path for edit in cure.edits))}
        for place in sorted(folders):
            clean(place)  # what a killed run leaves
        now = [(edit, _bytes(edit.path)) for edit in cure.edits]
        edited = [edit for edit, data in now if data not in (edit.before, edit.after)]
        for edit, data in now:
            if edited and data == edit.after:
                write_atomically(edit.path, edit.before, edit.after)
            elif not edited and data == edit.before:
                write_atomically(edit.path, edit.after, edit.before)
        if not edited:
            _keep(top, kept)
        os.unlink(journal_file(top))
    if not edited:
        return say("finished {cure}, which an earlier run began to write", cure=cure.remedy)
    return say(
        "took back {cure}, which an earlier run began to write: {file} was edited since, and is left alone",
        cure=cure.remedy,
        file=osp.relpath(edited[0].path, top),
    )


def _bytes(path: str) -> Optional[bytes]:
    try:
        return read_whole(path, _MOST_BYTES)
    except OSError:
        return None
