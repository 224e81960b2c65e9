"""Which files differ from those of a revision.

git is asked for the names and check sums of a revision, and which files it knows of now; the files are
compared here. ``git diff`` would run the filters that the repository's own settings name, and those of its
submodules.
"""

from __future__ import annotations

import hashlib
import os
import os.path as osp
from dataclasses import dataclass, field
from typing import Iterator, Set, Tuple

from mmfix.git.ask import GitError, ask
from mmfix.python.disk import read_whole
from mmfix.python.links import inside, repository_around
from mmfix.wording import say

#: What configs and models are made of; nothing else is compared, and nothing larger.
_SUFFIXES = (".py", ".json", ".yaml", ".yml")
_MOST_BYTES = 4_000_000
LINK, SUBMODULE = "120000", "160000"


@dataclass
class Changes:
    """What differs from a revision, by real paths. What git ignores, and what is in no repository, does not.

    Attributes:
        changed: Files that are there, and were not, or were others.
        gone: Files, and folders of submodules, that were there.
    """

    changed: Set[str] = field(default_factory=set)
    gone: Set[str] = field(default_factory=set)


def changes_since(folder: str, revision: str) -> Changes:
    """What differs from a revision in the repository around a folder, its submodules included.

    A file that was renamed is gone under one name and new under the other.

    Raises:
        GitError: There is no git, no repository, or no such revision.
    """
    top, commit = commit_of(folder, revision)
    changes = Changes()
    _compare(top, commit, changes)
    return changes


def commit_of(folder: str, revision: str) -> Tuple[str, str]:
    """The top of the repository around a folder, without links, and the check sum of a commit of it.

    Raises:
        GitError: There is no git, no repository, or no such revision.
    """
    top = repository_around(folder)
    top = osp.realpath("".join(ask(top, "rev-parse", "--show-toplevel")).rstrip("\n"))
    if not inside(osp.realpath(folder), top):  # the repository says that its files are elsewhere
        raise GitError(say("not a git repository"), no_repository=True)
    commit = _commit(top, revision)
    if not commit:
        raise GitError(say("git knows no revision {revision} here", revision=revision))
    return top, commit


def is_uncommitted(path: str) -> bool:
    """Whether a file is another one than in the last commit; False where it lies in no work tree.

    Raises:
        GitError: There is no git, or no answer.
    """
    folder, name = osp.split(osp.realpath(path))
    top = repository_around(folder)
    if not osp.lexists(osp.join(top, ".git")):
        return False
    commit = _commit(folder, "HEAD")
    found = ask(folder, "ls-tree", "-z", commit, "--", name) if commit else []
    if not found:
        return True
    mode, _, digest = found[0].partition("\t")[0].split(" ")
    return not _is_same(osp.join(folder, name), mode, digest)


def _commit(top: str, revision: str) -> str:
    """The check sum of a commit; empty where there is none of that name."""
    if revision.startswith("-"):
        return ""
    try:
        return "".join(ask(top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")).strip()
    except GitError as error:
        if error.silent:
            return ""
        raise


def _compare(top: str, commit: str, changes: Changes) -> None:
    before = dict(entries(top, commit))
    now = set(ask(top, "ls-files", "-z", "--cached", "--others", "--exclude-standard"))
    for name, (mode, digest) in before.items():
        path = _path(top, name)
        if mode == SUBMODULE:
            _compare_submodule(path, digest, changes)
        elif name.endswith(_SUFFIXES) and not osp.lexists(path):
            changes.gone.add(path)
        elif name.endswith(_SUFFIXES) and not _is_same(path, mode, digest):
            changes.changed.add(path)
    for name in now.difference(before):
        path = _path(top, name)
        if osp.isdir(path) and not osp.islink(path):  # a submodule or a clone: all of it is new
            if osp.lexists(osp.join(path, ".git")):
                _take_all(path, changes)
        elif name.endswith(_SUFFIXES) and osp.lexists(path):
            changes.changed.add(path)


def _compare_submodule(path: str, commit: str, changes: Changes) -> None:
    if not osp.isdir(path):
        changes.gone.add(path)
    elif osp.lexists(osp.join(path, ".git")):
        if _commit(path, commit):
            _compare(path, commit, changes)
        else:  # what it was is not here
            _take_all(path, changes)


def _take_all(top: str, changes: Changes) -> None:
    for name in ask(top, "ls-files", "-z", "--cached", "--others", "--exclude-standard"):
        path = _path(top, name)
        if name.endswith(_SUFFIXES) and osp.lexists(path):
            changes.changed.add(path)


def entries(top: str, commit: str) -> Iterator[Tuple[str, Tuple[str, str]]]:
    """Name, mode and check sum of each file of a commit (``man git-ls-tree``)."""
    for line in ask(top, "ls-tree", "-r", "-z", "--full-tree", commit):
        about, _, name = line.partition("\t")
        mode, _, digest = about.split(" ")
        yield name, (mode, digest)


def _path(top: str, name: str) -> str:
    """The path of a file, with links on the way to it resolved."""
    path = osp.join(top, *name.rstrip("/").split("/"))
    return osp.join(osp.realpath(osp.dirname(path)), osp.basename(path))


def _is_same(path: str, mode: str, digest: str) -> bool:
    """Whether a file is what it was; line ends may be those of the system (``core.autocrlf``)."""
    if osp.islink(path) or mode == LINK:
        linked = osp.islink(path) and mode == LINK
        return linked and _sum(os.fsencode(os.readlink(path)), digest) == digest
    try:
        data = read_whole(path, _MOST_BYTES)
    except OSError:
        return False
    if data is None:
        return False
    texts = [data, data.replace(b"\r\n", b"\n")] if b"\r\n" in data else [data]
    return any(_sum(text, digest) == digest for text in texts)


def _sum(data: bytes, like: str) -> str:
    """The check sum of a file as git makes it (``man git-hash-object``), of the kind of another one."""
    digest = hashlib.sha256() if len(like) == 64 else hashlib.sha1()
    digest.update(b"blob %d\0" % len(data))
    digest.update(data)
    return digest.hexdigest()
