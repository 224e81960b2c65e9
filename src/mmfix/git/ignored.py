"""What git ignores below folders that are walked.

git itself is asked: a file that is tracked is never ignored, so the rules of ``.gitignore`` alone do not
tell, and those are in nested files, in ``.git/info/exclude`` and in the user's own settings.
"""

from __future__ import annotations

import os.path as osp
from typing import Dict, FrozenSet, List, Tuple

from mmfix.python.links import inside, repository_around
from mmfix.wording import say

_MOST_NAMED = 3


class Ignored:
    """Which paths of a walk git ignores; each repository is asked once a walk.

    Attributes:
        left_out: The folders and files that a walk has asked about and that are ignored, in its order.
        trouble: Why a repository could not be asked, and its folder.
    """

    def __init__(self) -> None:
        self.left_out: Dict[str, None] = {}
        self.trouble: Dict[str, str] = {}
        self._answers: Dict[Tuple[str, str], FrozenSet[str]] = {}
        self._folders: Dict[Tuple[str, str], Tuple[str, FrozenSet[str]]] = {}

    def skips(self, walked: str, path: str) -> bool:
        """Whether a path is to be left out of the walk of a folder.

        Nothing is in the walk of a folder that is ignored itself: it was named, so it is wanted.
        """
        folder, name = osp.split(path)
        real, ignored = self._in(walked, folder)
        found = bool(ignored) and osp.join(real, name) in ignored
        if found:
            self.left_out[path] = None
        return found

    def _in(self, walked: str, folder: str) -> Tuple[str, FrozenSet[str]]:
        """The real path of a folder, and what is ignored in its repository; asked for each file in it."""
        key = (walked, folder)
        if key not in self._folders:
            real = osp.realpath(folder)
            top = repository_around(real)
            found: FrozenSet[str] = frozenset()
            if osp.lexists(osp.join(top, ".git")):
                start = osp.realpath(walked)
                found = self._ignored(top, start if inside(real, start) and inside(start, top) else top)
            self._folders[key] = (real, found)
        return self._folders[key]

    def _ignored(self, top: str, below: str) -> FrozenSet[str]:
        from mmfix.git.ask import GitError  # where no folder is walked, nothing is started

        key = (top, below)
        if key not in self._answers:
            try:
                self._answers[key] = _asked(top, below)
            except GitError as error:
                self._answers[key] = frozenset()
                if not error.no_repository:
                    self.trouble.setdefault(top, error.reason)
        return self._answers[key]


def _asked(top: str, below: str) -> FrozenSet[str]:
    """The ignored paths below a folder of a repository; none where that is ignored itself."""
    from mmfix.git.ask import ask

    options = ("--others", "--ignored", "--exclude-standard", "--directory")
    names = ask(top, "ls-files", "-z", *options, "--", osp.relpath(below, top))
    found = frozenset(osp.join(top, *name.rstrip("/").split("/")) for name in names)
    above: List[str] = [below]
    while above[-1] != top:
        above.append(osp.dirname(above[-1]))
    return frozenset() if found.intersection(above) else found


def folders_and_configs(folders: int, configs: int) -> str:
    """``1 folder and 2 configs``; what there is none of is not named."""
    told = []
    if folders:
        told.append(say("1 folder") if folders == 1 else say("{count} folders", count=folders))
    if configs:
        told.append(say("1 config") if configs == 1 else say("{count} configs", count=configs))
    return told[0] if len(told) == 1 else say("{folders} and {configs}", folders=told[0], configs=told[1])


def about_ignored(ignored: Ignored, shown: List[str]) -> List[str]:
    """What is said of what was left out, given as it is to be shown, and of what could not be asked."""
    lines = [
        say("git does not say what it ignores here, so nothing was left out: {why}", why=reason)
        for reason in dict.fromkeys(ignored.trouble.values())
    ]
    if shown:
        folders = sum(map(osp.isdir, ignored.left_out))
        named = ", ".join(shown[:_MOST_NAMED])
        if len(shown) > _MOST_NAMED:
            named = say("{names} and {count} more", names=named, count=len(shown) - _MOST_NAMED)
        lines.append(
            say(
                "left out, since git ignores it: {what} ({names}); --no-gitignore looks there, too",
                what=folders_and_configs(folders, len(shown) - folders),
                names=named,
            )
        )
    return lines
