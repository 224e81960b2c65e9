"""JSON values kept between runs in the user's cache directory. Losing them costs time and nothing else.

Nothing is kept, or recalled, while files are read otherwise than they are (``python/disk.py: instead``).
"""

from __future__ import annotations

import hashlib
import json
import os
import os.path as osp
import sys
from contextlib import suppress
from typing import Any, Mapping, Optional, Set, Tuple

from mmfix import __version__
from mmfix.python.disk import read_whole, reading_of
from mmfix.repository.pruning import prune, used

#: Moves the cache; ``off`` or nothing turns it off.
VARIABLE = "MMFIX_CACHE_DIR"

#: What Python can parse decides what is read, so its version is part of every entry.
_STAMP = [__version__, *sys.version_info[:2]]

#: What the largest repositories have read of them takes a few MB.
_MOST_BYTES = 256_000_000

#: Folders in which this process has looked for what others have left.
_cleaned: Set[str] = set()


def cache_directory(environ: Optional[Mapping[str, str]] = None) -> Optional[str]:
    """The directory of mmfix's cache, which need not exist; None when the cache is off.

    Args:
        environ: The environment; that of the process by default.
    """
    variables: Mapping[str, str] = os.environ if environ is None else environ
    if VARIABLE in variables:
        chosen = variables[VARIABLE].strip()
        return None if chosen.lower() in ("", "off") else osp.abspath(osp.expanduser(chosen))
    if sys.platform == "win32":
        base = variables.get("LOCALAPPDATA") or osp.join(osp.expanduser("~"), "AppData", "Local")
    elif sys.platform == "darwin":
        base = osp.join(osp.expanduser("~"), "Library", "Caches")
    else:
        base = variables.get("XDG_CACHE_HOME") or osp.join(osp.expanduser("~"), ".cache")
    # a home that is not known (`~` stays) or a relative path would put the cache into the working directory
    return osp.join(base, "mmfix", "code") if osp.isabs(base) else None


def load(kind: str, key: str, directory: Optional[str] = None) -> Any:
    """The value stored under ``key``; None when there is none, or none that can be read.

    The caller checks the value's shape: somebody else's file may lie there.

    Args:
        kind: A word for the sort of value and its layout, ``registrations-1``; a subdirectory.
        key: Any text.
        directory: Instead of :func:`cache_directory`.
    """
    path = _path(kind, key, directory)
    if path is None:
        return None
    try:
        entry = json.loads(read_whole(path, _MOST_BYTES) or b"")
        if entry["stamp"] != _STAMP or entry["key"] != key:
            return None
        used(path)
        return entry["value"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def store(kind: str, key: str, value: Any, directory: Optional[str] = None) -> None:
    """Keep a JSON value; silently does nothing when that is not possible.

    The file appears as a whole: processes that read or write it at the same time never see half of it.

    Args:
        kind: As in :func:`load`.
        key: As in :func:`load`.
        value: Dicts, lists, text, numbers, booleans, None.
        directory: Instead of :func:`cache_directory`.
    """
    path = _path(kind, key, directory)
    if path is None:
        return
    scratch = None
    try:
        text = json.dumps({"stamp": _STAMP, "key": key, "value": value}, separators=(",", ":"))
        os.makedirs(osp.dirname(path), mode=0o700, exist_ok=True)
        handle, scratch = _new_file(osp.dirname(path))
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if os.name == "nt":  # which renames no open file
                file.close()
            os.replace(scratch, path)
        scratch = None
    except (OSError, ValueError):  # full, read-only, a file where a directory should be; on Windows: in use
        pass
    finally:
        if scratch is not None:
            with suppress(OSError):
                os.unlink(scratch)


def _new_file(folder: str) -> Tuple[int, str]:
    from mmfix import traces  # a run that finds everything kept needs no part of it

    if folder not in _cleaned:
        _cleaned.add(folder)
        traces.clean(folder)
        prune(osp.dirname(folder))
    return traces.new_file(folder)


def _path(kind: str, key: str, directory: Optional[str]) -> Optional[str]:
    base = cache_directory() if directory is None else directory
    if base is None or reading_of():
        return None
    name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return osp.join(base, kind, f"{name}.json")
