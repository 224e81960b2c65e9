"""Cures with their prices, and what else checks and patches say alike."""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

from mmfix.config.keypath import format_key
from mmfix.findings import Finding, Override, Remedy
from mmfix.report.text.words import Paint, count, row
from mmfix.results.checked import ProofUsed
from mmfix.results.place import display_path


def remedy_rows(remedy: Remedy, label: str, paint: Paint) -> Iterator[str]:
    """A cure, its price, what it assumes and what it sets."""
    yield row(label, f"{paint(remedy.name, 'strong')} ({standing(remedy)}): {remedy.cost}")
    for line in remedy.assumes:
        yield row("", f"    assumes: {line}")
    for override in remedy.overrides:
        yield row("", f"    {override_line(override)}")


def standing(remedy: Remedy) -> str:
    """``safe``, ``review; rehearsed: OK, step 0.82 s``."""
    return f"{remedy.disposition}; rehearsed: {remedy.rehearsed}" if remedy.rehearsed else remedy.disposition


def override_line(override: Override) -> str:
    """``model.backbone.with_cp = False``."""
    return f"{format_key(override.key)} = {override.value!r}"


def word_of(proof: Optional[ProofUsed]) -> str:
    """Who says that a finding does not hold, and when: a proof file is text that anybody can write."""
    if proof is None:
        return ""
    who = f"by {proof.by}" if proof.by else "by nobody it names"
    return f"{display_path(proof.file)}, {who}: {proof.says}; --no-proofs judges without it"


def interrupted_line(interrupted: Optional[Tuple[int, int]], paint: Paint) -> Iterator[str]:
    """That the run was ended, and how far it came; nothing for one that came to its end."""
    if interrupted is not None:
        done, planned = interrupted
        yield f"{paint('interrupted', 'warning')}: {done} of {count(planned, 'file')} looked at"


def is_possible(finding: Finding) -> bool:
    """Whether it is no more than possible."""
    return finding.confidence == "possible"
