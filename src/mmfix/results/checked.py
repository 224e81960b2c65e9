"""What a check returns. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, Optional, Tuple

from mmfix.config.origin import MissingBase
from mmfix.findings import CONFIDENCES, SEVERITIES, Finding
from mmfix.results.judged import Judged
from mmfix.results.suppressed import IgnoreUse, Suppressed

#: Severities that make a config fail; a note informs and never fails a run.
FAILING = ("error", "warning")


@dataclass(frozen=True)
class Problem:
    """Why the job could not be done for one config, in one line.

    Attributes:
        kind: ``config`` (the config cannot be read), ``settings`` (a settings file or a baseline cannot be
            used), ``patch`` (a patch was refused), ``system`` (permission, disk) or ``internal`` (a mistake
            in mmfix).
        message: What is wrong.
        path: The file it is about; may be a base of the config.
        line: 1-based line in that file, if known.
        hint: What to do about it; may be empty.
    """

    kind: str
    message: str
    path: Optional[str] = None
    line: Optional[int] = None
    hint: str = ""


@dataclass(frozen=True)
class ProofUsed:
    """What ``mmfix prove CFG --save`` kept of a config.

    Attributes:
        fresh: The proof still holds, and the findings rest on it.
        why_stale: What has changed since; empty for a fresh one.
        date: The day of the rehearsal, ``2026-11-22``.
        outcome: The outcome of the config as it was.
        scenarios: Name and outcome of each.
        by: The login name that it was made under; empty where the file names nobody.
        file: The proof file.
        says: When and how it was rehearsed, one line. As the rest, it is the file's word.
    """

    fresh: bool
    why_stale: str
    date: str
    outcome: str
    scenarios: Tuple[Tuple[str, str], ...] = ()
    by: str = ""
    file: str = ""
    says: str = ""


@dataclass(frozen=True)
class ConfigReport:
    """What was found in one config.

    Attributes:
        path: Absolute path; ``<memory>`` for an in-memory config.
        era: ``mmcv1`` or ``mmengine``; None when it could not be read.
        kind: ``classic``, ``lazy``, ``json``, ``yaml`` or ``memory``; None when it could not be read.
        status: ``ok``, ``unreadable``, or ``skipped``: it can be read, but not judged (``judged`` says why).
        error: Why, where ``status`` is not ``ok``.
        findings: What will crash or silently go wrong, worst first.
        unknown: What could not be told and matters here, one line each.
        unread: Why the source of the model could not be followed; empty when it was.
        proof: The proof that is kept of it, fresh or stale; None without one.
        notes: What the reader must know, one line each: a stale proof, a broken proof file.
        judged: How much of it was judged, and why not all; None where nothing is known of that.
        missing: Bases that are not where it says.
        taken_back: Errors and warnings that would stand among the findings without the proof.
        suppressed: Findings that a comment, the settings or a baseline hides; they do not count.
        ignores: What the comments in its files did that ignore findings.
        docs_url: The address of the rules page, from the settings; may be empty.
    """

    path: str
    era: Optional[str]
    kind: Optional[str]
    status: str
    error: Optional[Problem] = None
    findings: Tuple[Finding, ...] = ()
    unknown: Tuple[str, ...] = ()
    unread: str = ""
    proof: Optional[ProofUsed] = None
    notes: Tuple[str, ...] = ()
    judged: Optional[Judged] = None
    missing: Tuple[MissingBase, ...] = ()
    taken_back: Tuple[Finding, ...] = ()
    suppressed: Tuple[Suppressed, ...] = ()
    ignores: Tuple[IgnoreUse, ...] = ()
    docs_url: str = ""


@dataclass(frozen=True)
class Report:
    """The result of a check: one entry a config, in the order they were read.

    Attributes:
        configs: One report a judged config.
        notes: What the reader of the report must know, one line each: a base that was judged through the
            configs that inherit it, an in-memory config without origins.
        fail_on: How sure an error or warning must be to fail (``settings.FAIL_ON``).
        allow_unjudged: That no config could be judged does not fail the run.
        interrupted: How many files were looked at before the run was ended, and how many there were; None for
            a run that came to its end.
    """

    configs: Tuple[ConfigReport, ...]
    notes: Tuple[str, ...] = ()
    fail_on: str = "likely"
    allow_unjudged: bool = False
    interrupted: Optional[Tuple[int, int]] = None

    @property
    def findings(self) -> Tuple[Finding, ...]:
        """The findings of all configs."""
        return tuple(finding for config in self.configs for finding in config.findings)

    @property
    def suppressed(self) -> Tuple[Suppressed, ...]:
        """The findings of all configs that are not shown."""
        return tuple(item for config in self.configs for item in config.suppressed)

    @property
    def summary(self) -> Dict[str, int]:
        """Counts of configs, what became of them, findings, those not shown, and of each severity."""
        findings = self.findings
        counts = {
            "configs": len(self.configs),
            "unreadable": sum(config.status == "unreadable" for config in self.configs),
            "skipped": sum(config.status == "skipped" for config in self.configs),
            "findings": len(findings),
            "suppressed": len(self.suppressed),
            "taken_back": sum(len(config.taken_back) for config in self.configs),
        }
        for severity in SEVERITIES:
            counts[severity] = sum(finding.severity == severity for finding in findings)
        return counts

    @property
    def exit_code(self) -> int:
        """0 clean, 1 errors or warnings of ``fail_on`` or surer, 2 one not readable, or none judged."""
        states = {config.status for config in self.configs}
        if "unreadable" in states or (states == {"skipped"} and not self.allow_unjudged):
            return 2
        return int(bool(failing(self.findings, self.fail_on)))

    def __str__(self) -> str:
        from mmfix.report.text.check import render_report
        from mmfix.report.text.problems import render_problems

        failed = (config for config in self.configs if config.status == "unreadable")
        problems = [(config.error, config.path) for config in failed if config.error]
        return render_problems(problems) + render_report(self)


def failing(findings: Iterable[Finding], fail_on: str = "possible") -> Tuple[Finding, ...]:
    """Errors and warnings that are as sure as ``fail_on``, or surer: by default all of them."""
    if fail_on == "never":
        return ()
    sure = CONFIDENCES[: CONFIDENCES.index(fail_on) + 1]
    return tuple(item for item in findings if item.severity in FAILING and item.confidence in sure)
