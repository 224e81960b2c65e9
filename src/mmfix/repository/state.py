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
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from mmfix.python.disk import reading_of, stamp
from mmfix.python.source import Bounds, read_bytes
from mmfix.repository import cache
from mmfix.repository.reach import statements
from mmfix.repository.walk import SourceFile, holds_packages, out_of_walk, walk_sources

#: What a classic config has none of; what has none of it registers nothing, and leads nowhere.
CODE = re.compile(
    rb"^[ \t]*(?:class|def|async|import|from|@)\b|[;:][ \t]*(?:import|from)\b|register", re.MULTILINE
)
#: What a lazy config has beside its imports is values, as in a classic one.
_LAZY = re.compile(rb"^with read_base\(\):", re.MULTILINE)
_MORE = re.compile(rb"^[ \t]*(?:class|def|async|@)\b|register|importlib|__main__", re.MULTILINE)
_BOUNDS = Bounds("source file", 1_000_000)
#: Changes with the layout of what is kept, or with what is looked for in a file.
_KIND = "plain-1"
#: A look at the files serves this many seconds: every config of one run.
_FRESH_SECONDS = 10.0


class State(NamedTuple):
    """Digests that change with what they are of.

    Attributes:
        code: What the files below some directories define, register and import; what is installed; mmfix.
        text: The same, and whatever a file says that has any of that.
    """

    code: str
    text: str


_seen: Dict[Tuple[str, ...], Tuple[float, State]] = {}


def look_again() -> None:
    """Forget what the files were: one of them has been written."""
    _seen.clear()


def state_of(roots: Tuple[str, ...]) -> State:
    """The state of what lies below some directories and in ``sys.path``.

    Args:
        roots: Directories that modules are imported from; of those that hold installed packages, as of
            ``sys.path``, only what comes and goes is seen.
    """
    spot = (*roots, "", *sys.path, str(reading_of()))
    known = _seen.get(spot)
    now = time.monotonic()
    if known is not None and now - known[0] < _FRESH_SECONDS:
        return known[1]
    code, text = hashlib.sha256(str(reading_of()).encode()), hashlib.sha256()
    for root in roots:
        if not holds_packages(root):
            walk = walk_sources(root)
            said = _said(root, walk.files)
            code.update(_line(root, walk.projects))
            for file in walk.files:
                entry = said.get(file.path)
                state = [file.size, file.mtime_ns]
                code.update(_line(file.path, state if entry is None else entry))
                if entry:
                    text.update(_line(file.path, state))
            for path in out_of_walk(root):
                text.update(_line(path, stamp(path)))
    for path in _own_sources():  # between releases, mmfix itself changes
        code.update(_line(path, stamp(path)))
    for folder in filter(None, sys.path):  # a package that is installed or removed changes its folder
        code.update(_line(folder, stamp(folder) if holds_packages(folder) else ""))
    text.update(code.digest())
    _seen[spot] = now, State(code.hexdigest(), text.hexdigest())
    return _seen[spot][1]


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
    absolute, relative = statements(data)
    return f"{list(absolute)} {list(relative)}"


def _own_sources() -> List[str]:
    found = (
        os.path.join(folder, name)
        for folder, _, names in os.walk(os.path.dirname(os.path.dirname(__file__)))
        for name in names
    )
    return sorted(path for path in found if path.endswith(".py"))
