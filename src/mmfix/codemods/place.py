"""Where a repository keeps what mmfix knows of its cures in code. Loads next to nothing: most have none."""

from __future__ import annotations

import os
import os.path as osp
from typing import Iterable, List

from mmfix.python.links import project_around
from mmfix.results.place import display_path
from mmfix.wording import say

#: Beside the proofs.
FOLDER, JOURNAL, RECORD = ".mmfix", "code-journal.json", "code.json"


def project_of(path: str) -> str:
    """The repository around a file or folder, without links."""
    path = osp.abspath(path)
    return project_around(path if osp.isdir(path) else osp.dirname(path))


def from_top(top: str, path: str) -> str:
    """A file of a repository as its record names it."""
    return osp.relpath(osp.realpath(path), top).replace(os.sep, "/")


def journal_file(top: str) -> str:
    """The journal of a repository, whether it is there or not."""
    return osp.join(top, FOLDER, JOURNAL)


def record_file(top: str) -> str:
    """The record of a repository, whether it is there or not."""
    return osp.join(top, FOLDER, RECORD)


def is_interrupted(top: str) -> bool:
    """Whether a run was ended while it wrote code, or writes it now."""
    return osp.lexists(journal_file(top))


def about_interrupted(paths: Iterable[str]) -> List[str]:
    """A line on each repository around some paths where a run was ended while it wrote code."""
    tops = [top for top in dict.fromkeys(map(project_of, paths)) if is_interrupted(top)]
    return [
        say(
            "{file}: a run was ended while it wrote code; the next `mmfix patch` finishes it or "
            "takes it back",
            file=display_path(journal_file(top)),
        )
        for top in tops
    ]
