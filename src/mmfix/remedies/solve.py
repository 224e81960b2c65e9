"""Find the cures of a setup: each candidate is vetted against every graph the model may still have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, FrozenSet, Iterator, List, NamedTuple, Optional, Tuple

from mmfix.config.document import to_plain
from mmfix.config.keypath import KeyPath
from mmfix.ddp import Checkpoint, Outcome, Settings, possible_outcomes
from mmfix.findings import Remedy
from mmfix.remedies import text
from mmfix.remedies.change import Change, place, runs_custom_imports, write
from mmfix.remedies.graph import follows_torch_default, outcomes, possible, reentrant_sites, suspected
from mmfix.training.types import TrainingSetup

_FINE: FrozenSet[Outcome] = frozenset({Outcome.OK})


class Candidate(NamedTuple):
    """A cure by name.

    Attributes:
        name: Stable, as typed after ``--remedy``.
        changes: What to try, least first; the first that is OK on every possible graph is taken.
        assumes: What must hold besides; not empty makes it a ``review`` remedy.
    """

    name: str
    changes: Tuple[Change, ...]
    assumes: Tuple[str, ...] = ()


def solve(setup: TrainingSetup) -> Tuple[Remedy, ...]:
    """Every cure of the setup as a whole, best first; empty when nothing is suspected to fail.

    A cure is ``safe`` when its predicted outcome is OK on every graph the model may still have, ``review``
    when it is OK only on some, or rests on something a config does not say; then ``assumes`` says what.
    One that fails on all of them is left out. Cures are joint: ``checkpoint-off`` also switches
    ``find_unused_parameters`` on where the facts need it.
    """
    if setup.wrapper != "ddp" or possible_outcomes(setup.settings, suspected(setup)) == _FINE:
        return ()
    remedies = [remedy for remedy in (_vet(setup, candidate) for candidate in _candidates(setup)) if remedy]
    return tuple(sorted(remedies, key=lambda remedy: remedy.disposition != "safe"))


def enable_static_graph(setup: TrainingSetup) -> Tuple[Remedy, ...]:
    """Static graph where the runner reads it; empty where it would fail (always in the mmcv 1.x era)."""
    return _only(setup, _static_graph(setup))


def move_find_unused(setup: TrainingSetup) -> Tuple[Remedy, ...]:
    """``find_unused_parameters=True`` where the runner reads it; empty if that would fail."""
    if setup.wrapper == "separate-ddp":  # one DDP a child: more than the outcome function speaks of
        return _only(setup, [Candidate("wrapper-keys", (Change(find_unused=True),), (text.SEPARATE,))])
    return _only(setup, [Candidate("wrapper-keys", (Change(find_unused=True),))])


def move_value(setup: TrainingSetup, old: KeyPath, new: KeyPath, assumes: str) -> Tuple[Remedy, ...]:
    """The value of a key that nobody reads, at the key that is read; empty if that is taken or would fail."""
    document = setup.document
    value = document.get(old, None)
    if document.get(new, None) is not None or (new[0] == "strategy" and not _can_hold_strategy(setup)):
        return ()
    override = place(setup, new, to_plain(value), "moved to where the runner reads it")
    if (
        isinstance(value, dict)
        and not outcomes(_with_wrapper(setup.settings, value), possible(setup)) & _FINE
    ):
        return ()
    return (Remedy("wrapper-keys", "review", text.MOVED, (override,), (assumes,)),)


def _with_wrapper(settings: Settings, wrapper: Any) -> Settings:
    return replace(
        settings,
        find_unused_parameters=wrapper.get("find_unused_parameters") is True,
        static_graph=wrapper.get("static_graph") is True,
    )


def _can_hold_strategy(setup: TrainingSetup) -> bool:
    strategy = setup.document.get(("strategy",), None)
    return strategy is None or isinstance(strategy, dict)


def _only(setup: TrainingSetup, candidates: List[Candidate]) -> Tuple[Remedy, ...]:
    return tuple(remedy for remedy in (_vet(setup, candidate) for candidate in candidates) if remedy)


def _candidates(setup: TrainingSetup) -> Iterator[Candidate]:
    settings, sites = setup.settings, reentrant_sites(setup)
    if not settings.find_unused_parameters:
        yield Candidate("find-unused", (Change(find_unused=True),))
    if sites and all(site.off is not None for site in sites):
        yield Candidate("checkpoint-off", _with_find_unused(Change(checkpoint=Checkpoint.NONE)))
    if sites and all(follows_torch_default(site) is not False for site in sites):
        changes = _with_find_unused(Change(checkpoint=Checkpoint.NON_REENTRANT))
        yield Candidate("non-reentrant", changes, tuple(_non_reentrant_assumes(setup)))
    if settings.static_graph:
        changes = _with_find_unused(Change(static_graph=False))
        if sites and all(site.off is not None for site in sites):
            off = Change(static_graph=False, checkpoint=Checkpoint.NONE)
            changes = (*changes, *_with_find_unused(off))
        yield Candidate("static-graph-off", changes)
    yield from _static_graph(setup)
    if settings.find_unused_parameters:
        once = [text.ONCE_A_STEP] if sites else []
        yield Candidate("find-unused-off", (Change(find_unused=False),), (text.ALL_USED, *once))
    if settings.accumulation > 1 and settings.static_graph:
        yield Candidate("accumulation-off", (Change(accumulation=1),), (text.BATCH,))


def _non_reentrant_assumes(setup: TrainingSetup) -> Iterator[str]:
    if not all(follows_torch_default(site) for site in reentrant_sites(setup)):
        yield text.TORCH_DEFAULT
    if not runs_custom_imports(setup):
        yield text.PYTHON_CALL


def _with_find_unused(change: Change) -> Tuple[Change, ...]:
    return change, replace(change, find_unused=True)


def _static_graph(setup: TrainingSetup) -> List[Candidate]:
    if setup.settings.static_graph:
        return []
    assumes = [text.CONSTANT_GRAPH]
    if any(site.guarded is not True for site in reentrant_sites(setup)):
        assumes.append(text.INPUT_HAS_GRAD)
    return [Candidate("static-graph", (Change(static_graph=True),), tuple(assumes))]


def _vet(setup: TrainingSetup, candidate: Candidate) -> Optional[Remedy]:
    """The candidate as a remedy, with the first of its changes that is fine everywhere, or else anywhere."""
    after = [
        outcomes(change.settings(setup.settings), possible(setup, change.checkpoint))
        for change in candidate.changes
    ]
    best = next((found for found in after if found == _FINE), None)
    if best is None:
        best = next((found for found in after if Outcome.OK in found), None)
    if best is None:
        return None
    change = candidate.changes[after.index(best)]
    assumes = candidate.assumes or tuple(line for bad, line in text.RULES_OUT.items() if bad in best)
    return Remedy(
        name=candidate.name,
        disposition="review" if assumes else "safe",
        cost=text.cost(setup, candidate.name, change),
        overrides=write(setup, change),
        assumes=assumes,
    )
