"""A config in the light of a log: what the run has shown takes the place of what was suspected.

The log of a run that died is an observation like a rehearsal (``mmfix prove``), and is judged by the same
code: facts about the parameters it names, then ``proofs.judged``, the rules and ``remedies.solve``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath, format_key, parse_key
from mmfix.config.names import type_name
from mmfix.ddp import Outcome, Unused
from mmfix.diagnosis.fitting import NO_LISTS, OPEN, OTHER, SHOWN, Fit, Lists, fits, is_within
from mmfix.diagnosis.types import Judged
from mmfix.findings import CONFIDENCES, Finding
from mmfix.proofs.judged import in_light_of, predicted, with_tried
from mmfix.proofs.measured import is_about, new_site, rehearsed, seen_facts
from mmfix.proofs.types import (
    NEVER,
    READY_TWICE,
    SOMETIMES,
    ParameterGroup,
    Proof,
    Rehearsal,
    RemedyResult,
)
from mmfix.remedies.graph import outcomes, possible, reentrant_sites
from mmfix.results.diagnosis import Parameter
from mmfix.rules import judge, rule_of
from mmfix.training.switches import WELL_KNOWN
from mmfix.training.types import CheckpointSite, ModelFact, TrainingSetup
from mmfix.wording import say

#: Errors that are about parameters: of others the message alone says what it was.
_OF_PARAMETERS = (Outcome.UNUSED.value, Outcome.READY_TWICE.value, Outcome.UNTRAINED.value)
_WHO = say("The logged run")


@dataclass(frozen=True)
class Seen:
    """What a log says of the reducer.

    Attributes:
        outcome: An outcome of :mod:`mmfix.ddp`.
        line: Where it says so, ``train.log:812``.
        error: The line itself.
        parameters: Those it names.
        varies: They are not the same in every iteration, or not on every rank.
        cut_off: A warning says that a checkpointed part has an input without a gradient.
        reentrant: A traceback goes through a reentrant checkpoint.
        remedies: What rehearsals of cures have shown, from a proof of this config.
        lists: The parameters that it lists.
        unsure: Its words may stand for something else, too.
    """

    outcome: str
    line: str
    error: str
    parameters: Tuple[Parameter, ...] = ()
    varies: bool = False
    cut_off: bool = False
    reentrant: bool = False
    remedies: Tuple[RemedyResult, ...] = ()
    lists: Lists = NO_LISTS
    unsure: bool = False


def judged(setup: TrainingSetup, seen: Seen) -> Judged:
    """The findings that explain what was seen, and the cures that hold with it."""
    weighed = fits(setup.facts, seen.lists) if seen.outcome == Outcome.UNUSED.value else {}
    if any(fact.varies for fact, fit in weighed.items() if fit.rank == SHOWN):
        seen = replace(seen, varies=True)  # its source says so, whatever iteration it was
    groups = _with_freezing(setup, groups_of(seen.parameters, setup.document, seen.outcome, seen.varies))
    setup = replace(setup, facts=tuple(_as_shown(fact, weighed.get(fact), seen) for fact in setup.facts))
    rehearsal = Rehearsal(seen.outcome, groups=groups)
    setup = replace(setup, checkpoints=_cut_off(setup) if seen.cut_off else setup.checkpoints)
    known = _surely(setup, seen)
    spoken = rehearsed(setup, rehearsal, groups, say("seen in {place}", place=seen.line))
    measured = replace(
        setup,
        facts=tuple(_facts(setup, rehearsal, seen, bool(known))),
        checkpoints=_checkpoints(setup, groups, seen),
        rehearsed=replace(spoken, who=_WHO, error=seen.error),
    )
    if Outcome(seen.outcome) not in outcomes(measured.settings, possible(measured)):
        return _misfit(measured, seen)
    proof = Proof(setup.document.path, rehearsal, seen.remedies)
    if groups or not (seen.unsure or seen.outcome in _OF_PARAMETERS):
        found = in_light_of(setup, measured, proof)
    else:  # the log does not say which parameters these are, so it proves no more than their number
        found = with_tried(judge(measured), proof)
    telling = [item for item in found if predicted(measured, item) == seen.outcome]
    remedies = next((item.remedies for item in telling if item.remedies), ())
    shown = [item for item in telling if not rule_of(item).last_resort and not _is_general(item)]
    shown += [item for item in found if rule_of(item).dead_key and item not in shown]
    told = sorted(shown, key=lambda item: (CONFIDENCES.index(item.confidence), _fit_of(item, weighed).rank))
    lines = [_fit_of(item, weighed).line for item in told]
    lines += [
        fit.line for fact, fit in weighed.items() if fit.rank == OTHER and fact.confidence != "possible"
    ]
    if told and not groups and seen.outcome == Outcome.READY_TWICE.value:
        lines.append(say("nothing here names that parameter: that it is in that checkpoint is not shown"))
    if told and _is_assumed(setup, groups, seen):
        lines[-1] = say(
            "no checkpoint is in sight; one is assumed in code that is not here ({why})", why=setup.unread
        )
    return Judged(tuple(told), remedies, True, tuple(line for line in dict.fromkeys(lines) if line))


def _as_shown(fact: ModelFact, fit: Optional[Fit], seen: Seen) -> ModelFact:
    """A suspicion, as sure as the log makes it."""
    if fit is None or fit.rank not in (SHOWN, OTHER):
        return fact
    sure = "proven" if fit.rank == SHOWN else "possible"
    return replace(
        fact,
        confidence=sure,
        evidence=(*fact.evidence, say("seen in {place}: {fit}", place=seen.line, fit=fit.line)),
    )


def _fit_of(finding: Finding, weighed: Mapping[ModelFact, Fit]) -> Fit:
    """How well the suspicion behind a finding fits."""
    same = (fact for fact in weighed if fact.key == finding.key and finding.cause == fact.why)
    return next((weighed[fact] for fact in same), Fit(OPEN, ""))


def groups_of(
    parameters: Sequence[Parameter], document: ConfigDocument, outcome: str, varies: bool
) -> Tuple[ParameterGroup, ...]:
    """Named parameters as a rehearsal would tell them: by the config dict that made them."""
    status = READY_TWICE if outcome == Outcome.READY_TWICE.value else SOMETIMES if varies else NEVER
    by_key: Dict[KeyPath, List[str]] = {}
    for item in parameters:
        if item.name is not None:
            by_key.setdefault(item.key or ("model",), []).append(item.name)
    return tuple(
        ParameterGroup(status, _common(names), _type(document, key), format_key(key), tuple(names))
        for key, names in by_key.items()
    )


def _type(document: ConfigDocument, key: KeyPath) -> str:
    return type_name(document.get((*key, "type"), None)) or ""


def _common(names: Sequence[str]) -> str:
    """The module that holds all of them."""
    parts = [name.split(".")[:-1] for name in names]
    shared = []
    for step in zip(*parts):
        if len(set(step)) > 1:
            break
        shared.append(step[0])
    return ".".join(shared)


def _misfit(setup: TrainingSetup, seen: Seen) -> Judged:
    """The config has changed since, or is another one: what stops it now, with the parameters of before."""
    found = judge(setup) if seen.outcome == Outcome.UNUSED.value else ()
    shown = tuple(item for item in found if item.severity == "error" and not rule_of(item).last_resort)
    return Judged(shown, next((item.remedies for item in shown if item.remedies), ()), fits=False)


def _is_general(finding: Finding) -> bool:
    """The finding that only says that something was unused."""
    traits = rule_of(finding).traits
    return traits is not None and traits.unused is not Unused.NEVER and finding.key == ("model",)


def _with_freezing(setup: TrainingSetup, groups: Sequence[ParameterGroup]) -> Tuple[ParameterGroup, ...]:
    """The groups; what is known to freeze after the wrap is in groups of its own."""
    late = setup.facts_of("late-freeze")
    found = []
    for group in groups:
        about = [fact for fact in late if is_about(setup, (*fact.scope, "frozen"), True, group)]
        frozen = [
            name
            for name in group.names
            if any(not fact.modules or is_within(name, fact.modules) for fact in about)
        ]
        others = [name for name in group.names if name not in set(frozen)]
        for names, by in ((frozen, "train"), (others, "")):
            if names:
                found.append(replace(group, module=_common(names), names=tuple(names), frozen_by=by))
    return tuple(found)


def _surely(setup: TrainingSetup, seen: Seen) -> List[Finding]:
    """What was found before the log, and predicts what it shows."""
    found = [item for item in judge(setup) if predicted(setup, item) == seen.outcome]
    return [item for item in found if item.confidence != "possible"]


def _facts(setup: TrainingSetup, rehearsal: Rehearsal, seen: Seen, known: bool) -> Iterator[ModelFact]:
    """What the log shows, then what it does not speak of."""
    shown = tuple(seen_facts(setup, rehearsal, say("seen in {place}", place=seen.line)))
    yield from shown
    there = {(fact.kind, fact.key) for fact in shown}
    for fact in setup.facts:
        # every unused parameter of that iteration is named
        refuted = shown and seen.outcome == Outcome.UNUSED.value and fact.confidence == "possible"
        if (fact.kind, fact.key) not in there and not (refuted and fact.kind == "unused"):
            yield fact
    if seen.outcome == Outcome.UNUSED.value and not shown and not known:
        yield ModelFact(
            kind="unused",
            key=("model",),
            type_name="",
            confidence="proven",
            why=say("The logged run had parameters without a gradient."),
            evidence=(say("seen in {place}", place=seen.line),),
            varies=seen.varies,
        )


def _checkpoints(
    setup: TrainingSetup, groups: Sequence[ParameterGroup], seen: Seen
) -> Tuple[CheckpointSite, ...]:
    """The checkpoints; a parameter that was ready twice shows one around it, known or not."""
    if seen.outcome != Outcome.READY_TWICE.value:
        return setup.checkpoints
    sites = []
    for site in setup.checkpoints:
        if site.reentrant is not False and any(
            is_about(setup, site.key, site.value, group) for group in groups
        ):
            site = replace(site, reentrant=True, input_has_grad=True)
        sites.append(site)
    for group in groups:
        if sites and group.key == "model":
            continue  # no config dict is known for its module: any of the known ones may hold it
        if not setup.unread or _is_switched_off(setup, group):
            continue  # the config has none there: it is not the one of the run, or no longer
        if not any(is_about(setup, site.key, site.value, group) for site in sites):
            site = new_site(setup, group)
            sites.append(site if seen.reentrant else replace(site, reentrant=None))
    if _is_assumed(setup, groups, seen):
        sites.append(_somewhere(True if seen.reentrant else None, input_has_grad=True))
    return tuple(sites)


def _is_switched_off(setup: TrainingSetup, group: ParameterGroup) -> bool:
    part = setup.document.get(parse_key(group.key), None)
    return isinstance(part, dict) and any(key in WELL_KNOWN and part[key] is False for key in part)


def _cut_off(setup: TrainingSetup) -> Tuple[CheckpointSite, ...]:
    """The checkpoints, where torch has warned that one of them gets an input without a gradient."""
    able = [site for site in reentrant_sites(setup) if site.guarded is not True and not site.input_has_grad]
    if len(able) == 1:
        only = able[0]
        return tuple(
            replace(site, input_has_grad=False) if site is only else site for site in setup.checkpoints
        )
    if able:
        return setup.checkpoints
    return (*setup.checkpoints, _somewhere(reentrant=True, input_has_grad=False))


def _somewhere(reentrant: Optional[bool], input_has_grad: bool) -> CheckpointSite:
    """A checkpoint that only what happened tells of."""
    return CheckpointSite(
        key=("model",), value=True, in_config=False, off=None, type_name=say("the model"),
        reentrant=reentrant, guarded=None, evidence=say("a place that the log does not name"), known=False,
        input_has_grad=input_has_grad, seen=True,
    )  # fmt: skip


def _is_assumed(setup: TrainingSetup, groups: Sequence[ParameterGroup], seen: Seen) -> bool:
    """Whether a parameter was ready twice, and no checkpoint is in sight: there is code that is not."""
    twice = seen.outcome == Outcome.READY_TWICE.value
    return twice and not groups and not reentrant_sites(setup) and bool(setup.unread)
