"""A baseline: the findings that a project has accepted for now, in a file. Only what is new is then shown.

Entries have no line numbers: they stay true when lines move.
"""

from __future__ import annotations

import json
import os.path as osp
from collections import Counter
from typing import Any, Dict, Mapping, NamedTuple

from mmfix.errors import SettingsError
from mmfix.project.held import relative
from mmfix.python.disk import NotAFile, read_whole
from mmfix.wording import say

VERSION = 1
_MOST_BYTES = 64_000_000
_HINT = say("make a new one with --write-baseline")


class Entry(NamedTuple):
    """What is accepted.

    Attributes:
        config: Its path relative to the baseline file, with ``/``.
        code: The rule.
        key: The key path.
        part: The part of the model that it is about; empty where it is about none.
    """

    config: str
    code: str
    key: str
    part: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.config, self.code, self.key, self.part)))


#: How often each entry is accepted.
Entries = Mapping[Entry, int]


def config_in(path: str, baseline: str) -> str:
    """The path of a config as entries of a baseline have it."""
    return relative(path, osp.dirname(osp.abspath(baseline)))


def load(path: str) -> Entries:
    """The entries of a baseline.

    Raises:
        SettingsError: It cannot be read, or is no baseline of this version.
    """
    try:
        data = read_whole(path, _MOST_BYTES)
    except NotAFile as error:
        raise SettingsError(say("is {kind}, not a baseline", kind=error.what), path) from error
    except FileNotFoundError as error:
        raise SettingsError(
            say("there is no such baseline"), path, hint=say("make it with --write-baseline")
        ) from error
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise SettingsError(say("the baseline cannot be read: {why}", why=reason), path) from error
    if data is None:
        raise SettingsError(say("is larger than {most} MB", most=_MOST_BYTES // 1_000_000), path, hint=_HINT)
    try:
        content = json.loads(data)
    except json.JSONDecodeError as error:
        raise SettingsError(say("is no baseline: {why}", why=error.msg), path, error.lineno, _HINT) from None
    except (ValueError, RecursionError):  # no UTF-8; a number of too many digits; nested too deeply
        raise SettingsError(say("is no baseline: it is not JSON"), path, hint=_HINT) from None
    return _entries(content, path)


def _entries(content: Any, path: str) -> Entries:
    version = content.get("version") if isinstance(content, dict) else None
    if (
        not isinstance(content, dict)
        or not isinstance(content.get("entries"), list)
        or type(version) is not int
    ):
        raise SettingsError(say("is no baseline of mmfix"), path, hint=_HINT)
    if version != VERSION:
        raise SettingsError(
            say(
                "is a baseline of version {version}, and this mmfix reads {supported}",
                version=version,
                supported=VERSION,
            ),
            path,
            hint=_HINT,
        )
    found: Counter[Entry] = Counter()
    for number, item in enumerate(content["entries"], 1):
        row: Dict[str, Any] = {"part": "", "count": 1, **(item if isinstance(item, dict) else {})}
        names = [row.get(name) for name in Entry._fields]
        many = row["count"]
        if not all(isinstance(name, str) for name in names) or type(many) is not int or many < 1:
            raise SettingsError(
                say("is no baseline of mmfix: entry {number} is malformed", number=number), path, hint=_HINT
            )
        found[Entry(*map(str, names))] += many
    return found


def dumped(entries: Entries) -> str:
    """The text of a baseline; sorted, so that differences between two are small."""
    import mmfix

    rows = []
    for entry, many in sorted(entries.items()):
        row: Dict[str, Any] = {
            name: value for name, value in entry._asdict().items() if value or name != "part"
        }
        rows.append({**row, "count": many})
    return json.dumps({"version": VERSION, "mmfix": mmfix.__version__, "entries": rows}, indent=1) + "\n"
