"""From what the ranks left behind to a :class:`Rehearsal`. Imports no torch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Optional, Sequence, Tuple

from mmfix.ddp import Outcome, Settings
from mmfix.proofs.types import HANG, NOT_PROVED, Rehearsal, Scenario
from mmfix.prove.groups import groups_of, statuses
from mmfix.prove.verdict import Counts, RankRun, is_echo, judge, marked_twice, worst
from mmfix.wording import say

Result = Dict[str, Any]
_MISSING = say("no such batches can be made here")
_MOST_NAMES = 5
_NOT_FINITE = say(
    "the losses are not finite on these batches: the weights are no numbers after the first "
    "scenario, so whether the ranks have the same cannot be told; try --data real, or a smaller "
    "learning rate"
)


def rehearsal_of(results: Sequence[Optional[Result]], why: str, doing: str, detail: str) -> Rehearsal:
    """One start of the ranks.

    Args:
        results: What each rank left; None: nothing.
        why: ``HANG``, or why nothing can be said; empty when the ranks ended by themselves.
        doing: What the ranks did last, ``normal step 1``.
        detail: Stacks or output.
    """
    told = [result for result in results if result is not None]
    first: Result = next((result for result in told if "runs" in result), {})
    cause = _cause(told)
    trace = cause.get("traceback", "")
    about: Dict[str, Any] = {
        "replaced": next((tuple(result["replaced"]) for result in told if "replaced" in result), ()),
        "versions": next((result["versions"] for result in told if "versions" in result), {}),
        "parameters": next((result["order"] for result in told if result.get("order")), ()),
        "detail": trace or detail,
    }
    trouble = cause.get("reason", "")
    if not first:
        if why == HANG:
            return Rehearsal(HANG, _hung(doing), (Scenario(_scenario_of(doing), HANG),), **about)
        return Rehearsal(NOT_PROVED, trouble or why or say("no rank came to its first step"), **about)
    runs = [_runs(result) for result in results]
    kinds = first["kinds"][: max(len(run) for run in runs)]
    table = [[run[place] if place < len(run) else None for run in runs] for place in range(len(kinds))]
    seen = [run for row in table for run in row if run is not None]
    settings = Settings(
        first["find_unused_parameters"],
        first["static_graph"],
        first["accumulation"],
        first["bypasses_forward"],
    )
    names: Tuple[str, ...] = first["names"]
    scenarios = judge(kinds, table, names, settings)
    if why == HANG and len(kinds) < len(first["kinds"]):  # else it stood still without DDP: nobody's verdict
        kinds = first["kinds"][: len(kinds) + 1]
        scenarios = (*scenarios, Scenario(kinds[-1], HANG))
    steps = [step for run in seen for step in run.steps]
    left = first["kinds"][len(kinds) :]
    if why not in ("", HANG):
        trouble = why
    twice = any(scenario.outcome == "READY_TWICE" for scenario in scenarios)
    found = statuses(steps, len(names), marked_twice(steps, settings) if twice else set())
    weights = [] if any(run.error for run in seen) else [result.get("weights", ()) for result in told]
    apart = _apart(names, weights)
    outcome = worst(scenarios, bool(apart))
    if outcome == "OK" and (not trouble or is_echo(trouble)) and _not_finite(weights):
        trouble = _NOT_FINITE
    if outcome == "OK" and trouble:  # what was done ran, and then the rehearsal itself broke
        outcome = NOT_PROVED
    traces = "\n".join(run.traceback for run in seen if run.traceback)
    return Rehearsal(
        outcome=outcome,
        reason=trouble if outcome == NOT_PROVED and trouble else _reason(outcome, scenarios, doing, apart),
        scenarios=scenarios,
        groups=groups_of(names, found, first["frozen_by"], first["classes"], first["keys"]),
        trainable=len(names),
        reentrant=any(step.reentrant or set(step.ready) - step.reachable for step in steps),
        activation_bytes=first["activation_bytes"],
        step_seconds=first["step_seconds"],
        world_size=first["world_size"],
        backend=first["backend"],
        left=left or first["missing"],
        why_left=trouble if left else _MISSING if first["missing"] else "",
        **{**about, "detail": about["detail"] if why else traces or trace},
    )


def joined(parts: Sequence[Rehearsal]) -> Rehearsal:
    """Several starts of one rehearsal, whose scenarios follow each other, as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    scenarios = tuple(scenario for part in parts for scenario in part.scenarios)
    apart = any(part.outcome == Outcome.DIVERGED.value for part in parts)
    outcome = worst(scenarios, apart) if scenarios else first.outcome
    return replace(
        first,
        outcome=outcome,
        reason=next((part.reason for part in parts if part.outcome == outcome), first.reason),
        scenarios=scenarios,
        groups=next((part.groups for part in parts if part.groups), ()),
        parameters=next((part.parameters for part in parts if part.parameters), ()),
        reentrant=any(part.reentrant for part in parts),
        activation_bytes=next((part.activation_bytes for part in parts if part.activation_bytes), None),
        step_seconds=next((part.step_seconds for part in parts if part.step_seconds), None),
        left=parts[-1].left if parts[-1].scenarios else (*parts[-1].left, *parts[-2].left),
        why_left=parts[-1].why_left if parts[-1].scenarios else parts[-1].reason,
        detail="\n".join(part.detail for part in parts if part.detail),
    )


def _apart(names: Sequence[str], weights: Sequence[Sequence[Sequence[str]]]) -> Tuple[str, ...]:
    """Names of the parameters that differ between the ranks at one of the moments they were looked at.

    Args:
        weights: Rank -> moment -> parameter -> its fingerprint.
    """
    found = {
        name
        for moment in zip(*filter(None, weights))
        for name, *marks in zip(names, *moment)
        if len(set(marks)) > 1
    }
    return tuple(name for name in names if name in found)


def _not_finite(weights: Sequence[Sequence[Sequence[str]]]) -> bool:
    """Whether there was no moment at which all weights were numbers: then equal weights prove nothing."""
    return any(all(any(map(_is_no_number, moment)) for moment in rank) for rank in weights if rank)


def _is_no_number(mark: str) -> bool:
    return "nan" in mark or "inf" in mark


def errors_of(results: Sequence[Optional[Result]]) -> List[str]:
    """What the ranks say of their own ends, in the scenarios and outside of them."""
    told = [result for result in results if result is not None]
    found = [result.get("reason", "") for result in told] + [
        run.error for each in told for run in _runs(each)
    ]
    return [text for text in found if text and not is_echo(text)]


def _cause(told: Sequence[Result]) -> Result:
    """The result that says why the rehearsal broke: rather not one that only saw another rank go."""
    broken = [result for result in told if "reason" in result]
    return next((each for each in broken if not is_echo(each["reason"])), broken[0] if broken else {})


def _runs(result: Optional[Result]) -> List[RankRun]:
    found = (result or {}).get("runs", ())
    return [RankRun(error, trace, tuple(Counts(*step) for step in steps)) for error, trace, steps in found]


def _scenario_of(doing: str) -> str:
    return doing.partition(" ")[0]


def _hung(doing: str) -> str:
    return say("all ranks stood still in {phase}; -v shows each rank's stack", phase=doing)


def _reason(outcome: str, scenarios: Sequence[Scenario], doing: str, apart: Sequence[str]) -> str:
    """One line: the first line of the error, or what is wrong without one."""
    if outcome == Outcome.DIVERGED.value:
        names = ", ".join(apart[:_MOST_NAMES]) + (", ..." if len(apart) > _MOST_NAMES else "")
        if len(apart) == 1:
            return say("1 parameter differs between the ranks after the last step: {name}", name=names)
        return say(
            "{count} parameters differ between the ranks after the last step: {names}",
            count=len(apart),
            names=names,
        )
    alike = [scenario for scenario in scenarios if scenario.outcome == outcome]
    decisive = next((scenario for scenario in alike if scenario.disagreement), alike[0] if alike else None)
    if decisive is None or outcome == "OK":
        return ""
    if decisive.disagreement and outcome == NOT_PROVED:
        return say(
            "{scenario}: the two instruments disagree: {why}",
            scenario=decisive.name,
            why=decisive.disagreement,
        )
    if decisive.error:
        return f"{decisive.name}: {decisive.error.splitlines()[0]}"
    if outcome == HANG:
        return _hung(doing)
    if outcome == "UNTRAINED":
        return say(
            "{scenario}: {count} parameters are never trained",
            scenario=decisive.name,
            count=len(decisive.untrained),
        )
    return say("{scenario}: a rank left no result", scenario=decisive.name)
