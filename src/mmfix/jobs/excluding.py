"""What settings leave out of folders that are walked."""

from __future__ import annotations

import os.path as osp
from typing import Dict, List

from mmfix.git.ignored import folders_and_configs
from mmfix.project.held import is_excluded
from mmfix.results.place import display_path
from mmfix.settings import Settings
from mmfix.wording import say

_MOST_NAMED = 3


class Excluded:
    """Which paths of a walk are left out, and who says so.

    Args:
        settings: What the caller has chosen.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._left_out: Dict[str, Dict[str, bool]] = {}  # who -> path -> whether it is a folder

    def skips(self, walked: str, path: str) -> bool:
        """Whether a path is to be left out of the walk of a folder."""
        found = is_excluded(self._settings, path, walked)
        if found is None:
            return False
        who = display_path(found.place("exclude")[0])
        self._left_out.setdefault(who, {})[path] = osp.isdir(path)
        return True

    def notes(self) -> List[str]:
        """What was left out, one line for each who says so."""
        return [
            say("left out by exclude in {file}: {what}", file=who, what=_counted(paths))
            if who.endswith(".toml")
            else say("left out by {option}: {what}", option=who, what=_counted(paths))
            for who, paths in self._left_out.items()
        ]


def _counted(paths: Dict[str, bool]) -> str:
    folders = sum(paths.values())
    shown = [display_path(path) for path in paths]
    named = ", ".join(shown[:_MOST_NAMED])
    if len(shown) > _MOST_NAMED:
        named = say("{names} and {count} more", names=named, count=len(shown) - _MOST_NAMED)
    return f"{folders_and_configs(folders, len(paths) - folders)} ({named})"
