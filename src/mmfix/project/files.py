"""Settings files: found, read, and looked at."""

from __future__ import annotations

import os
import os.path as osp
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Dict, Mapping, Optional, Tuple

from mmfix.errors import SettingsError
from mmfix.project.keys import FILE_NAMES, FOLDERS, KEYS, TABLE
from mmfix.python.disk import NotAFile, read_whole
from mmfix.python.links import inside, leads_out, repository_around
from mmfix.wording import say

_MOST_BYTES = 1_000_000
#: What a pyproject.toml must hold to be one of ours; most are not, and need not be parsed.
_OURS = re.compile(rb"tool[\s\"']*\.[\s\"']*mmfix|^\s*\[\s*[\"']?tool[\"']?\s*\]", re.MULTILINE)
_AT_LINE = re.compile(r"\(?at line (\d+), column \d+\)?$")
#: The header of a table of ours, or of one inside of it.
_HEADER = re.compile(r"^\s*\[\s*(?P<name>[^\]#]*?)\s*\]")


@dataclass(frozen=True)
class SettingsFile:
    """A settings file that can be used.

    Attributes:
        path: Absolute path.
        values: By field of :class:`mmfix.settings.Settings`; folders are absolute.
        lines: The 1-based line of each field, where it could be found.
        notes: What the file asks for in vain: the field, and one line.
    """

    path: str
    values: Mapping[str, Any]
    lines: Mapping[str, int]
    notes: Tuple[Tuple[str, str], ...] = ()

    @property
    def folder(self) -> str:
        """The folder that its paths are relative to."""
        return osp.dirname(self.path)


@lru_cache(maxsize=4096)
def file_above(folder: str) -> Optional[SettingsFile]:
    """The nearest settings file in a folder or above it; None without one. Looked for once a run.

    ``mmfix.toml`` goes before ``pyproject.toml`` of the same folder, which counts only if it has a table
    ``[tool.mmfix]``. The search ends with the repository (the folder that holds ``.git``); in no repository,
    below the home directory.

    Raises:
        SettingsError: The file cannot be read, or holds something that it must not.
    """
    home = osp.realpath(osp.expanduser("~"))
    here = osp.realpath(folder)
    while here != home:
        for name in FILE_NAMES:
            path = osp.join(here, name)
            try:
                status = os.stat(path)
            except (OSError, ValueError):
                if osp.lexists(path) and name == FILE_NAMES[0]:
                    raise SettingsError(say("is a link that leads nowhere"), path) from None
                continue
            if osp.islink(path) and leads_out(path, here):
                if name == FILE_NAMES[0]:
                    raise SettingsError(say("is a link that leads out of the repository"), path)
                continue
            found = _loaded(path, status.st_mtime_ns, status.st_size)
            if found is not None:
                return found
        if osp.lexists(osp.join(here, ".git")) or here == osp.dirname(here):
            return None
        here = osp.dirname(here)
    return None


def look_again() -> None:
    """A new run begins: what was seen of settings files may have changed."""
    file_above.cache_clear()


def is_settings_file(path: str) -> bool:
    """Whether a pyproject.toml may have a table of ours; one that is gone has none."""
    try:
        data = read_whole(path, _MOST_BYTES)
    except OSError:
        return False
    return data is not None and _OURS.search(data) is not None


@lru_cache(maxsize=64)
def _loaded(path: str, changed: int, size: int) -> Optional[SettingsFile]:
    """A settings file; None for a pyproject.toml without a table of ours."""
    try:
        data = read_whole(path, _MOST_BYTES)
    except NotAFile as error:
        raise SettingsError(say("is {kind}, not a file", kind=error.what), path) from error
    except OSError as error:
        raise SettingsError(
            say("cannot be read: {why}", why=(error.strerror or "error").lower()), path
        ) from error
    own = osp.basename(path) == FILE_NAMES[0]
    if data is None and not own:
        return None  # no pyproject.toml is that large
    if data is None:
        raise SettingsError(say("is larger than {most} MB", most=_MOST_BYTES // 1_000_000), path)
    if not own and not _OURS.search(data):
        return None
    text = _text(data, path)
    table = _parsed(text, path)
    if not own:
        for name in TABLE:
            table = table.get(name) if isinstance(table, dict) else None
        if table is None:
            return None
        if not isinstance(table, dict):
            raise SettingsError(say("tool.mmfix is not a table"), path, hint=say("write [tool.mmfix]"))
    from mmfix.project.values import Wrong, values  # most repositories have no such file

    lines = _lines(text, not own)
    try:
        found = values(table)
    except Wrong as wrong:
        raise SettingsError(wrong.message, path, lines.get(wrong.key), wrong.hint) from None
    by_field = {key.field: lines[name] for name, key in KEYS.items() if name in lines}
    return _within(SettingsFile(path, found, by_field))


def _text(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SettingsError(say("is not UTF-8"), path, line, say("save it as UTF-8")) from None


def _parsed(text: str, path: str) -> Any:
    try:
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
    except ImportError:
        hint = say("pip install tomli; --no-settings goes on without the file")
        raise SettingsError(say("cannot be read by Python before 3.11 alone"), path, hint=hint) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        where = _AT_LINE.search(said)
        reason = said[: where.start()].rstrip() if where else said
        line = int(where.group(1)) if where else None
        raise SettingsError(say("is not valid TOML: {why}", why=reason), path, line) from None
    except (RecursionError, ValueError) as error:  # nested too deeply; a number of too many digits
        raise SettingsError(say("is not valid TOML: {kind}", kind=type(error).__name__), path) from None


def _lines(text: str, in_pyproject: bool) -> Dict[str, int]:
    """The line of each key in a table of ours, where that is easily seen; others are left out."""
    prefix = ".".join(TABLE) if in_pyproject else ""
    found: Dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        header = _HEADER.match(line)
        if header:
            table = re.sub(r"[\s\"']", "", header["name"])
            name = table[len(prefix) :].lstrip(".") if table.startswith(prefix) else ""
        else:
            name = line.partition("=")[0].strip(" \t\"'") if "=" in line and table == prefix else ""
        name = name.split(".")[0].strip(" \t\"'")
        if name and name not in found:
            found[name] = number
    return found


def _within(file: SettingsFile) -> SettingsFile:
    """The file with its folders made absolute, without those that lead out of the repository.

    It may be a stranger's: what it names outside is not read, and that is said.
    """
    found = dict(file.values)
    notes = []
    top = repository_around(file.folder)
    for key in KEYS.values():
        if key.kind != FOLDERS or key.field not in found:
            continue
        kept = []
        for entry in found[key.field]:
            full = osp.normpath(osp.join(file.folder, entry))
            if not entry.startswith("~") and inside(osp.realpath(full), top):
                kept.append(full)
            else:
                note = say(
                    "{key}: {folder} is outside of the repository, and a settings file cannot name what is; "
                    "give it as {option} {folder}",
                    key=key.name,
                    folder=entry,
                    option=key.option,
                )
                notes.append((key.field, note))
        found[key.field] = tuple(kept)
    return SettingsFile(file.path, found, file.lines, tuple(notes))
