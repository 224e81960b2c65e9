"""The repository around a folder, and which links a walk of it follows."""

from __future__ import annotations

import os
import os.path as osp
import sys
from functools import lru_cache
from typing import Iterable, Iterator, List, Sequence

from mmfix.wording import say

#: What the top of a repository or project holds, the surest first.
PROJECT_FILES = (".git", "setup.py", "pyproject.toml")
#: Folders that installed packages lie in.
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_MOST_NAMED = 3


@lru_cache(maxsize=4096)
def repository_around(folder: str) -> str:
    """The nearest folder upwards with ``.git``, else with ``setup.py`` or ``pyproject.toml``; or the folder.

    Links in the path are resolved. A home directory is no repository.
    """
    start = osp.realpath(folder)
    home = osp.realpath(osp.expanduser("~"))
    upward: List[str] = []
    above = start
    while above not in (home, osp.dirname(above)):
        upward.append(above)
        above = osp.dirname(above)
    for names in (PROJECT_FILES[:1], PROJECT_FILES[1:]):
        for candidate in upward:
            if any(osp.lexists(osp.join(candidate, name)) for name in names):
                return candidate
    return start


@lru_cache(maxsize=4096)
def project_around(folder: str) -> str:
    """The repository around a folder; without one the parent of the ``configs`` it lies in, else the folder.

    Links in the path are resolved.
    """
    top = repository_around(folder)
    if any(osp.lexists(osp.join(top, name)) for name in PROJECT_FILES):
        return top
    head, mark, _ = (top + os.sep).rpartition(f"{os.sep}configs{os.sep}")
    return head if mark and head not in ("", osp.realpath(osp.expanduser("~"))) else top


def inside(path: str, folder: str) -> bool:
    """True for a folder itself and all below it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def is_installed(path: str) -> bool:
    """Whether a path leads through a folder of installed packages."""
    return not _INSTALLED.isdisjoint(path.replace("\\", "/").split("/"))


def as_seen_from(roots: Sequence[str], path: str) -> str:
    """A path from the outermost of some directories; of what is installed, as it is imported."""
    own = max(_below(roots, path), key=len, default="")
    if own and not is_installed(own):
        return own
    return min((path, *_below((*roots, *sys.path), path)), key=len)


def _below(roots: Sequence[str], path: str) -> Iterator[str]:
    for root in filter(None, roots):
        top = root.rstrip(os.sep) + os.sep
        if path.startswith(top):
            yield path[len(top) :]


def is_of_project(path: str, top: str) -> bool:
    """Whether a file is a project's own: neither installed in it, nor of another repository.

    Args:
        path: The file, without links.
        top: The top of the project, as :func:`project_around` has it.
    """
    if not inside(path, top) or is_installed(path):
        return False
    folder = osp.dirname(path)
    while folder != top and inside(folder, top):
        if osp.lexists(osp.join(folder, ".git")):  # a submodule, or a clone
            return False
        folder = osp.dirname(folder)
    return True


def leads_out(path: str, folder: str) -> bool:
    """Whether a path that lies below a folder ends, by a link, outside of the repository around that."""
    return not inside(osp.realpath(path), repository_around(folder))


def about_links(shown: Iterable[str]) -> str:
    """What is said of :attr:`Links.out`, given as they are to be shown."""
    paths = list(shown)
    named = ", ".join(paths[:_MOST_NAMED])
    if len(paths) == 1:
        return say(
            "a link leads out of the repository and is not followed unless it is named: {name}", name=named
        )
    if len(paths) > _MOST_NAMED:
        named = say("{names} and {count} more", names=named, count=len(paths) - _MOST_NAMED)
    return say(
        "{count} links lead out of the repository and are not followed unless they are named: {names}",
        count=len(paths),
        names=named,
    )


class Links:
    """Which links a walk of a folder follows: those that stay in its repository, to each place once.

    Args:
        folder: Where the walk begins.
        everywhere: The folder is no repository (installed packages may be links to anywhere).

    Attributes:
        out: The links that lead out of the repository, in the order of the walk.
    """

    def __init__(self, folder: str, everywhere: bool = False) -> None:
        self.out: List[str] = []
        self._folder = folder
        self._everywhere = everywhere
        self._walked = [osp.realpath(folder)]

    def follows_file(self, path: str) -> bool:
        """Whether the file behind a link belongs to the walk."""
        return self._stays(path)

    def follows_folder(self, path: str) -> bool:
        """Whether the folder behind a link is to be walked; asked once of each link.

        Not one inside of what is walked anyway, and not one around it: everything would come up twice.
        """
        target = osp.realpath(path)
        if not self._stays(path):
            return False
        if any(inside(target, seen) or inside(seen, target) for seen in self._walked):
            return False
        self._walked.append(target)
        return True

    def _stays(self, path: str) -> bool:
        if self._everywhere or not leads_out(path, self._folder):
            return True
        self.out.append(path)
        return False
