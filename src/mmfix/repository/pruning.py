"""What the cache gives up: entries that nobody has used for a month, the oldest where there is too much."""

from __future__ import annotations

import os
import os.path as osp
import re
import time
from contextlib import suppress
from typing import List, Tuple

_DAY = 24 * 3600.0
#: Seconds without use after which an entry goes.
UNUSED = 30 * _DAY
#: Bytes that stay at most. The zoos of mmdet and mmseg take 40 MB.
MOST_BYTES = 500_000_000
#: Seconds between two looks at the cache.
BETWEEN = _DAY
#: Changed when the cache was looked through.
_MARK = ".pruned"
_ENTRY = re.compile(r"[0-9a-f]{32}\.json")


def used(path: str) -> None:
    """An entry was of use: it stays for another month. Costs a write a day at most."""
    with suppress(OSError):
        if time.time() - os.stat(path).st_mtime > _DAY:
            os.utime(path)


def prune(base: str) -> None:
    """Look through the cache, once a day, and take out what is not used; other files are left alone.

    Entries of older versions are in folders of other names, which nobody reads: they go a month later.

    Args:
        base: The directory of the cache.
    """
    mark = osp.join(base, _MARK)
    with suppress(OSError):
        if 0 <= time.time() - os.stat(mark).st_mtime < BETWEEN:
            return
    with suppress(OSError):
        with open(mark, "w"):
            pass
        os.utime(mark)
        _prune(base)


def _prune(base: str) -> None:
    entries: List[Tuple[float, int, str]] = []
    with os.scandir(base) as kinds:
        folders = [kind.path for kind in kinds if kind.is_dir(follow_symlinks=False)]
    for folder in folders:
        with suppress(OSError), os.scandir(folder) as files:
            for file in files:
                if _ENTRY.fullmatch(file.name) and file.is_file(follow_symlinks=False):
                    status = file.stat(follow_symlinks=False)
                    entries.append((status.st_mtime, status.st_size, file.path))
    entries.sort(reverse=True)
    total, oldest = 0, time.time() - UNUSED
    emptied = set()
    for changed, size, path in entries:
        total += size
        if changed < oldest or total > MOST_BYTES:
            with suppress(OSError):
                os.unlink(path)
                emptied.add(osp.dirname(path))
    for folder in emptied:
        with suppress(OSError):
            os.rmdir(folder)  # of an older version; one that is not empty stays
