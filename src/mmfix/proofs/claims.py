"""Whether a proof can be true: its claim against its own counts and the outcome table.

A proof file is text that anybody can write. This refuses what no rehearsal can have found; what one could
have found is believed, and said to be the file's word.
"""

from __future__ import annotations

from typing import List, Set

from mmfix.ddp import Checkpoint, Outcome, Settings, Traits, Unused, possible_outcomes
from mmfix.proofs.types import HANG, NEVER, NOT_PROVED, OUTCOMES, READY_TWICE, SOMETIMES, UNTRAINED, Rehearsal
from mmfix.training.types import TrainingSetup
from mmfix.wording import say

_OK = Outcome.OK.value
#: Why ranks drift apart or stand still is seldom the reducer's doing: the table speaks of neither.
_BESIDE_THE_TABLE = (Outcome.DIVERGED.value, HANG)
_ANY = Traits(None, None, None, None, None)


def impossible(setup: TrainingSetup, rehearsal: Rehearsal) -> str:
    """Why no rehearsal of this config can have ended as the proof says, one clause; empty when one can.

    Args:
        setup: As read from the config.
        rehearsal: As the proof file tells it.
    """
    claim = rehearsal.outcome
    ends = _of_scenarios(rehearsal)
    if claim != ends and not (claim == Outcome.DIVERGED.value and _index(ends) < _index(claim)):
        return say("it claims {outcome}, and its scenarios say {outcomes}", outcome=claim, outcomes=ends)
    if claim in _BESIDE_THE_TABLE or not _is_known(setup):
        return ""
    if any(item.disagreement for item in rehearsal.scenarios if item.outcome == claim):
        return ""  # the rehearsal itself says that DDP did what the table does not have
    settings = setup.settings
    if claim == Outcome.UNUSED.value and settings.find_unused_parameters and not settings.static_graph:
        return ""  # outputs that the loss leaves out (`mmfix.prove.verdict.predicted`)
    if claim not in _values(settings, _ANY):
        return say("it claims {outcome}, which {settings} excludes", outcome=claim, settings=_words(settings))
    if claim in (_OK, Outcome.UNTRAINED.value) and claim not in _values(settings, _counted(rehearsal)):
        return say(
            "it claims {outcome}, which the parameters that it counts exclude with {settings}",
            outcome=claim,
            settings=_words(settings),
        )
    return ""


def _of_scenarios(rehearsal: Rehearsal) -> str:
    """The outcome of a run with these scenarios (``mmfix.prove.verdict.worst``)."""
    ends = [item.outcome for item in rehearsal.scenarios]
    failed = [end for end in ends if end not in (_OK, NOT_PROVED)]
    if failed:
        return max(failed, key=_index)
    return _OK if ends and set(ends) == {_OK} else NOT_PROVED


def _is_known(setup: TrainingSetup) -> bool:
    """Whether the table speaks of this run: torch's reducer, told by what was read."""
    return setup.wrapper == "ddp" and not setup.decided_elsewhere and not setup.unknown


def _values(settings: Settings, traits: Traits) -> Set[str]:
    return {outcome.value for outcome in possible_outcomes(settings, traits)}


def _counted(rehearsal: Rehearsal) -> Traits:
    """The graph that the counts of a run to its end speak of."""
    seen = {group.status for group in rehearsal.groups}
    for scenario in rehearsal.scenarios:
        seen |= {NEVER} if scenario.unused else set()
        seen |= {READY_TWICE} if scenario.ready_twice else set()
        seen |= {UNTRAINED} if scenario.untrained else set()
    unused = Unused.SOMETIMES if SOMETIMES in seen else Unused.ALWAYS if NEVER in seen else None
    return Traits(
        checkpoint=Checkpoint.REENTRANT if seen & {READY_TWICE, UNTRAINED} else None,
        input_has_grad=False if UNTRAINED in seen else READY_TWICE in seen or None,
        unused=unused,
        late_freeze=None,
        reused=True if READY_TWICE in seen else None,
    )


def _words(settings: Settings) -> str:
    found: List[str] = []
    if settings.static_graph:
        found.append("static_graph=True")
        if settings.bypasses_forward:
            found.append(say("of mmcv 1.x"))
        if settings.accumulation > 1:
            found.append(say("with gradient accumulation"))
    else:
        found.append(f"find_unused_parameters={settings.find_unused_parameters}")
    return " ".join(found)


def _index(outcome: str) -> int:
    return -1 if outcome == NOT_PROVED else OUTCOMES.index(outcome)
