"""A setup in which what was measured takes the place of what was suspected."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple

from mmfix.config.keypath import MISSING, KeyPath, parse_key
from mmfix.ddp import Outcome
from mmfix.proofs.types import (
    HANG,
    NEVER,
    NOT_PROVED,
    READY_TWICE,
    SOMETIMES,
    UNTRAINED,
    ParameterGroup,
    Proof,
    Rehearsal,
)
from mmfix.training.activation import KEY as ACTIVATION
from mmfix.training.types import CheckpointSite, ModelFact, Rehearsed, TrainingSetup
from mmfix.wording import say

#: After these the rest of the model was not seen at work: what it did not show is not refuted.
CUT_SHORT = (Outcome.READY_TWICE.value, Outcome.NO_SYNC_ASSERT.value, HANG)

_MODEL: KeyPath = ("model",)
_UNEVEN = ("empty", "uneven")
_MOST_LINES = 3
_WORD = re.compile(r"[A-Za-z]+|\d+")
#: Words that every model has.
_ANY = frozenset({"use", "with", "module", "modules", "model", "layer", "layers", "enable", "type"})
_WHEN = {
    "init_weights": say("in init_weights()"),
    "train": say("in train()"),
    "hook": say("by a hook"),
    "step": say("in the step"),
}
_SEEN = {
    NEVER: say("never used"),
    SOMETIMES: say("used in some iterations only"),
    READY_TWICE: say("ready twice"),
    UNTRAINED: say("not trained"),
}
_THE_MODEL = say("the model")
_FIRST = {Outcome.READY_TWICE.value: (READY_TWICE,), Outcome.UNTRAINED.value: (UNTRAINED,)}
_UNUSED = (NEVER, SOMETIMES, UNTRAINED)


def with_proof(setup: TrainingSetup, proof: Proof, date: str = "") -> TrainingSetup:
    """The setup with the facts that a rehearsal measured, for rules and cures.

    Unused, late frozen and toggled parameters are those that were counted, each at the key of a suspicion
    about the same parameters if there was one; what was suspected and did not show is left out, if the
    rehearsal could have shown it. Checkpoints are reentrant, and their input has a gradient, as was seen.

    Args:
        setup: As read from the config.
        proof: Of the same config.
        date: The day of the rehearsal; empty: now.
    """
    rehearsal = proof.rehearsal
    if rehearsal.outcome == NOT_PROVED:
        return setup
    line = rehearsed_when(rehearsal, date)
    seen = replace(
        setup,
        facts=(*seen_facts(setup, rehearsal, line), *_not_refuted(setup, rehearsal, line)),
        checkpoints=_sites(setup, rehearsal, line),
    )
    groups = [group for group in rehearsal.groups if group.status in _FIRST.get(rehearsal.outcome, _UNUSED)]
    return replace(seen, rehearsed=rehearsed(setup, rehearsal, groups, line))


def first_line(text: str) -> str:
    """The first line of an error text that says something, cut to a length people read."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= 200 else f"{line[:197]}..."


def outcomes_of(rehearsal: Rehearsal) -> Set[str]:
    """The outcomes that showed in some scenario."""
    found = {scenario.outcome for scenario in rehearsal.scenarios} | {rehearsal.outcome}
    return found - {NOT_PROVED}


def rehearsed_when(rehearsal: Rehearsal, date: str) -> str:
    """``rehearsed on 2026-11-22: 2 gloo ranks, torch 2.13.0, scenarios normal, empty``."""
    ran = [item.name for item in rehearsal.scenarios if item.outcome != NOT_PROVED]
    torch = rehearsal.versions.get("torch")
    told = [
        say("{count} {backend} ranks", count=rehearsal.world_size, backend=rehearsal.backend)
        if rehearsal.world_size
        else "",
        f"torch {torch}" if torch else "",
        say("scenarios {scenarios}", scenarios=", ".join(ran)) if ran else "",
    ]
    how = ", ".join(item for item in told if item)
    if date:
        return say("rehearsed on {date}: {how}", date=date, how=how)
    return say("rehearsed now: {how}", how=how)


def rehearsed(
    setup: TrainingSetup, rehearsal: Rehearsal, groups: Sequence[ParameterGroup], line: str
) -> Rehearsed:
    """The outcome in the words of the rules; ``groups`` are those that it is about."""
    errors = [item.error for item in rehearsal.scenarios if item.outcome == rehearsal.outcome and item.error]
    what = ""
    if groups and rehearsal.outcome != Outcome.OK.value:
        what = say("{parameters} of {modules}", parameters=_count(groups), modules=_modules(groups))
    return Rehearsed(
        outcome=rehearsal.outcome,
        line=line,
        reason=rehearsal.reason,
        error=first_line(errors[0]) if errors else "",
        what=what,
        key=_key(setup, groups[0]) if groups else _MODEL,
    )


def seen_facts(setup: TrainingSetup, rehearsal: Rehearsal, line: str) -> Iterator[ModelFact]:
    """One fact for each key and kind, of all the groups it is about; ``line`` says where they were seen."""
    found: Dict[Tuple[str, KeyPath, bool], List[ParameterGroup]] = {}
    suspicions: Dict[Tuple[str, KeyPath, bool], Optional[ModelFact]] = {}
    for group in rehearsal.groups:
        kind = _kind(setup, group)
        if kind is None:
            continue
        fact = _suspicion(setup, group, kind)
        spot = (kind, _key(setup, group) if fact is None else fact.key, group.status == SOMETIMES)
        found.setdefault(spot, []).append(group)
        suspicions[spot] = fact
    for (kind, key, varies), groups in found.items():
        fact = suspicions[kind, key, varies]
        yield ModelFact(
            kind=kind,
            key=key,
            type_name=groups[0].class_name if fact is None else fact.type_name,
            confidence="proven",
            why=_why(kind, groups) if fact is None or fact.confidence == "possible" else fact.why,
            evidence=(*(fact.evidence if fact else ()), *_lines(rehearsal, groups, line)),
            scope=_scope(setup, kind, key) if fact is None else fact.scope,
            varies=varies,
            no_positive=fact is not None and fact.no_positive,
        )


def _kind(setup: TrainingSetup, group: ParameterGroup) -> Optional[str]:
    """The kind of fact a group is; None where it is a checkpoint that says it."""
    if group.status == READY_TWICE:
        # with find_unused_parameters any reentrant checkpoint does it, used twice or once
        return None if setup.settings.find_unused_parameters else "reused"
    if group.status == UNTRAINED:
        return None
    if not group.frozen_by:
        return "unused"
    return "toggled" if group.status == SOMETIMES or group.frozen_by == "step" else "late-freeze"


def _suspicion(setup: TrainingSetup, group: ParameterGroup, kind: str) -> Optional[ModelFact]:
    """What was suspected of the same parameters: the words of its key and sentence name them.

    A suspicion that names no part stands for its whole scope, if it is the only one there.
    """
    place = _key(setup, group)
    facts = [
        fact
        for fact in setup.facts_of(kind)
        if place[: len(fact.scope)] == fact.scope and _may_be_of(group.names, fact.modules)
    ]
    if not facts:
        return None
    words = _words(group.module)
    shared = [len(words & _words(f"{fact.key[-1]} {fact.why}")) for fact in facts]
    best = max(shared)
    if best and shared.count(best) == 1:
        return facts[shared.index(best)]
    whole = [fact for fact in facts if kind != "unused" or fact.scope == place]
    return whole[0] if len({fact.key for fact in whole}) == 1 else None


def _may_be_of(names: Sequence[str], modules: Sequence[str]) -> bool:
    """Whether some of the parameters are in the parts of a suspicion, as far as these are known."""
    return not modules or any(
        name == module or name.startswith(f"{module}.") for name in names for module in modules
    )


def _not_refuted(setup: TrainingSetup, rehearsal: Rehearsal, line: str) -> Iterator[ModelFact]:
    """What was suspected and could not show in this rehearsal; measured ones take the place of the others."""
    measured = {(fact.kind, fact.key) for fact in seen_facts(setup, rehearsal, line)}
    silent = rehearsal.outcome == Outcome.UNUSED.value and not any(
        group.status in _UNUSED for group in rehearsal.groups
    )
    ran = {item.name for item in rehearsal.scenarios if item.outcome != NOT_PROVED}
    for fact in setup.facts:
        if (fact.kind, fact.key) in measured:
            continue
        if rehearsal.outcome in CUT_SHORT:
            yield fact
        elif fact.kind == "toggled":
            late = say("not seen when {proof}; a switch may come after its few iterations", proof=line)
            yield replace(fact, confidence="possible", evidence=(*fact.evidence, late))
        elif fact.kind == "reused":
            if setup.settings.static_graph:  # which counts no second use
                yield fact
        elif silent or (fact.varies and not ran.intersection(_UNEVEN)):
            yield fact


def _sites(setup: TrainingSetup, rehearsal: Rehearsal, line: str) -> Tuple[CheckpointSite, ...]:
    """The checkpoints as they were seen at work.

    fairscale's own checkpoint hides its parameters from DDP as torch's does, so that none seen means none
    there; but it cuts nothing off: it hands its function a tensor that requires a gradient (fairscale
    ``nn/checkpoint/checkpoint_activations.py``).
    """
    if not rehearsal.reentrant:
        if rehearsal.outcome == HANG:
            return setup.checkpoints
        return tuple(
            site
            if site.reentrant is False
            else replace(site, reentrant=False, evidence=say("not reentrant: {proof}", proof=line))
            for site in setup.checkpoints
        )
    twice = [group for group in rehearsal.groups if group.status == READY_TWICE]
    cut_off = [group for group in rehearsal.groups if group.status == UNTRAINED]
    sites = []
    for site in setup.checkpoints:
        if any(_may_cut_off(setup, site, group) for group in cut_off):
            site = replace(site, reentrant=True, input_has_grad=False)
        elif any(is_about(setup, site.key, site.value, group) for group in twice):
            site = replace(site, reentrant=True, input_has_grad=True)
        elif rehearsal.outcome not in CUT_SHORT and site.reentrant is not False:
            site = replace(site, input_has_grad=True)
        sites.append(site)
    for group in cut_off:
        if not any(_may_cut_off(setup, site, group) for site in sites):
            sites.append(new_site(setup, group))
    for group in twice:
        if not any(is_about(setup, site.key, site.value, group) for site in sites):
            sites.append(new_site(setup, group))
    return tuple(sites)


def _may_cut_off(setup: TrainingSetup, site: CheckpointSite, group: ParameterGroup) -> bool:
    return not site.counts_layers and is_about(setup, site.key, site.value, group)


def new_site(setup: TrainingSetup, group: ParameterGroup) -> CheckpointSite:
    """A checkpoint that only its effect has shown; which call it is, and its switch, are not known."""
    return CheckpointSite(
        key=_key(setup, group), value=True, in_config=False, off=None,
        type_name=group.class_name, reentrant=True, guarded=None,
        evidence=group.module or say("the model itself"), known=False,
        input_has_grad=group.status != UNTRAINED, seen=True,
    )  # fmt: skip


def is_about(setup: TrainingSetup, key: KeyPath, value: object, group: ParameterGroup) -> bool:
    """Whether a checkpoint's switch, with its value, is about the parameters of a group."""
    if key == ACTIVATION:
        return isinstance(value, str) and f"{group.module}.".startswith(f"{value}.")
    place = _key(setup, group)
    part = place if key == place else key[:-1]
    return place[: len(part)] == part or (len(place) > 1 and part[: len(place)] == place)


def _key(setup: TrainingSetup, group: ParameterGroup) -> KeyPath:
    """The key path of a group, as far as the config has it."""
    try:
        key = parse_key(group.key)
    except ValueError:
        return _MODEL
    while key and setup.document.get(key) is MISSING:
        key = key[:-1]
    return key or _MODEL


def _scope(setup: TrainingSetup, kind: str, key: KeyPath) -> KeyPath:
    """The part of a fact; of a repeated use the part that holds the checkpoint, or everything."""
    if kind != "reused" or any(site.key[: len(key)] == key for site in setup.checkpoints):
        return key
    return ()


def _why(kind: str, groups: Sequence[ParameterGroup]) -> str:
    who = say("{parameters} of {modules}", parameters=_count(groups), modules=_modules(groups))
    if kind == "reused":
        return say("In one training step checkpoints run {parameters} more than once.", parameters=who)
    if kind == "unused":
        if groups[0].status == SOMETIMES:
            return say("Only some iterations give {parameters} a gradient.", parameters=who)
        return say("No iteration gives {parameters} a gradient.", parameters=who)
    when = _WHEN.get(groups[0].frozen_by, say("by {what}", what=groups[0].frozen_by))
    if kind == "toggled":
        return say("Training freezes {parameters} for a time, {when}.", parameters=who, when=when)
    return say("Training freezes {parameters} {when}, after the DDP wrap.", parameters=who, when=when)


def _lines(rehearsal: Rehearsal, groups: Sequence[ParameterGroup], line: str) -> Tuple[str, ...]:
    start = f"{line}: {rehearsal.outcome}"
    lines = [
        f"{start}, {_count([group])}, {group.module or _THE_MODEL}: {_SEEN[group.status]}"
        for group in groups[:_MOST_LINES]
    ]
    more = groups[_MOST_LINES:]
    return (
        (*lines, say("and {parameters} of {modules}", parameters=_count(more), modules=_modules(more)))
        if more
        else tuple(lines)
    )


def _modules(groups: Sequence[ParameterGroup]) -> str:
    shown = [
        f"{group.module or _THE_MODEL} ({group.class_name})" if group.class_name else group.module
        for group in groups[:_MOST_LINES]
    ]
    more = len(groups) - _MOST_LINES
    return (
        say("{modules} and {count} more", modules=", ".join(shown), count=more)
        if more > 0
        else ", ".join(shown)
    )


def _count(groups: Sequence[ParameterGroup]) -> str:
    number = sum(group.size for group in groups)
    return say("1 parameter") if number == 1 else say("{count} parameters", count=number)


def _words(text: str) -> Set[str]:
    return {word.lower() for word in _WORD.findall(text.replace("_", " "))} - _ANY
