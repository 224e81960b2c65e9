"""Places as people see them: paths relative to the working directory, and the line of text at an origin."""

from __future__ import annotations

import linecache
import os
from typing import Optional

from mmfix.config.origin import Origin


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


def source_line(origin: Origin, width: int = 60) -> str:
    """The text of the line at ``origin``, stripped and cut to ``width``; empty when it cannot be read."""
    line = linecache.getline(origin.path, origin.line).strip()
    return line if len(line) <= width else f"{line[: width - 3]}..."
