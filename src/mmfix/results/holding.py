"""What ``mmfix settings`` shows. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Tuple


@dataclass(frozen=True)
class SettingShown:
    """One setting.

    Attributes:
        key: Its key in a settings file.
        value: In JSON's own types; None and an empty list where nothing is set.
        source: ``file``, ``option``, ``gpus`` (it follows from that key) or ``default``.
        path: The file or the option that says so; None for a default.
        line: 1-based line in the file, if known.
    """

    key: str
    value: Any
    source: str
    path: Optional[str] = None
    line: Optional[int] = None


@dataclass(frozen=True)
class Holding:
    """The settings that hold for a path.

    Attributes:
        path: The config or folder.
        file: The settings file above it; None without one.
        settings: All of them, in the order of the documentation.
        notes: What the file asks for in vain.
    """

    path: str
    file: Optional[str]
    settings: Tuple[SettingShown, ...]
    notes: Tuple[str, ...] = ()
