"""Paths that are like a glob, without regular expressions: the glob may be a stranger's."""

from __future__ import annotations

from typing import List, Sequence


def matches(glob: str, path: str) -> bool:
    """Whether a path, or a folder that it lies in, is like a glob.

    ``*`` is any part of a name, ``?`` one character, ``**`` any number of folders. A glob without ``/`` is
    about a name in any folder.

    Args:
        glob: ``configs/old``, ``*_debug.py``, ``configs/**/test_*.py``.
        path: Relative to the folder that the glob is relative to, with ``/``.
    """
    wanted = [part for part in glob.split("/") if part not in ("", ".")]
    names = path.split("/")
    if not wanted or names[0] == "..":
        return False
    if len(wanted) == 1 and "/" not in glob.rstrip("/"):
        return wanted[0] == "**" or any(_is_like(name, wanted[0]) for name in names)
    return _reaches(wanted, names)


def _reaches(wanted: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the parts of a glob take up some of the first names, or all."""
    at: List[bool] = [True] + [False] * len(names)  # which numbers of names the parts so far may take up
    for part in wanted:
        if part == "**":
            first = next((number for number, reached in enumerate(at) if reached), len(at))
            at = [number >= first for number in range(len(at))]
        else:
            at = [False] + [reached and _is_like(name, part) for reached, name in zip(at, names)]
    return any(at[1:])


def _is_like(name: str, part: str) -> bool:
    """``*`` and ``?`` within one name; a later star takes over from an earlier one, so time is bounded."""
    at = index = 0
    star = kept = -1
    while at < len(name):
        if index < len(part) and part[index] == "*":
            star, kept = index, at
            index += 1
        elif index < len(part) and part[index] in ("?", name[at]):
            at, index = at + 1, index + 1
        elif star >= 0:
            kept += 1
            at, index = kept, star + 1
        else:
            return False
    return not part[index:].strip("*")
