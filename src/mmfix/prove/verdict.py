"""From what the instruments saw to the outcome of a scenario. Imports no torch."""

from __future__ import annotations

import re
from typing import Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Set, Tuple

from mmfix.ddp import Checkpoint, Outcome, Settings, Traits, Unused
from mmfix.ddp import outcome as outcome_of
from mmfix.proofs.types import HANG, NOT_PROVED, OUTCOMES, Scenario
from mmfix.wording import say

#: What DDP says (torch ``reducer.cpp``; the texts hold from 1.8 to 2.13), and what it means.
_TEXTS = (
    ("ready only once", Outcome.READY_TWICE.value),
    ("marked as ready twice", Outcome.READY_TWICE.value),
    ("expected to have finished reduction", Outcome.UNUSED.value),
    ("training graph has changed", Outcome.UNUSED.value),
    ("expect_autograd_hooks_", Outcome.NO_SYNC_ASSERT.value),
)
#: What a rank says when another one has gone.
_GONE = re.compile(
    r"connection (closed|reset|refused)|broken pipe|socket closed|by peer|timed out waiting|recvvalue failed",
    re.I,
)


class Counts(NamedTuple):
    """What one backward pass did to the parameters that were trainable at the wrap, by index.

    Attributes:
        ready: Index -> how often its gradient accumulator ran.
        reachable: Indices that the graph behind the outputs of the forward pass leads to: those that DDP
            expects a gradient for under ``find_unused_parameters`` (torch ``reducer.cpp:
            search_unused_parameters``).
        cut_off: Indices of parameters whose module ran in a reentrant checkpoint without an input that
            requires a gradient.
        reentrant: A reentrant checkpoint ran.
        complete: The backward pass came to its end.
    """

    ready: Dict[int, int]
    reachable: Set[int]
    cut_off: Set[int]
    reentrant: bool
    complete: bool


class RankRun(NamedTuple):
    """What one rank saw of one scenario.

    Attributes:
        error: Text of the exception, empty when there was none.
        traceback: Of the exception.
        steps: One entry a step.
    """

    error: str
    traceback: str
    steps: Tuple[Counts, ...]


def error_outcome(text: str) -> Optional[str]:
    """The outcome that an error text stands for; None when it is none of DDP's."""
    low = text.lower()
    return next((found for mark, found in _TEXTS if mark in low), None)


def is_echo(text: str) -> bool:
    """Whether a rank only says that another one is gone."""
    return error_outcome(text) is None and bool(_GONE.search(text))


def judge(
    kinds: Sequence[str],
    ranks: Sequence[Sequence[Optional[RankRun]]],
    names: Sequence[str],
    settings: Settings,
) -> Tuple[Scenario, ...]:
    """The outcome of each scenario from what each rank saw.

    Args:
        kinds: Names of the scenarios, in the order they ran.
        ranks: For each scenario one entry a rank; None for a rank that left nothing behind.
        names: Names of the parameters that were trainable at the wrap, by index.
        settings: What DDP was really given, and the accumulation.
    """
    found: List[Scenario] = []
    history: List[List[Counts]] = [[] for _ in ranks[0]] if ranks else []
    for kind, runs in zip(kinds, ranks):
        for before, run in zip(history, runs):
            before.extend(run.steps if run is not None else ())
        found.append(_scenario(kind, runs, history, names, settings))
        if found[-1].error or not settings.static_graph:
            history = [[] for _ in history]  # only a static graph remembers, until it is wrapped again
    return tuple(found)


def worst(scenarios: Sequence[Scenario], apart: bool = False) -> str:
    """The outcome of a run: the worst of its scenarios.

    What DDP was seen to do is told even if another scenario could not be done; without such a failure one
    scenario that could not be done (a kind of batch that the model refuses) leaves the whole not proved.

    Args:
        scenarios: With their outcomes.
        apart: After the last step the ranks did not have the same parameters. Which scenario has driven them
            apart is not known: it is of the run as a whole.
    """
    told = [item.outcome for item in scenarios if item.outcome not in (NOT_PROVED, Outcome.OK.value)]
    told += [Outcome.DIVERGED.value] if apart else []
    if told:
        return max(told, key=OUTCOMES.index)
    return Outcome.OK.value if scenarios and all(item.outcome == "OK" for item in scenarios) else NOT_PROVED


def predicted(steps: Sequence[Counts], count: int, settings: Settings) -> Outcome:
    """What the outcome function says of measured counts; ``count`` parameters were trainable at the wrap."""
    watched = set(range(count))
    ready = [set(step.ready) for step in steps]
    hidden = any(found - step.reachable for found, step in zip(ready, steps))
    cut_off: Set[int] = set().union(*(step.cut_off for step in steps))
    unread_outputs = any(step.reachable - found for found, step in zip(ready, steps))
    if settings.find_unused_parameters and not settings.static_graph and unread_outputs:
        return Outcome.UNUSED  # DDP waits for what its outputs lead to, and the loss leaves some of them out
    ever, always = set().union(*ready), watched.intersection(*ready)
    unused = Unused.NEVER
    if watched - cut_off - always:
        unused = Unused.SOMETIMES if ever - always else Unused.ALWAYS
    traits = Traits(
        checkpoint=Checkpoint.REENTRANT if hidden or cut_off else Checkpoint.NONE,
        input_has_grad=not cut_off,
        unused=unused,
        reused=any(times > 1 for step in steps for times in step.ready.values()),
    )
    return outcome_of(settings, traits)


def marked_twice(steps: Sequence[Counts], settings: Settings) -> Set[int]:
    """Parameters that DDP marks ready twice: by two hooks, or by its walk and a hook."""
    walks = settings.find_unused_parameters and not settings.static_graph
    found: Set[int] = set()
    for step in steps:
        if walks:
            found |= set(step.ready) - step.reachable
        if not settings.static_graph:
            found |= {index for index, times in step.ready.items() if times > 1}
    return found


def _scenario(
    name: str,
    runs: Sequence[Optional[RankRun]],
    history: Sequence[Sequence[Counts]],
    names: Sequence[str],
    settings: Settings,
) -> Scenario:
    seen = [run for run in runs if run is not None]
    errors = [run.error for run in seen if run.error]
    named = next((text for text in errors if error_outcome(text)), None)
    error = named or next((text for text in errors if not is_echo(text)), errors[0] if errors else "")
    steps = [step for run in seen for step in run.steps if step.complete]
    cut_off: Set[int] = set().union(*(step.cut_off for step in steps))
    if named is not None:
        outcome = str(error_outcome(named))
    elif error or len(seen) < len(runs) or not any(run.steps for run in seen):
        outcome = NOT_PROVED
    else:
        outcome = Outcome.UNTRAINED.value if cut_off else Outcome.OK.value
    disagreement = _disagreement(outcome, [taken for taken in history if taken], len(names), settings)
    if disagreement and outcome == Outcome.OK.value:
        outcome = NOT_PROVED
    twice = marked_twice(steps, settings) if outcome == Outcome.READY_TWICE.value else set()
    unused = set().union(*(set(range(len(names))) - set(step.ready) for step in steps)) - cut_off
    return Scenario(
        name,
        outcome,
        _names(names, unused),
        _names(names, twice),
        error,
        _names(names, cut_off),
        disagreement,
    )


def _disagreement(outcome: str, history: Sequence[Sequence[Counts]], count: int, settings: Settings) -> str:
    if outcome in (HANG, NOT_PROVED) or not history:
        return ""
    counted: FrozenSet[Outcome] = frozenset(predicted(steps, count, settings) for steps in history)
    expected = max((item.value for item in counted), key=OUTCOMES.index)
    if outcome == expected or expected == Outcome.DIVERGED.value:  # which shows after the last step
        return ""
    return say(
        "the counts at the gradient accumulators say {expected}, DDP says {seen}",
        expected=expected,
        seen=outcome,
    )


def _names(names: Sequence[str], indices: Set[int]) -> Tuple[str, ...]:
    return tuple(names[index] for index in sorted(indices))
