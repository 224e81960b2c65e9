"""What an explanation of a log returns. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional, Tuple

if TYPE_CHECKING:  # a log without a config is explained without the rooms for configs
    from mmfix.config.keypath import KeyPath
    from mmfix.config.origin import Origin
    from mmfix.findings import Finding, Remedy

#: The id of a diagnosis that knows no error.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Parameter:
    """A parameter that an error is about.

    Attributes:
        index: As DDP counts: the trainable parameters at the wrap, in the order of ``named_parameters()``.
        name: ``backbone.layer1.0.conv1.weight``.
        key: The config dict that made the module that holds it.
    """

    index: Optional[int]
    name: Optional[str]
    key: Optional[KeyPath] = None


@dataclass(frozen=True)
class Diagnosis:
    """What happened, why, where, and what to do.

    Attributes:
        id: Stable, that of its :class:`Kind`; ``unknown`` when no known error was found.
        title: What it is, a few words.
        outcome: An outcome of :mod:`mmfix.ddp`, or None.
        confidence: How surely the cause is known: ``proven``, ``certain``, ``likely`` or ``possible``.
        explanation: What happened and why.
        line: The line of the log; None when nothing was found.
        rank: Who wrote it.
        excerpt: That line, cut.
        parameters: Those that it is about.
        warns: The message is a warning, which ended no run.
        evidence: How it is known, one line each.
        places: Keys it is about, and where each is set (None: not in a file).
        findings: What of the config explains it.
        remedies: Cures, best first.
        hints: What to do, where no cure can be written into a config.
        config: The config it was judged with: a path, or where in the log it stands; empty without one.
        path: The file that a cure can be written into; empty when there is none.
        typed: Keys that the command line sets: it wins over the file.
        fits: A run of the config can end so.
        command: A line to paste; empty when no cure can be written.
        notes: What else to know.
        others: Further diagnoses of the same log.
    """

    id: str
    title: str
    outcome: Optional[str]
    confidence: str
    explanation: str
    line: Optional[int] = None
    rank: Optional[int] = None
    excerpt: str = ""
    parameters: Tuple[Parameter, ...] = ()
    warns: bool = False
    evidence: Tuple[str, ...] = ()
    places: Tuple[Tuple[KeyPath, Optional[Origin]], ...] = ()
    findings: Tuple[Finding, ...] = ()
    remedies: Tuple[Remedy, ...] = ()
    hints: Tuple[str, ...] = ()
    config: str = ""
    path: str = ""
    typed: Tuple[KeyPath, ...] = ()
    fits: bool = True
    command: str = ""
    notes: Tuple[str, ...] = ()
    others: Tuple[Diagnosis, ...] = ()

    @property
    def known(self) -> bool:
        """False when no known error was found."""
        return self.id != UNKNOWN

    def __str__(self) -> str:
        from mmfix.report.text.diagnosis import render_text

        return render_text(self)
