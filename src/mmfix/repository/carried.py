"""Released packages whose source lies in the repository itself, as in most forks of the mmcv 1.x era."""

from __future__ import annotations

import json
import os
import os.path as osp
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Dict, FrozenSet, Iterable, Optional, Set, Tuple

from mmfix.python.disk import as_text, read_start, stamp
from mmfix.python.links import inside

_DATA = osp.join(osp.dirname(osp.abspath(__file__)), "data", "released.json")
_VERSION = re.compile(r"""__version__\s*=\s*["']([\w.+-]+)["']""")
#: onedl's ``version.py`` asks the metadata for it, which a copy has not; its ``pyproject.toml`` says it.
_ASKED = re.compile(r"""__version__\s*=\s*(?:\w+\.)*version\(["']([\w.-]+)["']\)""")
_STATED = re.compile(r"""^version\s*=\s*["']([\w.+-]+)["']""", re.MULTILINE)
#: Every package has its registries in one of these folders.
_FOLDERS = ("models", "model", "cnn", "registry")
#: A copy has this share of the files of its package, all releases together: a fork may have thrown out
#: some. They are this share of its own files: a fork may have added some; who took some over has no copy.
_OF_RELEASE, _OF_FOLDER = 0.25, 0.35
_MOST_FILES = 5000
#: The attribute that a line of a constructor makes.
_MAKES = re.compile(r"\s*self\.(\w+)\b[^=]*=(?!=)")


@dataclass(frozen=True)
class Carried:
    """A released package in a repository.

    Attributes:
        package: Its name on its release, ``mmdet``.
        version: What its ``version.py`` says, ``2.25.3``, ``3.5.1 (onedl-mmdetection)``; empty where it says
            nothing.
        folder: Absolute; it may have another name.
    """

    package: str
    version: str
    folder: str

    def has(self, path: str, name: str, line: int = 0) -> bool:
        """Whether a file, and a class or function in it, are the release's, and not added in the fork.

        Args:
            path: A file.
            name: A class or function; empty: any.
            line: A line that makes an attribute of that class: it must be one of the release, too.
        """
        if not inside(path, self.folder):
            return False
        short = path[len(self.folder.rstrip(os.sep)) + 1 :].replace(os.sep, "/")
        names = _names(self.package, short)
        if name and name not in names:
            return False
        made = _MAKES.match(_line(path, line)) if name and line else None
        return bool(names) and (made is None or made.group(1) in names[name])


def carried_among(files: Iterable[str], roots: Iterable[str]) -> Tuple[Carried, ...]:
    """The packages that the repository carries, among those that some files are of.

    Args:
        files: Source files.
        roots: The directories of the repository.
    """
    folders = {osp.dirname(file) for file in files}
    found: Dict[str, Carried] = {}
    for folder in sorted(folders):
        for root in roots:
            while inside(folder, root) and folder != osp.dirname(folder):
                carried = _recognise(folder)
                if carried is not None:
                    found[carried.folder] = carried
                    break
                folder = osp.dirname(folder)
    return tuple(found[folder] for folder in sorted(found))


@lru_cache(maxsize=None)
def _released() -> Dict[str, Dict[str, str]]:
    """Package -> file -> ``function Class.attribute.attribute``; made by ``bench/make_released.py``."""
    with open(_DATA, encoding="utf-8") as file:
        return json.load(file)  # type: ignore[no-any-return]


@lru_cache(maxsize=4096)
def _names(package: str, file: str) -> Dict[str, FrozenSet[str]]:
    """Classes and functions of a released file, with the attributes they make."""
    rows = [entry.split(".") for entry in _released()[package].get(file, "").split()]
    return {name: frozenset(made) for name, *made in rows}


@lru_cache(maxsize=4096)
def _recognise(folder: str) -> Optional[Carried]:
    """The released package that a folder is a copy of."""
    if not osp.isfile(osp.join(folder, "__init__.py")):
        return None
    if "site-packages" in folder or not any(osp.isdir(osp.join(folder, name)) for name in _FOLDERS):
        return None
    files = _files(folder)
    common = {name: len(files.intersection(known)) for name, known in _released().items()}
    package = max(common, key=lambda name: common[name] ** 2 / len(_released()[name]))
    shares = common[package] / len(_released()[package]), common[package] / max(len(files), 1)
    if shares[0] < _OF_RELEASE or shares[1] < _OF_FOLDER:
        return None
    return Carried(package, _version(folder), folder)


def _files(folder: str) -> Set[str]:
    found: Set[str] = set()
    for directory, below, names in os.walk(folder):
        below[:] = [name for name in below if not name.startswith((".", "__"))]
        start = directory[len(folder) + 1 :].replace(os.sep, "/")
        found.update(f"{start}/{name}" if start else name for name in names if name.endswith(".py"))
        if len(found) > _MOST_FILES:
            break
    return found


def _version(folder: str) -> str:
    text = _text(osp.join(folder, "version.py"))
    found, asked = _VERSION.search(text), _ASKED.search(text)
    if found or not asked:
        return found.group(1) if found else ""
    stated = _STATED.search(_text(osp.join(osp.dirname(folder), "pyproject.toml")))
    return f"{stated.group(1)} ({asked.group(1)})" if stated else f"({asked.group(1)})"


def _line(path: str, line: int) -> str:
    lines = _text(path).splitlines()
    return lines[line - 1] if 0 < line <= len(lines) else ""


def _text(path: str) -> str:
    return _kept_text(path, stamp(path))


@lru_cache(maxsize=64)
def _kept_text(path: str, state: Optional[str]) -> str:
    try:
        return as_text(read_start(path, 4_000_000))
    except (OSError, ValueError):
        return ""
