"""The diagnoses of one text together: none may advise to undo what another one needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from mmfix.ddp import Outcome
from mmfix.findings import Remedy
from mmfix.results.diagnosis import Diagnosis
from mmfix.wording import say

_UNUSED, _TWICE = Outcome.UNUSED.value, Outcome.READY_TWICE.value
#: Cures, and what the same text must not show: there they have failed, or fail next.
_FAILS: Dict[str, Callable[[Diagnosis], bool]] = {
    "find-unused-off": lambda other: other.outcome == _UNUSED,
    "find-unused": lambda other: other.outcome == _TWICE,
    "static-graph": lambda other: other.id in ("static-graph-no-sync", "static-graph-changed"),
}
#: What a cure for too little memory and one for a checkpoint cost each other.
_MEMORY, _COSTS_MEMORY = "out-of-memory", "checkpoint-off"
_FOR_NOTHING = "find-unused-for-nothing"


def agreed(diagnoses: Sequence[Diagnosis]) -> Tuple[Diagnosis, ...]:
    """The diagnoses, each with cures that hold for all of the text; what is left out is said."""
    return tuple(
        _agreed(item, [other for other in diagnoses if other is not item and other.known])
        for item in diagnoses
    )


def _agreed(item: Diagnosis, others: Sequence[Diagnosis]) -> Diagnosis:
    kept: List[Remedy] = []
    notes = list(item.notes)
    for remedy in item.remedies:
        against = _against(remedy, others)
        if against is None:
            kept.append(remedy)
        elif remedy.name == "find-unused" and not remedy.overrides:
            also = say(
                "checkpoint-off or non-reentrant goes with it: {place} shows what it does alone.",
                place=_of(against),
            )
            kept.append(replace(remedy, assumes=(also,)))
        else:
            notes.append(
                say(
                    "{cure} is left out: {place} shows why ({kind})",
                    cure=remedy.name,
                    place=_of(against),
                    kind=against.id,
                )
            )
    memory = next((other for other in others if other.id == _MEMORY), None)
    if memory is not None and any(remedy.name == _COSTS_MEMORY for remedy in kept):
        kept.sort(key=lambda remedy: remedy.name == _COSTS_MEMORY)
        notes.append(
            say(
                "{cure} comes last: {place} shows that memory is short", cure=_COSTS_MEMORY, place=_of(memory)
            )
        )
    hints = item.hints
    unused = next((other for other in others if other.outcome == _UNUSED), None)
    if item.id == _FOR_NOTHING and unused is not None:
        hints = (say("Leave it on: {place} shows that other iterations need it.", place=_of(unused)),)
    return replace(item, remedies=tuple(kept), hints=hints, notes=tuple(dict.fromkeys(notes)))


def _against(remedy: Remedy, others: Sequence[Diagnosis]) -> Optional[Diagnosis]:
    """What the text shows of a cure that fails; one that takes the checkpoint out as well does not."""
    fails = _FAILS.get(remedy.name)
    if fails is None or any(_is_of_checkpoint(override.key[-1]) for override in remedy.overrides):
        return None
    return next((other for other in others if fails(other)), None)


def _is_of_checkpoint(key: object) -> bool:
    return key in ("with_cp", "use_checkpoint", "custom_imports", "imports")


def _of(item: Diagnosis) -> str:
    return say("line {line} of this text", line=item.line)
