"""Findings in the light of a proof: what was suspected, and what a rehearsal has shown of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterable, List, Optional, Sequence, Tuple

from mmfix.ddp import Outcome
from mmfix.findings import Finding, Remedy
from mmfix.proofs.measured import CUT_SHORT, is_about, outcomes_of, with_proof
from mmfix.proofs.price import price
from mmfix.proofs.types import NEVER, NOT_PROVED, READY_TWICE, SOMETIMES, UNTRAINED, Proof, RemedyResult
from mmfix.rules import judge, rule_of
from mmfix.rules.common import stops
from mmfix.training.types import Rehearsed, TrainingSetup
from mmfix.wording import say


def judged(setup: TrainingSetup, proof: Proof, date: str = "") -> Tuple[Finding, ...]:
    """What :func:`mmfix.rules.judge` finds in the measured setup, and what became of each suspicion.

    A finding whose predicted outcome showed is ``proven``, with the first line of the error text. One that
    predicts what did not show is left out if it was likely or possible, and says so if it follows from the
    framework's code. A failure that no rule explains is MMF116. Cures that were rehearsed say how it went;
    those that failed are left out.

    Args:
        setup: As read from the config.
        proof: A proof that holds for it.
        date: The day of the rehearsal.
    """
    return in_light_of(setup, with_proof(setup, proof, date), proof)


def in_light_of(setup: TrainingSetup, measured: TrainingSetup, proof: Proof) -> Tuple[Finding, ...]:
    """The same for a setup in which what was seen has taken the place of what was suspected.

    Args:
        setup: As read from the config.
        measured: With the facts that were seen, and what they are known from (``rehearsed``).
        proof: What was seen: its outcome, the parameters, cures that were tried.
    """
    suspected = judge(setup)
    seen = measured.rehearsed
    if seen is None or setup.wrapper == "none":
        return suspected
    found = judge(measured)
    if not setup.decided_elsewhere:  # the training script may do something else
        told = [_told(measured, proof, seen, finding) for finding in found]
        found = _explained([finding for finding in told if finding], measured, seen)
        found = (*found, *_refuted(setup, proof, seen, suspected, found))
    return with_tried(found, proof)


def with_tried(findings: Iterable[Finding], proof: Proof) -> Tuple[Finding, ...]:
    """The findings; their cures say how a rehearsal of them went, and those that failed are left out."""
    return tuple(replace(item, remedies=_rehearsed(item.remedies, proof)) for item in findings)


def taken_back(setup: TrainingSetup, found: Sequence[Finding]) -> Tuple[Finding, ...]:
    """The errors and warnings that stood without the proof and stand no longer, worst first as they were.

    Not one in whose place something else was proven of the same key.

    Args:
        setup: As read from the config.
        found: What :func:`judged` has made of it.
    """
    there = {(finding.code, finding.key) for finding in found}
    explained = {finding.key for finding in found if finding.confidence == "proven"}
    return tuple(
        finding
        for finding in judge(setup)
        if finding.severity != "note"
        and (finding.code, finding.key) not in there
        and finding.key not in explained
    )


def predicted(setup: TrainingSetup, finding: Finding) -> Optional[str]:
    """The outcome that a finding says the run will have; None for one that speaks of no outcome."""
    return rule_of(finding).predicted(setup, finding)


def _told(setup: TrainingSetup, proof: Proof, seen: Rehearsed, finding: Finding) -> Optional[Finding]:
    """The finding, as sure as the proof makes it; None for a suspicion that did not show."""
    says = predicted(setup, finding)
    if says in (None, Outcome.OK.value):
        return finding
    if says in outcomes_of(proof.rehearsal):
        return _proven(finding, seen) if _is_shown(setup, proof, finding, str(says)) else finding
    if finding.confidence == "proven":
        ended = say("counted in the rehearsal, which ended in {outcome}", outcome=seen.outcome)
        return replace(finding, confidence="likely", evidence=(*finding.evidence, ended))
    if seen.outcome in CUT_SHORT or rule_of(finding).comes_late:
        return finding
    return _with_line(finding, seen) if finding.confidence == "certain" else None


def _is_shown(setup: TrainingSetup, proof: Proof, finding: Finding, says: str) -> bool:
    """Whether the outcome showed at the parameters the finding is about, as far as they are told."""
    wanted: Tuple[str, ...] = (NEVER, SOMETIMES, UNTRAINED)
    if says == Outcome.READY_TWICE.value:
        wanted = (READY_TWICE,)
    elif says == Outcome.UNTRAINED.value or _is_cut_off(finding):
        wanted = (UNTRAINED,)
    elif says != Outcome.UNUSED.value:
        return True
    groups = [group for group in proof.rehearsal.groups if group.status in wanted]
    if finding.confidence == "proven" or not groups:
        return True
    sites = [site for site in setup.checkpoints if site.key == finding.key]
    return any(is_about(setup, site.key, site.value, group) for site in sites for group in groups)


def _is_cut_off(finding: Finding) -> bool:
    """Whether it is about parameters that stay untrained, whatever the run ends in."""
    traits = rule_of(finding).traits
    return traits is not None and not traits.input_has_grad


def _proven(finding: Finding, seen: Rehearsed) -> Finding:
    """The finding, with what was seen: once in the evidence, and no more ``may`` in the message."""
    lines = list(finding.evidence)
    if not any(line.startswith(seen.line) for line in lines):
        lines.append(f"{seen.line}: {seen.outcome}{f', {seen.what}' if seen.what else ''}")
    if seen.error and seen.error not in lines:
        lines.append(seen.error)
    return replace(
        finding,
        severity="error" if finding.severity == "warning" else finding.severity,
        confidence="proven",
        message=finding.message.replace(stops("possible"), stops("proven")),
        evidence=tuple(lines),
    )


def _explained(findings: List[Finding], setup: TrainingSetup, seen: Rehearsed) -> Tuple[Finding, ...]:
    """The findings, without the last resort where another one has the proven outcome."""
    others = [finding for finding in findings if not rule_of(finding).last_resort]
    known = any(item.confidence == "proven" and predicted(setup, item) == seen.outcome for item in others)
    return tuple(others if known else findings)


def _refuted(
    setup: TrainingSetup,
    proof: Proof,
    seen: Rehearsed,
    suspected: Iterable[Finding],
    found: Sequence[Finding],
) -> Tuple[Finding, ...]:
    """What follows from the framework's code and did not show: kept, with a line that says so.

    Not where something else was proven of the same key.
    """
    there = {(finding.code, finding.key) for finding in found}
    explained = {finding.key for finding in found if finding.confidence == "proven"}
    fine = {None, Outcome.OK.value, *outcomes_of(proof.rehearsal)}
    return tuple(
        _with_line(finding, seen)
        for finding in suspected
        if finding.confidence == "certain"
        and predicted(setup, finding) not in fine
        and (finding.code, finding.key) not in there
        and finding.key not in explained
    )


def _with_line(finding: Finding, seen: Rehearsed) -> Finding:
    return replace(finding, evidence=(*finding.evidence, say("did not show when {proof}", proof=seen.line)))


def _rehearsed(remedies: Iterable[Remedy], proof: Proof) -> Tuple[Remedy, ...]:
    """The cures, each with what its rehearsal showed; without those that failed."""
    kept = []
    for remedy in remedies:
        result = _result(remedy, proof)
        if result is None or result.outcome == NOT_PROVED:
            kept.append(remedy)
        elif result.outcome == Outcome.OK.value:
            cost = price(result.activation_bytes, result.step_seconds, proof.rehearsal)
            kept.append(replace(remedy, rehearsed=f"OK, {cost}" if cost else "OK"))
    return tuple(kept)


def _result(remedy: Remedy, proof: Proof) -> Optional[RemedyResult]:
    """The rehearsal of a cure: of the same name, and with the same overrides if they were told."""
    texts = tuple(str(override) for override in remedy.overrides)
    return next(
        (item for item in proof.remedies if item.name == remedy.name and item.overrides in ((), texts)), None
    )
