"""The Python files below a directory, within bounds."""

from __future__ import annotations

import itertools
import os
import os.path as osp
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Iterator, List, Tuple

from mmfix.python.disk import other_than_a_file
from mmfix.python.links import Links, about_links, inside, leads_out
from mmfix.python.place import BROKEN, Place, Problem
from mmfix.wording import say

#: Bounds of one walk. The largest OpenMMLab repository has under 3,000 Python files.
MAX_FILES = 20_000
MAX_SECONDS = 3.0
_MAX_DEPTH = 40
#: Of one folder that is not walked.
_MAX_ENTRIES = 300

_NEVER = frozenset(["node_modules", "site-packages", "dist-packages", "__pycache__"])
#: Data, results, and classes that no config names; still walked when they are Python packages.
_UNLESS_PACKAGE = frozenset(
    [
        "data",
        "datasets",
        "work_dirs",
        "work_dir",
        "build",
        "dist",
        "wandb",
        "tests",
        "test",
        "docs",
        "venv",
        "env",
    ]
)
#: Of these, what may hold a module that a config names all the same.
_WITH_MODULES = ("data", "datasets")
_PROJECT_FILES = frozenset(["setup.py", "pyproject.toml"])


@dataclass(frozen=True)
class SourceFile:
    """A Python file of a walk.

    Attributes:
        path: Absolute.
        base: The directory that dotted names count from: the root, or a project inside it.
        size: Bytes.
        mtime_ns: When it was last changed.
    """

    path: str
    base: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Walk:
    """What lies below a root.

    Attributes:
        files: Sorted; those that count from the root first.
        projects: Directories inside with their own ``setup.py`` or ``pyproject.toml``.
        problems: What is missing: behind a bound, behind links that lead out, and what is no file.
    """

    files: Tuple[SourceFile, ...]
    projects: Tuple[str, ...]
    problems: Tuple[Problem, ...] = ()


def walk_sources(root: str, max_files: int = MAX_FILES, max_seconds: float = MAX_SECONDS) -> Walk:
    """All Python files below ``root`` but hidden directories, environments, data and build results.

    A link is followed only if it stays in the repository (or in what is installed), and only to a directory
    that is not walked anyway, so each file comes up once.

    Args:
        root: A directory; one that is not there has no files.
        max_files: Stop after so many.
        max_seconds: Stop after so long.
    """
    started = time.monotonic()
    files: List[SourceFile] = []
    projects: List[str] = []
    linked: List[Tuple[str, str, int]] = []
    links = Links(root, everywhere=_is_installed(root))
    pending: List[Tuple[str, str, int]] = [(root, root, 0)]
    problems: List[Problem] = []
    while pending or linked:
        if not pending:
            path, base, depth = linked.pop(0)
            if osp.basename(path) in _UNLESS_PACKAGE and not osp.isfile(osp.join(path, "__init__.py")):
                continue  # a link to data is in most repositories
            if not links.follows_folder(path):
                continue
            pending.append((path, base, depth))
        directory, base, depth = pending.pop()
        try:
            with os.scandir(directory) as listing:
                entries = list(listing)
        except (OSError, ValueError):
            continue
        names = {entry.name for entry in entries}
        if depth:
            if "pyvenv.cfg" in names or (
                osp.basename(directory) in _UNLESS_PACKAGE and "__init__.py" not in names
            ):
                continue
            if not names.isdisjoint(_PROJECT_FILES):
                base = directory
                projects.append(directory)
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if not entry.name.endswith(".py"):
                if entry.name not in _NEVER and depth < _MAX_DEPTH and _is_folder(entry):
                    (linked if entry.is_symlink() else pending).append((entry.path, base, depth + 1))
            elif not entry.is_symlink() or other_than_a_file(entry.path) or links.follows_file(entry.path):
                files += _file(entry, base, problems)
        if len(files) > max_files or time.monotonic() - started > max_seconds:
            reason = say("too many files to search them all; point mmfix at the repository")
            problems.insert(0, Problem(reason, Place(root, 1)))
            break
    if links.out:
        reason = about_links(osp.relpath(path, root) for path in links.out)
        problems.append(Problem(reason, Place(links.out[0], 1)))
    files = files[:max_files]
    files.sort(key=lambda file: (file.base != root, file.path))
    return Walk(tuple(files), tuple(sorted(projects)), tuple(problems))


def _file(entry: os.DirEntry[str], base: str, problems: List[Problem]) -> Iterator[SourceFile]:
    try:
        if entry.is_file():
            stat = entry.stat()
            yield SourceFile(entry.path, base, stat.st_size, stat.st_mtime_ns)
            return
    except OSError:  # vanished, or a link that points to itself
        return
    what = other_than_a_file(entry.path)
    if what:
        problems.append(
            Problem(say("cannot be read: it is {what}, not a file", what=what), Place(entry.path, 1), BROKEN)
        )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that points to itself
        return False


@lru_cache(maxsize=64)
def holds_packages(folder: str) -> bool:
    """True for ``site-packages`` and folders like it, where only named packages are searched."""
    try:
        return any(name.endswith(".dist-info") for name in os.listdir(folder))
    except (OSError, ValueError):
        return False


def _is_installed(root: str) -> bool:
    """Whether a folder lies where this Python's packages are, which may be links to wherever a cache is."""
    return any(
        inside(osp.realpath(root), osp.realpath(folder)) for folder in filter(holds_packages, sys.path)
    )


def folders(path: str) -> List[str]:
    """The folders in ``path``, sorted, without hidden ones and links that lead out of the repository."""
    found: List[str] = []
    try:
        with os.scandir(path) as entries:
            for entry in itertools.islice(entries, _MAX_ENTRIES):
                if entry.name.startswith((".", "__")) or not entry.is_dir():
                    continue
                if not entry.is_symlink() or not leads_out(entry.path, path):
                    found.append(entry.path)
    except OSError:
        return []
    return sorted(found)


def files_named(path: str, word: str) -> List[str]:
    """The Python files in ``path`` with ``word`` in their name, sorted; none when it cannot be read."""
    try:
        names = os.listdir(path)
    except OSError:
        return []
    return [osp.join(path, name) for name in sorted(names) if name.endswith(".py") and word in name]


def out_of_walk(root: str) -> List[str]:
    """The Python files that lie in folders for data, which are not walked: a config may import one."""
    return [path for folder in _WITH_MODULES for path in files_named(osp.join(root, folder), ".py")]
