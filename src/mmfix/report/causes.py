"""Findings by what causes them: what many configs inherit from one line is told once."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Dict, Iterable, Iterator, List, Optional, Tuple

from mmfix.config.keypath import format_key
from mmfix.findings import Finding
from mmfix.results.checked import Report, failing
from mmfix.results.place import display_path
from mmfix.wording import say

_MOST_NAMED = 3
_Place = Tuple[str, Optional[int], Optional[int]]


@dataclass(frozen=True)
class Cause:
    """One line of a file, and one thing that is wrong there.

    Attributes:
        path: As it is displayed, with ``/`` on every system.
        line, column: 1-based; None where the key stands in no line (a default, a config in memory).
        finding: What is found there, as the first config has it.
        configs: The paths of the configs that have it, displayed alike, in the order of the report.
    """

    path: str
    line: Optional[int]
    column: Optional[int]
    finding: Finding
    configs: Tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """The same as long as the same is wrong with the same key of the same file: no line, no message."""
        parts = (self.path, self.finding.code, format_key(self.finding.key))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def where(self) -> str:
        """``in 1000 configs: a.py, b.py, c.py and 997 more``; empty where it is the config itself."""
        names = self.configs
        if len(names) == 1:
            return "" if names[0] == self.path else say("in {config}", config=names[0])
        named = ", ".join(names[:_MOST_NAMED])
        if len(names) > _MOST_NAMED:
            named = say("{names} and {count} more", names=named, count=len(names) - _MOST_NAMED)
        return say("in {count} configs: {names}", count=len(names), names=named)

    def fails(self, report: Report) -> bool:
        """Whether it makes the run of this report fail."""
        return bool(failing((self.finding,), report.fail_on))


def causes(report: Report) -> List[Cause]:
    """The findings of a report, those of one cause together, in the order in which they come first."""
    found: Dict[Tuple[_Place, Tuple[object, ...]], Tuple[Finding, Dict[str, None]]] = {}
    for config in report.configs:
        own = shown(config.path)
        for finding in config.findings:
            place: _Place = (own, None, None)
            if finding.origins:
                path, line, column = finding.origins[0]
                place = (shown(path), line, column)
            what = (finding.code, finding.severity, finding.confidence, finding.message, finding.key)
            found.setdefault((place, what), (finding, {}))[1][own] = None
    return [Cause(*place, finding, tuple(configs)) for (place, _), (finding, configs) in found.items()]


def distinct(fingerprints: Iterable[str]) -> Iterator[str]:
    """The same fingerprints, those that come again made different: within a report each stands once."""
    seen: Dict[str, int] = {}
    for fingerprint in fingerprints:
        number = seen[fingerprint] = seen.get(fingerprint, 0) + 1
        again = f"{fingerprint} {number}".encode()
        yield fingerprint if number == 1 else hashlib.sha256(again).hexdigest()


def shown(path: str) -> str:
    """A path as machines want it: relative to the working directory where it is below that, with ``/``."""
    return display_path(path).replace(os.sep, "/")
