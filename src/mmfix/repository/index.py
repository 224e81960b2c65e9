"""What the files below one directory register, kept in the cache between runs.

Most files register classes under their own names, and a text search tells which names these may be. Such a
file is parsed when one of them is asked for.
"""

from __future__ import annotations

import ast
import os
import os.path as osp
from operator import itemgetter
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

from mmfix.python.garbage import put_off
from mmfix.python.place import Place, Problem
from mmfix.python.source import read_bytes
from mmfix.repository import cache
from mmfix.repository.registrations import Registration, read_registrations, registers
from mmfix.repository.source import MODELS, parse_bytes
from mmfix.repository.walk import SourceFile, Walk
from mmfix.wording import say

#: Changes with the layout of the cached values or with what is read off the files.
KIND = "registrations-5"

#: What is walked need not be noted: its state is known as a whole (``state.py``).
_WALKED = MODELS._replace(noted=False)
#: From a file's bytes and its path to its syntax tree, or the reason why there is none.
Parse = Callable[[bytes, str], Tuple[Optional[ast.Module], Optional[Problem]]]
#: What one file gives: registrations, and problems as (reason, line, kind).
_Read = Tuple[List[Registration], List[Tuple[str, int, str]]]


class Index:
    """Registry names below a directory.

    Args:
        root: The directory that was walked.
        prefix: Its dotted name when it is a package; empty for a directory that is on ``sys.path``.
        walk: Its files.
        cache_directory: Instead of the user's.
        parse: Instead of a parser that remembers nothing.

    Attributes:
        root: The directory.
    """

    def __init__(
        self,
        root: str,
        prefix: str,
        walk: Walk,
        cache_directory: Optional[str] = None,
        parse: Parse = parse_bytes,
    ) -> None:
        self.root = root
        self._walk = walk
        self._parse = parse
        self._cache = f"{root}\n{prefix}", cache_directory
        self._start = len(root.rstrip(os.sep)) + 1
        self._modules = [dotted_name(file, root, prefix) for file in walk.files]
        #: By the number of a file in the walk: what it registers, and the names that one not yet parsed may.
        self._read: Dict[int, _Read] = {}
        self._waiting: Dict[int, List[str]] = {}
        self._found: Dict[str, List[Tuple[int, str, str, Registration]]] = {}
        self._may: Dict[str, List[int]] = {}
        self._files: Dict[str, List[int]] = {}
        with put_off():
            self._changed = self._recall_or_scan()
        self.keep()

    def named(self, name: str) -> Iterable[Tuple[str, str, Registration]]:
        """All that is registered under a name: file, its dotted name, registration, in the walk's order."""
        self._open(self._may.get(name, ()))
        return [entry[1:] for entry in self._found.get(name, ())]

    def names(self) -> Iterable[str]:
        """Every name that is registered."""
        self._open(list(self._waiting))
        return self._found.keys()

    def file_of(self, module: str) -> Optional[str]:
        """The file of that dotted name, if it registers something."""
        numbers = self._files.get(module, [])
        self._open(numbers)
        return next((self._walk.files[number].path for number in numbers if self._read[number][0]), None)

    def problems(self) -> Tuple[Problem, ...]:
        """Files that could not be read and registrations that could not be followed."""
        self._open(list(self._waiting))
        self.keep()
        problems = list(self._walk.problems)
        for number, (_, rows) in sorted(self._read.items()):
            path = self._walk.files[number].path
            problems.extend(Problem(reason, Place(path, line), kind) for reason, line, kind in rows)
        return tuple(problems)

    def keep(self) -> None:
        """Put what is known by now into the cache."""
        if not self._changed:
            return
        self._changed = False
        kept = {
            file.path[self._start :]: [
                self._stamp(number),
                *(self._read[number] if number in self._read else [self._waiting[number]]),
            ]
            for number, file in enumerate(self._walk.files)
        }
        cache.store(KIND, self._cache[0], kept, self._cache[1])

    def _recall_or_scan(self) -> bool:
        """Take what the cache knows of each file, or look what it may register; whether the cache is old."""
        known = cache.load(KIND, *self._cache)
        old: Mapping[str, Any] = known if isinstance(known, dict) else {}
        changed = len(old) != len(self._walk.files)
        for number, file in enumerate(self._walk.files):
            recalled = _recall(old.get(file.path[self._start :]), self._stamp(number))
            if recalled is None:
                recalled = self._scan(number, file)
                changed = True
            if isinstance(recalled, list):
                self._waiting[number] = recalled
                self._files.setdefault(self._modules[number][0], []).append(number)
                for name in recalled:
                    self._may.setdefault(name, []).append(number)
            else:
                self._add(number, recalled)
        return changed

    def _stamp(self, number: int) -> List[Any]:
        file = self._walk.files[number]
        return [file.size, file.mtime_ns, self._modules[number][0]]

    def _scan(self, number: int, file: SourceFile) -> Any:
        """What a file registers; the names that it may register where that needs no parsing."""
        data, problem = read_bytes(file.path, _WALKED)
        if problem is not None:
            return [], [_row(problem)]
        names = registers(data)
        if names is not None:
            return sorted(names) or ([], [])
        return self._parsed(number, data, parse_bytes)

    def _open(self, numbers: Iterable[int]) -> None:
        """Parse those of these files that are waiting for it."""
        for number in numbers:
            if self._waiting.pop(number, None) is not None:
                data, problem = read_bytes(self._walk.files[number].path, _WALKED)
                read = ([], [_row(problem)]) if problem else self._parsed(number, data, self._parse)
                self._add(number, read)
                self._changed = True

    def _add(self, number: int, read: _Read) -> None:
        self._read[number] = read
        path, module = self._walk.files[number].path, self._modules[number][0]
        for registration in read[0]:
            found = self._found.setdefault(registration.name, [])
            found.append((number, path, module, registration))
            found.sort(key=itemgetter(0))
            numbers = self._files.setdefault(module, [])
            if number not in numbers:
                numbers.append(number)

    def _parsed(self, number: int, data: bytes, parse: Parse) -> _Read:
        path = self._walk.files[number].path
        tree, problem = parse(data, path)
        if tree is None:
            return [], [] if problem is None else [_row(problem)]
        try:
            found, problems = read_registrations(tree, data, path, *self._modules[number])
        except RecursionError:  # thousands of `elif`
            return [], [(say("nested too deeply to be read"), 1, "")]
        return found, [_row(problem) for problem in problems]


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


def _row(problem: Problem) -> Tuple[str, int, str]:
    return problem.reason, problem.place.line if problem.place else 1, problem.kind


def _recall(entry: Any, stamp: List[Any]) -> Any:
    """A cached entry, when it is one, and of the file as it is now: as of :meth:`Index._scan`."""
    if not isinstance(entry, list) or len(entry) not in (2, 3) or entry[0] != stamp:
        return None
    if len(entry) == 2:
        names = entry[1]
        sound = isinstance(names, list) and names and all(isinstance(name, str) for name in names)
        return names if sound else None
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
