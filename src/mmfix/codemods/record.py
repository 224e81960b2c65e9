"""What cures have changed in a repository's code, so that each can be taken back: ``.mmfix/code.json``.

A cure is recorded with the lines that it has changed and the whole files as they were written, so that its
lines are found again after others were edited.
"""

from __future__ import annotations

import base64
import difflib
import json
import os
import os.path as osp
import zlib
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from mmfix.codemods.place import record_file
from mmfix.errors import PatchError
from mmfix.python.disk import read_whole
from mmfix.python.links import is_of_project
from mmfix.results.change import FileEdit
from mmfix.wording import say

VERSION = 1
_MOST_BYTES = 64_000_000
#: Of one file; no source that is read is larger.
_MOST_UNPACKED = 4_000_000
_CURE = say("move it away")


@dataclass(frozen=True)
class Cure:
    """A cure that was written.

    Attributes:
        remedy: Its name.
        configs: The configs it was for, from the top of the repository.
        edits: The files as they were and as they were written.
    """

    remedy: str
    configs: Tuple[str, ...]
    edits: Tuple[FileEdit, ...]


def recorded(top: str) -> Tuple[Cure, ...]:
    """The cures that were written in a repository, the oldest first.

    Raises:
        PatchError: The file cannot be used.
    """
    content = loaded(record_file(top))
    if content is None:
        return ()
    try:
        return tuple(cure_of(item, top) for item in content["cures"])
    except (LookupError, TypeError, ValueError, AttributeError, zlib.error) as error:
        raise _broken(record_file(top)) from error


def record_bytes(cures: Sequence[Cure], top: str) -> bytes:
    """The file that holds these cures."""
    content = {"version": VERSION, "cures": [cure_json(cure, top) for cure in cures]}
    return (json.dumps(content, indent=1) + "\n").encode()


def cure_json(cure: Cure, top: str) -> Dict[str, Any]:
    """A cure as JSON values."""
    files = [
        {
            "path": osp.relpath(edit.path, top).replace(os.sep, "/"),
            "lines": list(edit.lines),
            "before": _packed(edit.before),
            "after": _packed(edit.after),
        }
        for edit in cure.edits
    ]
    return {"remedy": cure.remedy, "configs": list(cure.configs), "files": files}


def cure_of(value: Dict[str, Any], top: str) -> Cure:
    """The cure again; the file may be of anybody, so a path that leads out of the repository is refused.

    Raises:
        LookupError, TypeError, ValueError, AttributeError, zlib.error: It is none.
    """
    edits = []
    for item in value["files"]:
        path = osp.normpath(osp.join(top, *item["path"].split("/")))
        if osp.realpath(path) != path or not is_of_project(path, top):
            raise ValueError("leads out of the repository")
        if not path.endswith(".py") or osp.isabs(item["path"]):
            raise ValueError("is no code")
        lines = tuple(int(line) for line in item["lines"])
        edits.append(FileEdit(path, _unpacked(item["before"]), _unpacked(item["after"]), lines))
    return Cure(str(value["remedy"]), tuple(map(str, value["configs"])), tuple(edits))


def loaded(path: str) -> Optional[Dict[str, Any]]:
    """The content of a file of ours; None without one.

    Raises:
        PatchError: It cannot be used.
    """
    try:
        data = read_whole(path, _MOST_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PatchError(
            say("cannot be read: {why}", why=(error.strerror or str(error)).lower()), path
        ) from error
    try:
        content = json.loads(data or b"")
        if content["version"] != VERSION:
            raise ValueError
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _broken(path) from error
    return content  # type: ignore[no-any-return]


def _broken(path: str) -> PatchError:
    return PatchError(say("is not a record of cures that this mmfix can use"), path, hint=_CURE)


def taken_back(edit: FileEdit, now: bytes) -> Tuple[Optional[bytes], int]:
    """A file without what a cure has changed in it; None, and a line, where that was edited since.

    Args:
        edit: What the cure did.
        now: The file as it is.
    """
    if now == edit.after:
        return edit.before, 0
    before, after, current = (data.split(b"\n") for data in (edit.before, edit.after, now))
    same = difflib.SequenceMatcher(None, after, current, autojunk=False).get_matching_blocks()
    result, at = [], 0
    for old, start, end in _changes(before, after):
        block = next((one for one in same if one.a <= start and end <= one.a + one.size), None)
        if block is None:
            return None, start + 1
        place = block.b + start - block.a
        result += [*current[at:place], *old]
        at = place + end - start
    return b"\n".join([*result, *current[at:]]), 0


def _changes(before: List[bytes], after: List[bytes]) -> Iterator[Tuple[List[bytes], int, int]]:
    """The lines that were there, and the range of those that are there instead, the smallest runs of them."""
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        if end - start != new_end - new_start:
            yield before[start:end], new_start, new_end
            continue
        for offset in range(end - start):
            yield before[start + offset : start + offset + 1], new_start + offset, new_start + offset + 1


def _packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode()


def _unpacked(text: str) -> bytes:
    packer = zlib.decompressobj()
    data = packer.decompress(base64.b64decode(text, validate=True), _MOST_UNPACKED)
    if packer.unconsumed_tail:
        raise ValueError("is too large")
    return data
