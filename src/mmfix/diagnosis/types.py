"""The words of an explanation: kinds of errors, what a log says, and the diagnosis."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Mapping, NamedTuple, Optional, Pattern, Tuple

if TYPE_CHECKING:  # a log without a config is explained without the rooms for configs
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath
    from mmfix.findings import Finding, Remedy
    from mmfix.training.types import TrainingSetup

#: What a message is to the run: it ended it; it only warned; it is what other ranks say when one has ended.
CAUSE, WARNING, CONSEQUENCE = "cause", "warning", "consequence"
#: What a sign is worth without another one of its kind: it is likely this; it may be anything.
LIKELY, NOTHING = "likely", "nothing"


class Sign(NamedTuple):
    """A part of a message that is always the same, without its white space.

    Attributes:
        start: Fixed text.
        rest: What must follow it, with named groups for what changes; None: nothing.
        line: What the line must have in which it starts, spaces and all; None: nothing.
        above: What one of the files of the traceback above must have, if there is one; None: nothing.
        alone: Empty: it shows its kind; else :data:`LIKELY` or :data:`NOTHING`, if it is the only one.
    """

    start: str
    rest: Optional[Pattern[str]] = None
    line: Optional[Pattern[str]] = None
    above: Optional[Pattern[str]] = None
    alone: str = ""


def sign(start: str, rest: str = "", line: str = "", above: str = "", alone: str = "") -> Sign:
    """A :class:`Sign` from text as people read it; all but ``start`` are regular expressions.

    Spaces in ``start`` and ``rest`` are for the reader: both are looked for in text without any.
    """
    packed = "".join(rest.split())
    patterns = [re.compile(text) if text else None for text in (packed, line, above)]
    return Sign("".join(start.split()), patterns[0], patterns[1], patterns[2], alone)


class Variant(NamedTuple):
    """Another explanation of the same message, where it says more; no config can hold a cure then.

    Attributes:
        explanation: Instead of that of the kind.
        hints: Instead of those of the kind.
    """

    explanation: str
    hints: Tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """An error that mmfix can explain. Each has a file of its own in ``diagnosis/kinds``.

    Attributes:
        id: Stable: ``marked-ready-twice``.
        title: What it is, a few words without anything from the log.
        message: The words of it that people search for.
        outcome: The outcome of :mod:`mmfix.ddp` that it is; None for one outside the reducer.
        detail: A sentence with the names of its fields in braces; told where the message has them all.
        more: Sentences on what else it says.
        of_losses: The names it lists are those of losses, not of parameters.
        takes: Kinds whose lists of parameters are part of this message.
        role: :data:`CAUSE`, :data:`WARNING` or :data:`CONSEQUENCE`.
        signs: Any of them in a log shows it.
        explanation: What happened and why, in plain words.
        hints: What to do where no cure can be offered, best first.
        left: What to do instead of the hints, where the config is known.
        general: Gives the cures when no config is at hand, without overrides.
        confidence: How surely the message alone tells the cause: ``certain`` or ``possible``.
        rules: Codes of findings of the config that are about this error.
        places: The keys of a config that it is about.
        cures: Cures that the rules do not bring.
        variants: By the name of a field that the message then has.
        needs_place: The message alone may be anything; it counts if the config has such a place.
    """

    id: str
    title: str
    message: str
    outcome: Optional[str]
    signs: Tuple[Sign, ...]
    explanation: str
    hints: Tuple[str, ...]
    detail: str = ""
    more: Optional[Callable[[Sighting], Tuple[str, ...]]] = None
    of_losses: bool = False
    takes: Tuple[str, ...] = ()
    role: str = CAUSE
    confidence: str = "certain"
    rules: Tuple[str, ...] = ()
    places: Optional[Callable[[ConfigDocument, Sighting], Tuple[KeyPath, ...]]] = None
    cures: Optional[Callable[[TrainingSetup, Sighting], Tuple[Remedy, ...]]] = None
    variants: Mapping[str, Variant] = field(default_factory=dict)
    left: Optional[Callable[[TrainingSetup], Tuple[str, ...]]] = None
    general: Optional[Callable[[], Tuple[Remedy, ...]]] = None
    needs_place: bool = False


@dataclass(frozen=True)
class Listed:
    """The parameters that one rank names.

    Attributes:
        rank: None when the message does not say.
        indices: Of the trainable parameters at the wrap, ascending.
        names: As torch prints them; not in the order of the indices.
        cut: torch shows the first 100 indices only.
    """

    rank: Optional[int]
    indices: Tuple[int, ...] = ()
    names: Tuple[str, ...] = ()
    cut: bool = False


@dataclass(frozen=True)
class Sighting:
    """One kind of error in one run.

    Attributes:
        kind: What it is.
        run: Number of the run in the log, from 0.
        line: The first line that shows it.
        rank: The rank that wrote it; None when that is not said.
        excerpt: That line, cut.
        listed: The parameters it names, by rank.
        fields: What else it names: ``{"type": "ResNett"}``; ``ended``: a warning's run died of it.
        alone: What its surest sign is worth, as :attr:`Sign.alone`.
    """

    kind: Kind
    run: int
    line: int
    rank: Optional[int]
    excerpt: str
    listed: Tuple[Listed, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    alone: str = ""

    @property
    def ended(self) -> bool:
        """Whether the run died of it."""
        return self.kind.role == CAUSE or "ended" in self.fields


@dataclass(frozen=True)
class LoggedError:
    """An exception in a log, known or not: its last line, ``KeyError: 'img'``."""

    line: int
    rank: Optional[int]
    text: str
    run: int = 0


@dataclass(frozen=True)
class ConfigInLog:
    """The config that a run printed.

    Attributes:
        line: The line of the log where its text begins.
        text: As printed, ``model = dict(...)``.
        pasted: Somebody has put it there, maybe only a part of it; no run has printed it.
    """

    line: int
    text: str
    pasted: bool = False


@dataclass(frozen=True)
class Command:
    """The command line that started a run, as far as the log shows it.

    Attributes:
        line: Where.
        config: The config's path as it was typed.
        options: ``--cfg-options``, each ``key=value``.
        script: The training script's path as it was typed.
    """

    line: int
    config: str
    options: Tuple[str, ...] = ()
    script: str = ""


@dataclass(frozen=True)
class Run:
    """What a log says of one run.

    Attributes:
        config: The config it printed.
        command: The command that started it.
        iterations: It made at least this many iterations before its first error; 0: none are shown.
        torch: The version it printed, empty if none.
        reentrant: A traceback goes through the backward pass of a reentrant checkpoint.
        resumed: It went on from a checkpoint.
        files: The files of its tracebacks that belong to no installed package.
        nan: The first line in which the loss is NaN; 0: there is none.
    """

    config: Optional[ConfigInLog] = None
    command: Optional[Command] = None
    iterations: int = 0
    torch: str = ""
    reentrant: bool = False
    resumed: bool = False
    files: Tuple[str, ...] = ()
    nan: int = 0


@dataclass(frozen=True)
class LogReading:
    """All that was read from a log.

    Attributes:
        sightings: Known errors, in the order of the log.
        errors: Exceptions, known or not, in the order of the log; the first of each run and rank.
        runs: At least one.
        cut_short: The log ends within a traceback, before its message.
        last_frame: The last line of code named before that, ``File "...", line 10, in forward``.
        lines: How many lines it has.
        follows: What launchers and waiting ranks say when a process has died, in the order of the log.
        is_empty: There is nothing in it.
    """

    sightings: Tuple[Sighting, ...]
    errors: Tuple[LoggedError, ...]
    runs: Tuple[Run, ...]
    cut_short: bool = False
    last_frame: str = ""
    lines: int = 0
    follows: Tuple[LoggedError, ...] = ()
    is_empty: bool = False


@dataclass(frozen=True)
class Judged:
    """A config and a log together.

    Attributes:
        findings: What explains the log, the surest first.
        remedies: Cures for the setup as a whole.
        fits: A run of this config can end so; otherwise the findings are about the config alone.
        weighed: How well the findings fit the parameters that the log lists, one line each.
    """

    findings: Tuple[Finding, ...]
    remedies: Tuple[Remedy, ...]
    fits: bool
    weighed: Tuple[str, ...] = ()
