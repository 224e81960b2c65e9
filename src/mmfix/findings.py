"""What mmfix says: findings, remedies, overrides. Plain data for rules, remedies, patch and report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Tuple

from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.origin import Origin
from mmfix.python.place import Place

#: From worst to mildest.
SEVERITIES = ("error", "warning", "note")
#: From best known to least: rehearsed; follows from the framework's code; read from model code; a pattern.
CONFIDENCES = ("proven", "certain", "likely", "possible")


@dataclass(frozen=True)
class Override:
    """One key path, the value it gets, and why."""

    key: KeyPath
    value: Any
    reason: str

    def __str__(self) -> str:
        return f"{format_key(self.key)} = {self.value!r}"


class KeyMove(NamedTuple):
    """A key of a config that gets another name where it stands, or goes.

    Attributes:
        key: The key as it is.
        to: Its last part afterwards; empty where it goes, with its value.
    """

    key: KeyPath
    to: str = ""


@dataclass(frozen=True)
class CodeSpot:
    """A line of the user's own code that a cure changes.

    Attributes:
        path: The file, absolute, without links.
        line: 1-based.
        called: The lines that call the function it is in. Where that function only passes on what the cure
            sets, these are changed.
    """

    path: str
    line: int
    called: Tuple[Place, ...] = ()


@dataclass(frozen=True)
class Remedy:
    """A named cure.

    Attributes:
        name: Stable, as typed after ``--remedy``: ``checkpoint-off``, ``find-unused``, ``static-graph``, ...
        disposition: ``safe`` (same gradients, same parameters, no new way to fail; may cost memory or
            time) or ``review`` (changes training, or rests on what ``assumes`` says).
        cost: What it costs, one line.
        overrides: What the patch sets. Empty: nothing a config can say (the cost line says what to do).
        assumes: What must hold for a ``review`` remedy, one line each.
        rehearsed: What a rehearsal with it showed, ``OK, activations 25 MB, step 0.82 s``; empty without one.
        code: The lines of the user's own code that it changes instead; it is applied by its name alone.
        needs: The line to type before it can be applied; empty where nothing is missing.
        moves: The keys that are renamed, or go, where a patch changes what stands in the file
            (``--in-place-value``); by ``overrides`` alone they stay.
    """

    name: str
    disposition: str
    cost: str
    overrides: Tuple[Override, ...]
    assumes: Tuple[str, ...] = ()
    rehearsed: str = ""
    code: Tuple[CodeSpot, ...] = ()
    needs: str = ""
    moves: Tuple[KeyMove, ...] = ()

    @property
    def can_be_written(self) -> bool:
        """Whether ``mmfix patch --remedy NAME`` applies it; otherwise it is done by hand."""
        return bool(self.overrides or self.code)


@dataclass(frozen=True)
class Finding:
    """One thing that will crash or silently go wrong.

    Attributes:
        code: Stable rule code, ``MMF101``.
        name: The rule's name, ``reentrant-checkpoint-with-find-unused``.
        severity: One of :data:`SEVERITIES`.
        confidence: One of :data:`CONFIDENCES`.
        message: What will happen and why, plain words, one or two sentences.
        key: The key path that decides it.
        origins: Where that key was set: the setter first, then what it overrode or read. Empty in memory
            or when an absent key (a default) decides.
        evidence: How it is known, one line each (framework source, table row).
        remedies: Cures, best first; the first ``safe`` one is what ``mmfix patch`` applies.
        part: The part of the model that it is about, as ``named_modules()`` has it, where the key alone does
            not tell; else empty.
        known: What it rests on if it is *likely*, a clause, where that is not the source of the model.
        cause: The sentence of the fact behind it, as the message has it; empty where it is about no fact.
    """

    code: str
    name: str
    severity: str
    confidence: str
    message: str
    key: KeyPath
    origins: Tuple[Origin, ...] = ()
    evidence: Tuple[str, ...] = ()
    remedies: Tuple[Remedy, ...] = ()
    part: str = ""
    known: str = ""
    cause: str = ""
