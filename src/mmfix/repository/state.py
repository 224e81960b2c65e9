"""The state of a repository and of what is installed: what is kept of the source holds as long as it stays.

A file that defines nothing, imports nothing and registers nothing counts by its name alone: most configs are
such files, and an edited config changes nothing of what the source says. A lazy config counts by its imports.
Who reads such a file all the same looks at its stamp, too (``ModelReading.files``).
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from typing import Any, Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Set, Tuple

from mmfix.openmmlab import packages
from mmfix.python.disk import reading_of, stamp
from mmfix.python.links import inside
from mmfix.python.source import Bounds, read_bytes
from mmfix.repository import cache
from mmfix.repository.finder import Finder
from mmfix.repository.walk import SourceFile, holds_packages, out_of_walk, walk_sources
from mmfix.wording import say

#: What a classic config has none of; what has none of it registers nothing, and leads nowhere.
CODE = re.compile(
    rb"^[ \t]*(?:class|def|async|import|from|@)\b|[;:][ \t]*(?:import|from)\b|register", re.MULTILINE
)
#: What a lazy config has beside its imports is values, as in a classic one.
_LAZY = re.compile(rb"^with read_base\(\):", re.MULTILINE)
_MORE = re.compile(rb"^[ \t]*(?:class|def|async|@)\b|register|importlib|__main__", re.MULTILINE)
_BOUNDS = Bounds(say("source file"), 1_000_000)
#: Changes with the layout of what is kept, or with what is looked for in a file.
_KIND = "plain-1"
#: A look at the files serves this many seconds: every config of one run.
_FRESH_SECONDS = 10.0


class State(NamedTuple):
    """What some directories and ``sys.path`` are like; the digests change with what they are of.

    Attributes:
        code: What the files of the directories define, register and import; what is installed; mmfix.
        text: The same, all else in files that have any of that, and the files of OpenMMLab's packages,
            wherever they lie.
        whole: The same, and the files that hold values alone.
        files: The files of which every change shows in ``text``.
        walked: The directories of which every file was looked at.
        newest: When the last of all these files was changed, in nanoseconds since the epoch.
    """

    code: str
    text: str
    whole: str
    files: FrozenSet[str]
    walked: Tuple[str, ...]
    newest: int


_seen: Dict[Tuple[str, ...], Tuple[float, State]] = {}


def look_again() -> None:
    """Forget what the files were: one of them has been written, or a new run begins."""
    _seen.clear()


def state_of(roots: Tuple[str, ...]) -> State:
    """The state of what lies below some directories and in ``sys.path``; it holds for some seconds.

    Args:
        roots: Directories that modules are imported from; of those that hold installed packages, as of
            ``sys.path``, only what comes and goes is seen in ``code``.
    """
    spot = (*roots, "", *sys.path, str(reading_of()))
    known = _seen.get(spot)
    now = time.monotonic()
    if known is None or now - known[0] >= _FRESH_SECONDS:
        known = _seen[spot] = now, _look(roots)
    return known[1]


def _look(roots: Tuple[str, ...]) -> State:
    code, text, whole = hashlib.sha256(str(reading_of()).encode()), hashlib.sha256(), hashlib.sha256()
    seen: Set[str] = set()
    newest = 0
    walked = [root for root in roots if not holds_packages(root)]
    for root in walked:
        walk = walk_sources(root)
        said = _said(root, walk.files)
        code.update(_line(root, walk.projects))
        for file in walk.files:
            state, imports = [file.size, file.mtime_ns], said.get(file.path)
            code.update(_line(file.path, state if imports is None else imports))
            if imports is not None:
                (text if imports else whole).update(_line(file.path, state))
            if imports != "":
                seen.add(file.path)
            newest = max(newest, file.mtime_ns)
        for path in out_of_walk(root):
            text.update(_line(path, stamp(path)))
    for path in _own_sources():  # between releases, mmfix itself changes
        code.update(_line(path, stamp(path)))
    for folder in filter(None, sys.path):  # a package that is installed or removed changes its folder
        code.update(_line(folder, stamp(folder) if holds_packages(folder) else _importable(folder)))
    for file in _of_packages(roots, walked):
        text.update(_line(file.path, [file.size, file.mtime_ns]))
        seen.add(file.path)
        newest = max(newest, file.mtime_ns)
    text.update(code.digest())
    whole.update(text.digest())
    files = frozenset(seen)
    return State(code.hexdigest(), text.hexdigest(), whole.hexdigest(), files, tuple(walked), newest)


def _importable(folder: str) -> List[str]:
    """The names in a folder that may be modules; others, such as those of logs, come and go."""
    try:
        return sorted(name for name in os.listdir(folder) if name.isidentifier() or name.endswith(".py"))
    except OSError:
        return []


def _of_packages(roots: Tuple[str, ...], walked: List[str]) -> Iterator[SourceFile]:
    """The files of OpenMMLab's packages that lie in none of the directories that are walked anyway."""
    finder = Finder(roots)
    for name in packages():
        spot = finder.find(name)
        for folder in () if spot is None else spot.folders:
            if not any(inside(folder, root) for root in walked):
                yield from walk_sources(folder).files


def _line(path: str, state: object) -> bytes:
    return f"{path}\n{state}\n".encode("utf-8", "surrogatepass")


def _said(root: str, files: Tuple[SourceFile, ...]) -> Dict[str, str]:
    """By its path, what a file imports that holds nothing but imports and values; empty for values alone.

    Files with code are left out. While files are read otherwise than they are, all are.
    """
    if reading_of():
        return {}
    kept = cache.load(_KIND, root)
    old: Dict[str, Any] = kept if isinstance(kept, dict) else {}
    start = len(root.rstrip(os.sep)) + 1
    new: Dict[str, List[Any]] = {}
    for file in files:
        name = file.path[start:]
        fits = _fits(old.get(name), file)
        new[name] = old[name] if fits else [file.size, file.mtime_ns, _imports_of(file.path)]
    if new != old:
        cache.store(_KIND, root, new)
    told = zip(files, new.values())
    return {file.path: entry[2] for file, entry in told if entry[2] is not None}


def _fits(entry: Any, file: SourceFile) -> bool:
    """Whether what is kept of a file is of this file; somebody else's cache may lie there."""
    if not isinstance(entry, list) or len(entry) != 3 or entry[:2] != [file.size, file.mtime_ns]:
        return False
    return entry[2] is None or isinstance(entry[2], str)


def _imports_of(path: str) -> Optional[str]:
    """What a file imports, as text, where it holds nothing but imports and values; None of any other."""
    data, problem = read_bytes(path, _BOUNDS)
    if problem is not None:
        return None
    if CODE.search(data) is None:
        return ""
    if _LAZY.search(data) is None or _MORE.search(data) is not None:
        return None
    from mmfix.repository.reach import statements  # few files are lazy configs

    absolute, relative = statements(data)
    return f"{list(absolute)} {list(relative)}"


def _own_sources() -> List[str]:
    found = (
        os.path.join(folder, name)
        for folder, _, names in os.walk(os.path.dirname(os.path.dirname(__file__)))
        for name in names
    )
    return sorted(path for path in found if path.endswith(".py"))
