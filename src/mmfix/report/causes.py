"""Findings by what causes them: what many configs have from one line, of a base or of code, is told once."""

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
    found: Dict[Tuple[object, ...], Tuple[Finding, Dict[str, None]]] = {}
    for config in report.configs:
        own = shown(config.path)
        for finding in config.findings:
            found.setdefault(cause_of(finding, own), (finding, {}))[1][own] = None
    return [_told(finding, tuple(configs)) for finding, configs in found.values()]


def cause_of(finding: Finding, config: str) -> Tuple[object, ...]:
    """The same for two findings that one line causes.

    Where no config has that line, it is in the code that is the evidence: a default of a class, of a script.
    """
    place = finding.origins[0] if finding.origins else finding.evidence or config
    return (place, finding.code, finding.severity, finding.confidence, finding.message, finding.key)


def _told(finding: Finding, configs: Tuple[str, ...]) -> Cause:
    if not finding.origins:
        return Cause(configs[0], None, None, finding, configs)
    path, line, column = finding.origins[0]
    return Cause(shown(path), line, column, finding, configs)


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
