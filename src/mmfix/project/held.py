"""What holds for a config: what the caller has chosen, then what the nearest settings file says."""

from __future__ import annotations

import os
import os.path as osp
from dataclasses import dataclass, replace
from typing import Iterable, Optional, Sequence, Tuple

from mmfix.errors import SettingsError
from mmfix.project.files import SettingsFile, file_above
from mmfix.project.globs import matches
from mmfix.project.keys import KEYS
from mmfix.settings import DEFAULT, Settings
from mmfix.wording import say

_STRICTEST_FIRST = ("possible", "likely", "certain", "never")


@dataclass(frozen=True)
class Held:
    """The settings of one config.

    Attributes:
        settings: What holds.
        file: The settings file above the config, whether it says anything or not.
    """

    settings: Settings
    file: Optional[SettingsFile] = None

    def from_file(self, field: str) -> bool:
        """Whether a field of the settings is what the file says."""
        return self.file is not None and field in self.file.values and field not in self.settings.given

    @property
    def notes(self) -> Tuple[str, ...]:
        """What the file asks for in vain, as far as no option has been given instead."""
        notes = () if self.file is None else self.file.notes
        return tuple(note for field, note in notes if self.from_file(field))

    def place(self, field: str) -> Tuple[str, Optional[int]]:
        """Who says so: the path and line of the file; else the name of the option, and None."""
        if self.file is not None and self.from_file(field):
            return self.file.path, self.file.lines.get(field)
        return next(key.option for key in KEYS.values() if key.field == field), None

    def relative(self, path: str, field: str) -> str:
        """A path as seen from where the globs of a field are, with ``/``."""
        folder = self.file.folder if self.file is not None and self.from_file(field) else os.getcwd()
        return relative(path, folder)


def relative(path: str, folder: str) -> str:
    """A path relative to a folder, with ``/``; as it is where there is no way."""
    try:
        # the last part may be a link that is meant as it is
        real = osp.join(osp.realpath(osp.dirname(path)), osp.basename(path))
        return osp.relpath(real, osp.realpath(folder)).replace(os.sep, "/")
    except ValueError:  # another drive
        return path.replace(os.sep, "/")


def held(settings: Settings, path: str) -> Held:
    """The settings of a config.

    Args:
        settings: What the caller has chosen.
        path: The config; empty for one in memory: the working directory counts.

    Raises:
        SettingsError: The settings file above it cannot be used.
    """
    if not settings.files:
        return Held(_one_process(settings))
    file = file_above(osp.dirname(osp.abspath(path)) if path else os.getcwd())
    if file is None:
        return Held(_one_process(settings))
    said = {field: value for field, value in file.values.items() if field not in settings.given}
    return Held(_one_process(replace(settings, **said)), file)


def named_roots(settings: Settings) -> Tuple[str, ...]:
    """The folders, absolute, in which the source of a model is looked for first."""
    return tuple(osp.abspath(osp.expanduser(root)) for root in settings.source_roots)


def held_in(settings: Settings, folder: str) -> Held:
    """The settings of the configs that lie in a folder.

    Raises:
        SettingsError: As :func:`held`.
    """
    return held(settings, osp.join(osp.abspath(folder), "config.py"))


def _one_process(settings: Settings) -> Settings:
    """With one GPU and no launcher nothing is wrapped (``mmengine/runner/runner.py: wrap_model``)."""
    if settings.gpus != 1 or settings.launcher is not None:
        return settings
    return replace(settings, launcher="none")


def is_excluded(settings: Settings, path: str, walked: str = "") -> Optional[Held]:
    """The settings that leave a path out of the walk of a folder; None where it stays, or they are broken.

    Nothing is left out of a folder that is excluded itself: it was named, so it is wanted.
    """
    try:
        found = held(settings, path)
    except SettingsError:
        return None  # the configs below say so
    for glob in found.settings.exclude:
        if matches(glob, found.relative(path, "exclude")):
            if walked and matches(glob, found.relative(walked, "exclude")):
                continue
            return found
    return None


def base_dirs_of(settings: Settings, path: str) -> Sequence[Tuple[str, str]]:
    """Folders in which the bases of a config may be found, each with the words for it."""
    try:
        found = held(settings, path)
    except SettingsError:
        return ()  # the config says so when it is judged
    said = (
        say("base-dirs of {file}", file=osp.basename(found.place("base_dirs")[0]))
        if found.from_file("base_dirs")
        else ""
    )
    return [(folder, said or f"--base-dir {folder}") for folder in found.settings.base_dirs]


def fail_on_of(settings: Settings, paths: Iterable[str]) -> Tuple[str, Tuple[str, ...]]:
    """How sure a finding must be to fail a run over several configs: the strictest that is asked for.

    Returns:
        One of :data:`mmfix.settings.FAIL_ON`, and a note where the settings files do not agree.
    """
    if not settings.files or "fail_on" in settings.given:
        return settings.fail_on, ()
    found = set()
    for folder in dict.fromkeys(osp.dirname(path) for path in paths):
        try:
            found.add(held_in(settings, folder).settings.fail_on)
        except SettingsError:
            continue  # its configs say so
    strictest = min(found, key=_STRICTEST_FIRST.index, default=DEFAULT.fail_on)
    asked = ", ".join(sorted(found))
    note = say(
        "settings files differ in min-confidence ({choices}); {taken} was taken for all",
        choices=asked,
        taken=strictest,
    )
    return strictest, (note,) if len(found) > 1 else ()
