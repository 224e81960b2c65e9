"""Places as people see them: paths relative to the working directory, and the line of text at an origin."""

from __future__ import annotations

import io
import os
import tokenize
from contextlib import suppress
from functools import lru_cache
from typing import Dict, Optional, Tuple

from mmfix.config.origin import Origin
from mmfix.python.disk import as_text, read_start

#: Texts that are not on disk, or not so, by absolute path.
_texts: Dict[str, Tuple[str, ...]] = {}
#: Of a file; no source that is read is larger.
_MOST_BYTES = 4_000_000


def working_directory() -> str:
    """The working directory; empty where it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def display_path(path: str) -> str:
    """``path`` relative to the working directory when it is below it, else as it is."""
    if not os.path.isabs(path):
        return path
    try:
        relative = os.path.relpath(path)
    except (ValueError, OSError):  # another drive; a working directory that is gone
        return path
    return path if relative.startswith(os.pardir) else relative


def display_place(path: str, line: Optional[int] = None, column: Optional[int] = None) -> str:
    """``configs/a.py:3:5``, with as much as is known."""
    parts = [display_path(path)]
    if line is not None:
        parts.append(str(line))
        if column is not None:
            parts.append(str(column))
    return ":".join(parts)


def remember_text(path: str, text: str) -> None:
    """Show lines of this text, and not of the file of that name: it came through a pipe."""
    _texts[path] = tuple(as_text(text.encode("utf-8")).split("\n"))


def line_at(origin: Origin) -> str:
    """The text of the line at ``origin`` as it stands there; empty when it cannot be read."""
    lines = _texts.get(origin.path) or _lines(origin.path, _state(origin.path))
    return lines[origin.line - 1] if 0 < origin.line <= len(lines) else ""


def source_line(origin: Origin, width: int = 60) -> str:
    """The text of the line at ``origin``, stripped and cut to ``width``; empty when it cannot be read."""
    line = line_at(origin).strip()
    return line if len(line) <= width else f"{line[: width - 3]}..."


def _state(path: str) -> Tuple[int, int]:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return 0, 0
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=64)
def _lines(path: str, state: Tuple[int, int]) -> Tuple[str, ...]:
    """The lines of a file, UTF-8 or else as its first lines say; none when it cannot be read."""
    try:
        data = read_start(path, _MOST_BYTES)
    except (OSError, ValueError):
        return ()
    try:
        data.decode("utf-8")  # what a config is, whatever its first line says
    except UnicodeDecodeError:
        with suppress(SyntaxError, UnicodeDecodeError):  # no such encoding, or not in it
            encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
            data = data.decode(encoding).encode("utf-8")
    return tuple(as_text(data).split("\n"))
