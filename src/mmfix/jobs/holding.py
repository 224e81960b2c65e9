"""What ``mmfix settings`` shows: what holds for a path, and who says so."""

from __future__ import annotations

import os.path as osp
from typing import Any, Optional, Tuple

from mmfix.errors import SettingsError
from mmfix.project.held import Held, held, held_in
from mmfix.project.keys import FOLDERS, KEYS
from mmfix.results.holding import Holding, SettingShown
from mmfix.results.place import display_path
from mmfix.settings import Settings
from mmfix.wording import say


def holding(path: str, settings: Settings) -> Holding:
    """The settings that hold for a config, or for those in a folder.

    Raises:
        SettingsError: The settings file cannot be used, or there is nothing of that name.
    """
    full = osp.abspath(osp.expanduser(path))
    if not osp.lexists(full):
        raise SettingsError(say("there is no such file or folder"), full)
    found = held_in(settings, full) if osp.isdir(full) else held(settings, full)
    rows = tuple(SettingShown(key.name, _plain(found, key.field, key.kind), *_source(found, key.field))
                 for key in KEYS.values())  # fmt: skip
    return Holding(full, None if found.file is None else found.file.path, rows, found.notes)


def _plain(found: Held, field: str, kind: str) -> Any:
    value = getattr(found.settings, field)
    if field == "per_path_ignores":
        return {glob: list(rules) for glob, rules in value}
    if isinstance(value, tuple):
        return [display_path(item) if kind == FOLDERS else item for item in value]
    return None if value == "" else value


def _source(found: Held, field: str) -> Tuple[str, Optional[str], Optional[int]]:
    """``file``, ``option``, ``gpus`` or ``default``, and the place."""
    if found.from_file(field):
        return ("file", *found.place(field))
    if field in found.settings.given:
        return "option", found.place(field)[0], None
    if field == "launcher" and found.settings.launcher is not None:
        return ("gpus", *found.place("gpus"))
    return "default", None, None
