"""What rules share: how a finding is put together, and the words for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Optional, Tuple

from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.origin import Origin, Unknown
from mmfix.ddp import Outcome, Settings, Traits, outcome
from mmfix.findings import CONFIDENCES, Finding
from mmfix.remedies.graph import (
    dead_find_unused,
    is_certain,
    outcomes,
    possible,
    reentrant_sites,
    suspected,
)
from mmfix.rules.rule import Rule
from mmfix.training.activation import KEY as ACTIVATION
from mmfix.training.types import CheckpointSite, ModelFact, TrainingSetup
from mmfix.wording import mark, say

TWICE = "'Expected to mark a variable ready only once'"
#: Evidence: a row of the outcome table.
MEASURED = mark("torch DDP, measured: {row}")
NO_GRADIENT = say(MEASURED, row=say("a parameter without a gradient, find_unused_parameters off"))
FROZEN_LATE = say(MEASURED, row=say("parameters frozen after the wrap, find_unused_parameters off"))
REENTRANT = say(MEASURED, row=say("reentrant checkpoint, find_unused_parameters on"))
UNUSED = "'Expected to have finished reduction in the prior iteration'"


def make(
    rule: Rule,
    setup: TrainingSetup,
    *,
    key: KeyPath,
    confidence: str,
    message: str,
    evidence: Tuple[str, ...],
    severity: Optional[str] = None,
    part: str = "",
    cause: str = "",
) -> Finding:
    """A finding of ``rule``; remedies are attached later, for the whole setup at once.

    Without ``severity``, what is at least likely is an ``error`` and what is only possible a ``warning``.
    """
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=severity or ("warning" if confidence == "possible" else "error"),
        confidence=confidence,
        message=message,
        key=key,
        origins=origins(setup, key),
        evidence=tuple(dict.fromkeys(evidence)),  # one class may be behind two facts
        part=part,
        known=rule.known,
        cause=cause,
    )


def waits(
    rule: Rule,
    setup: TrainingSetup,
    fact: ModelFact,
    template: str,
    evidence: Tuple[str, ...],
    part: str = "",
) -> Finding:
    """A finding on parameters whose gradient DDP waits for in vain.

    Args:
        rule: Whose it is.
        setup: Where DDP waits.
        fact: Why they get none.
        template: The message, with the fields why, setting, stops and error.
        evidence: How it is known.
        part: As in :class:`Finding`.
    """
    message = say(
        template,
        why=fact.why,
        setting=find_unused_text(setup),
        stops=stops(fact.confidence),
        error=UNUSED,
    )
    return make(
        rule,
        setup,
        key=fact.key,
        confidence=fact.confidence,
        message=message,
        evidence=evidence,
        part=part,
        cause=fact.why,
    )


def origins(setup: TrainingSetup, key: KeyPath) -> Tuple[Origin, ...]:
    """Where ``key`` was set, newest first; empty for a default or a config in memory."""
    blame = setup.document.blame(key)
    return () if blame is None else blame.chain()


def weaker(*confidences: str) -> str:
    """The least of several confidences: a chain is as strong as its weakest link."""
    return max(confidences, key=CONFIDENCES.index)


def at_most(finding: Finding, confidence: str) -> Finding:
    """The finding, no surer than ``confidence``; what is only possible is a warning."""
    weak = weaker(finding.confidence, confidence)
    severity = "warning" if weak == "possible" and finding.severity == "error" else finding.severity
    return replace(finding, confidence=weak, severity=severity)


def site_confidence(setup: TrainingSetup, site: CheckpointSite) -> str:
    """``certain`` if known to be reentrant and on, ``likely`` if its input may have no gradient."""
    if not is_certain(setup, site):
        return "possible"
    return "certain" if site.guarded is True or site.input_has_grad else "likely"


def sites_by_key(setup: TrainingSetup) -> Tuple[CheckpointSite, ...]:
    """The checkpoints that are or may be reentrant, one for each key: one key may switch several parts.

    Those that are cut off (MMF110) are not among them; of one key's parts, the best known one is taken.
    """
    sites: Dict[KeyPath, CheckpointSite] = {}
    for site in reentrant_sites(setup):
        if site.input_has_grad is not False and (site.key not in sites or site.input_has_grad):
            sites[site.key] = site
    return tuple(sites.values())


def describe(site: CheckpointSite) -> str:
    """``the reentrant gradient checkpoint in ResNet``, as sure as it is known."""
    if not site.known and not site.in_config:  # only a rehearsal has seen it
        return say("a reentrant gradient checkpoint in {type}", type=site.type_name)
    if not site.known:
        return say(
            "what looks like a gradient checkpoint in {type} ({key})", type=site.type_name, key=site.key[-1]
        )
    if site.reentrant is None:
        return say(
            "the gradient checkpoint in {type} (reentrant or not: its library decides)", type=site.type_name
        )
    if isinstance(site.value, Unknown):
        return say(
            "the reentrant gradient checkpoint in {type} (if {key} switches it on)",
            type=site.type_name,
            key=site.key[-1],
        )
    if isinstance(site.value, str) and site.key != ACTIVATION:
        return say(
            "the reentrant gradient checkpoint in {type} ({key}={value!r} is text, and any text counts as "
            "true)",
            type=site.type_name,
            key=site.key[-1],
            value=site.value,
        )
    if not site.in_config:
        return say("the reentrant gradient checkpoint in {type}, which is on by default", type=site.type_name)
    return say("the reentrant gradient checkpoint in {type}", type=site.type_name)


def asks_for_find_unused(setup: TrainingSetup) -> str:
    """Evidence: what switches ``find_unused_parameters`` on."""
    key, script = setup.find_unused.key, setup.script
    read = script.find_unused if script else None
    if script is not None and read is not None and (key is None or read.negated):
        place = script.where(read.place)
        if read.key is None:
            return say("{place}: find_unused_parameters is True always", place=place)
        if key is None:
            return say("{place}: find_unused_parameters is True by default", place=place)
        return say(
            "{place}: find_unused_parameters is True because of {key}", place=place, key=format_key(read.key)
        )
    if key is None:
        return say("find_unused_parameters: this project's default")
    value = setup.document.get(key, True)
    if isinstance(value, str):
        return say("{key} = {value!r}: text, and any text counts as true", key=format_key(key), value=value)
    return f"{format_key(key)} = True"


def surely_on(setup: TrainingSetup) -> str:
    """How sure it is that ``find_unused_parameters`` is on: the config or the script at hand says so."""
    read = setup.script.find_unused if setup.script else None
    return "likely" if setup.find_unused.key is None and read is None else "certain"


def stops(confidence: str) -> str:
    """The verb of a message: ``stops``, or ``may stop`` when it is only possible."""
    return say("may stop") if confidence == "possible" else say("stops")


def ends_in(settings: Settings, traits: Traits, expected: Outcome) -> bool:
    """Whether the run ends in ``expected``."""
    return outcome(settings, traits) is expected


def matters(setup: TrainingSetup) -> bool:
    """Whether ``find_unused_parameters`` changes any outcome; under static graph it does not."""
    graphs = possible(setup)
    on, off = (replace(setup.settings, find_unused_parameters=value) for value in (True, False))
    return outcomes(on, graphs) != outcomes(off, graphs)


def is_told_elsewhere(setup: TrainingSetup) -> bool:
    """Whether a rule about unused or frozen parameters reports that ``find_unused_parameters`` is off."""
    if setup.wrapper != "ddp":
        return False
    graph = suspected(setup)
    return ends_in(setup.settings, Traits(unused=graph.unused, late_freeze=graph.late_freeze), Outcome.UNUSED)


def find_unused_text(setup: TrainingSetup) -> str:
    """``find_unused_parameters is off``, and why the key that asks for it does not help."""
    dead = dead_find_unused(setup)
    if not dead:
        return say("find_unused_parameters is off")
    where = format_key(setup.wrapper_key) or say("the top level")
    script = setup.script
    if script is not None and script.find_unused is not None:
        read = script.find_unused
        reads = format_key(read.key) if read.key else say("nothing")
        where = f"{reads}, {script.where(read.place)}"
    return say(
        "find_unused_parameters is off ({key} is ignored here; only {where} is read)",
        key=format_key(dead[0]),
        where=where,
    )
