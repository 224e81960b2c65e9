"""Findings that somebody does not want to see, and the comments that say so. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from mmfix.findings import Finding

#: Who suppresses a finding: a comment in a config, the settings (a file or an option), a baseline.
COMMENT, SETTINGS, BASELINE = "comment", "settings", "baseline"


@dataclass(frozen=True)
class Suppressed:
    """A finding that is not shown.

    Attributes:
        finding: What was found.
        by: One of the words above.
        reason: The reason in the comment; the key of the settings (``ignore``, ``select``, ...); empty for a
            baseline.
        path: The file that says so; the option, where it was typed.
        line: 1-based; None where it is not known.
    """

    finding: Finding
    by: str
    reason: str
    path: str
    line: Optional[int] = None


@dataclass(frozen=True)
class IgnoreUse:
    """What a comment that ignores findings did for one config.

    Attributes:
        path: The file it stands in.
        line: 1-based.
        whole_file: It is about its whole file.
        selectors: The rules it names.
        used: Those of them that matched a finding.
        reason: Why; empty where none is given.
        problem: What is wrong with it; empty for one that can be used.
        lineless: Those that would match a finding, if that stood in a line of its own.
    """

    path: str
    line: int
    whole_file: bool
    selectors: Tuple[str, ...]
    used: Tuple[str, ...] = ()
    reason: str = ""
    problem: str = ""
    lineless: Tuple[str, ...] = ()
