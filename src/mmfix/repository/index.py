"""What the files below one directory register, kept in the cache between runs."""

from __future__ import annotations

import gc
import os
import os.path as osp
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple

from mmfix.python.place import Place, Problem
from mmfix.python.source import read_bytes
from mmfix.repository import cache
from mmfix.repository.registrations import Registration, may_register, read_registrations
from mmfix.repository.source import MODELS, parse_bytes
from mmfix.repository.walk import SourceFile, Walk

#: Changes with the layout of the cached values or with what is read off the files.
KIND = "registrations-4"


@dataclass(frozen=True, eq=False)
class Index:
    """Registry names below a directory.

    Attributes:
        root: The directory.
        names: Registry name -> (file, its dotted name, registration), in the order of the walk.
        modules: Dotted name -> file, for those that register something.
        problems: Files that could not be read and registrations that could not be followed.
    """

    root: str
    names: Mapping[str, Tuple[Tuple[str, str, Registration], ...]]
    modules: Mapping[str, str]
    problems: Tuple[Problem, ...]


#: What one file gives: registrations, and problems as (reason, line, kind).
_Read = Tuple[List[Registration], List[Tuple[str, int, str]]]


def build_index(root: str, prefix: str, walk: Walk, cache_directory: Optional[str] = None) -> Index:
    """Read every file of a walk that may register something, or take what the cache knows of it.

    Args:
        root: The directory that was walked.
        prefix: Its dotted name when it is a package; empty for a directory that is on ``sys.path``.
        walk: Its files.
        cache_directory: Instead of the user's.
    """
    key = f"{root}\n{prefix}"
    known = cache.load(KIND, key, cache_directory)
    old: Mapping[str, Any] = known if isinstance(known, dict) else {}
    fresh: Dict[str, Any] = {}
    names: Dict[str, List[Tuple[str, str, Registration]]] = {}
    modules: Dict[str, str] = {}
    problems = list(walk.problems)
    changed = len(old) != len(walk.files)
    start = len(root.rstrip(os.sep)) + 1
    collecting = gc.isenabled()
    gc.disable()  # syntax trees have no cycles, and looking for some takes a third of the time
    try:
        for file in walk.files:
            module, is_package = dotted_name(file, root, prefix)
            stamp = [file.size, file.mtime_ns, module]
            short = file.path[start:]
            entry = old.get(short)
            read = _recall(entry, stamp)
            if read is None:
                read = _read(file, module, is_package)
                entry = [stamp, *read]
                changed = True
            fresh[short] = entry
            for registration in read[0]:
                names.setdefault(registration.name, []).append((file.path, module, registration))
                modules.setdefault(module, file.path)
            problems.extend(Problem(reason, Place(file.path, line), kind) for reason, line, kind in read[1])
    finally:
        if collecting:
            gc.enable()
    if changed:
        cache.store(KIND, key, fresh, cache_directory)
    return Index(root, {name: tuple(found) for name, found in names.items()}, modules, tuple(problems))


def dotted_name(file: SourceFile, root: str, prefix: str) -> Tuple[str, bool]:
    """A file's module name, counted from its base or from the package, and whether it is a package itself.

    Args:
        file: Of a walk.
        root: The directory that was walked.
        prefix: Its dotted name when it is a package; else empty.
    """
    base = root if prefix else file.base
    parts = file.path[len(base.rstrip(os.sep)) + 1 : -3].split(os.sep)
    is_package = parts[-1] == "__init__"
    parts = [*([prefix] if prefix else []), *(parts[:-1] if is_package else parts)]
    return ".".join(parts) or osp.basename(base), is_package


def _read(file: SourceFile, module: str, is_package: bool) -> _Read:
    data, problem = read_bytes(file.path, MODELS)
    if problem is None and not may_register(data):
        return [], []
    tree = None
    if problem is None:
        tree, problem = parse_bytes(data, file.path)
    if tree is None:
        return [], [] if problem is None else [_row(problem)]
    try:
        found, problems = read_registrations(tree, data, file.path, module, is_package)
    except RecursionError:  # thousands of `elif`
        return [], [("nested too deeply to be read", 1, "")]
    return found, [_row(problem) for problem in problems]


def _row(problem: Problem) -> Tuple[str, int, str]:
    return problem.reason, problem.place.line if problem.place else 1, problem.kind


def _recall(entry: Any, stamp: List[Any]) -> Optional[_Read]:
    """A cached entry, when it is one, and of the file as it is now."""
    if not isinstance(entry, list) or len(entry) != 3 or entry[0] != stamp:
        return None
    if not entry[1] and not entry[2]:  # most files
        return [], []
    try:
        found = [Registration(*row) for row in entry[1]]
        problems = [(reason, line, kind) for reason, line, kind in entry[2]]
    except (TypeError, ValueError):
        return None
    sound = all(tuple(map(type, row)) == _TYPES for row in found) and all(
        tuple(map(type, row)) == (str, int, str) for row in problems
    )
    return (found, problems) if sound else None


_TYPES = (str, str, str, str, str, int, bool, bool)
