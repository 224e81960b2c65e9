"""The files of a repository as they were in a revision: read from git's own store, nothing is written."""

from __future__ import annotations

import os
import os.path as osp
from typing import Dict, Optional, Tuple

from mmfix.git.ask import ask, blob
from mmfix.git.changed import LINK, SUBMODULE, commit_of, entries
from mmfix.python.links import inside, is_of_project

#: Links that lead to links in a row.
_MOST_LINKS = 8
_IS_IGNORED = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--")


class Past:
    """A repository in a revision, its submodules included, as far as their commits are here.

    What is not the repository's own (an installed package, a clone in it) and what git ignores was never in
    it: of that nobody knows what it was.

    Args:
        folder: A folder of the repository.
        revision: As git takes it.

    Raises:
        GitError: There is no git, no repository, or no such revision.
    """

    def __init__(self, folder: str, revision: str) -> None:
        self._top, commit = commit_of(folder, revision)
        self._entries: Dict[str, Tuple[str, str]] = dict(entries(self._top, commit))
        self._submodules: Dict[str, Past] = {}

    def read(self, path: str) -> Optional[bytes]:
        """What a file was; None where it was not there.

        Raises:
            KeyError: It is not for the repository to say.
            GitError: git gives no answer.
        """
        return self._read(path, 0)

    def _read(self, path: str, links: int) -> Optional[bytes]:
        folder, last = osp.split(path)
        path = osp.join(osp.realpath(folder), last)
        if not inside(path, self._top):
            raise KeyError(path)
        name = osp.relpath(path, self._top).replace(os.sep, "/")
        mode, digest = self._entries.get(name, ("", ""))
        if mode == LINK:
            to = osp.join(osp.dirname(path), os.fsdecode(blob(self._top, digest)))
            return None if links == _MOST_LINKS else self._read(to, links + 1)
        if mode and mode != SUBMODULE:
            return blob(self._top, digest)
        parts = name.split("/")
        for end in range(1, len(parts)):
            mode, digest = self._entries.get("/".join(parts[:end]), ("", ""))
            if mode == SUBMODULE:
                return self._submodule("/".join(parts[:end]), digest)._read(path, links)
        if not is_of_project(path, self._top) or ask(self._top, *_IS_IGNORED, name):
            raise KeyError(path)
        return None

    def _submodule(self, name: str, commit: str) -> Past:
        if name not in self._submodules:
            folder = osp.join(self._top, *name.split("/"))
            if not osp.lexists(osp.join(folder, ".git")):  # it is not here today either
                raise KeyError(folder)
            self._submodules[name] = Past(folder, commit)
        return self._submodules[name]
