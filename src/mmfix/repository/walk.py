"""The Python files below a directory, within bounds."""

from __future__ import annotations

import itertools
import os
import os.path as osp
import time
from dataclasses import dataclass
from typing import List, Optional, Tuple

from mmfix.python.place import Place, Problem

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
        problem: Set when a bound was hit and files are missing.
    """

    files: Tuple[SourceFile, ...]
    projects: Tuple[str, ...]
    problem: Optional[Problem] = None


def walk_sources(root: str, max_files: int = MAX_FILES, max_seconds: float = MAX_SECONDS) -> Walk:
    """All Python files below ``root`` but hidden directories, environments, data and build results.

    A symbolic link is followed only to a directory that is not walked anyway, so each file comes up once.

    Args:
        root: A directory; one that is not there has no files.
        max_files: Stop after so many.
        max_seconds: Stop after so long.
    """
    started = time.monotonic()
    files: List[SourceFile] = []
    projects: List[str] = []
    links: List[Tuple[str, str, int]] = []
    walked = [osp.realpath(root)]
    pending: List[Tuple[str, str, int]] = [(root, root, 0)]
    problem = None
    while pending or links:
        if not pending:
            path, base, depth = links.pop(0)
            target = osp.realpath(path)
            # also not when it is above a walked directory: everything would come up twice
            if any(inside(target, seen) or inside(seen, target) for seen in walked):
                continue
            walked.append(target)
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
            _sort_in(entry, base, depth, files, pending, links)
        if len(files) > max_files or time.monotonic() - started > max_seconds:
            problem = Problem(
                "too many files to search them all; point mmfix at the repository", Place(root, 1)
            )
            break
    files = files[:max_files]
    files.sort(key=lambda file: (file.base != root, file.path))
    return Walk(tuple(files), tuple(sorted(projects)), problem)


def _sort_in(
    entry: os.DirEntry[str],
    base: str,
    depth: int,
    files: List[SourceFile],
    pending: List[Tuple[str, str, int]],
    links: List[Tuple[str, str, int]],
) -> None:
    name = entry.name
    if name.startswith("."):
        return
    try:
        if name.endswith(".py"):
            if entry.is_file():
                stat = entry.stat()
                files.append(SourceFile(entry.path, base, stat.st_size, stat.st_mtime_ns))
        elif name not in _NEVER and depth < _MAX_DEPTH and entry.is_dir():
            (links if entry.is_symlink() else pending).append((entry.path, base, depth + 1))
    except OSError:  # vanished, or a link that points to itself
        return


def folders(path: str) -> List[str]:
    """The folders in ``path``, sorted, hidden ones left out; empty when it cannot be read."""
    found: List[str] = []
    try:
        with os.scandir(path) as entries:
            for entry in itertools.islice(entries, _MAX_ENTRIES):
                if not entry.name.startswith((".", "__")) and entry.is_dir():
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


def inside(path: str, directory: str) -> bool:
    """True for a directory itself and all below it."""
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)
