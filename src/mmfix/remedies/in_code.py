"""Cures in the source of the model, where that lies in the repository of the config."""

from __future__ import annotations

import os.path as osp
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.config.keypath import format_key
from mmfix.findings import CodeSpot
from mmfix.python.links import as_seen_from, is_of_project, project_around
from mmfix.python.place import Place
from mmfix.remedies.graph import reentrant_sites
from mmfix.training.types import CheckpointSite, TrainingSetup
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.remedies.own_code import OwnCode, Refused

#: The cures that change code.
CODE_CURES = frozenset({"non-reentrant-in-code", "freeze-before-wrap", "training-script", "unused-module"})


class InCode(NamedTuple):
    """What a cure changes in the user's own code.

    Attributes:
        spots: The lines that findings are about.
        by_hand: Why mmfix does not change them itself, with file and line; empty where it does.
    """

    spots: Tuple[CodeSpot, ...]
    by_hand: str = ""


def calls_in_code(setup: TrainingSetup) -> Optional[InCode]:
    """Every reentrant checkpoint call of the setup; None where none of them is in the user's own code.

    One that is somebody else's, or was not followed, is not changed, and then no other is, either.
    fairscale's checkpoint is its own, and is always reentrant.
    """
    top = _top(setup)
    spots: Dict[Tuple[str, int], List[CodeSpot]] = {}
    others: List[str] = []
    for site in reentrant_sites(setup):
        if not site.calls:
            others.append(_of_no_call(site))
        for call in site.calls:
            file = osp.realpath(call.place.path)
            if call.library != "torch" or not top or not is_of_project(file, top):
                others.append(_not_changed(site, _whose(call.library, call.place, top)))
                continue
            spots.setdefault((file, call.place.line), []).append(CodeSpot(file, call.place.line, call.called))
    if not spots:
        return None
    from mmfix.remedies.checkpoint_calls import targets

    found = _in_code([_as_one(calls) for _, calls in sorted(spots.items())], top, targets)
    return found if not others else found._replace(by_hand=others[0])


def _of_no_call(site: CheckpointSite) -> str:
    """Why the calls of a switch are not changed, none of which is known."""
    if not site.known:
        return say(
            "{key} may checkpoint, too: its name says so, and no call was found; switch it off, and mmfix "
            "changes the rest",
            key=format_key(site.key),
        )
    if site.in_doubt:
        return _not_changed(site, say("in one of several classes of that name"))
    return _not_changed(site, say("in code that was not followed"))


def _whose(called: str, place: Place, top: str) -> str:
    """Why a call of some library's checkpoint is not changed."""
    where = f"{as_seen_from((top,), place.path)}:{place.line}"
    if called == "torch":
        return say("in {place}, which is not yours", place=where)
    return say("in {place}, with fairscale's own checkpoint, which is always reentrant", place=where)


def _not_changed(site: CheckpointSite, where: str) -> str:
    """That not all of a finding can be changed in code, and what helps."""
    key = format_key(site.key)
    if site.key[-1] == "type":
        return say("{key} checkpoints, too, {place}; take a cure in the config", key=key, place=where)
    return say(
        "{key} checkpoints, too, {place}; switch it off, and mmfix changes the rest", key=key, place=where
    )


def late_freezing(setup: TrainingSetup) -> Optional[InCode]:
    """Every line that freezes after the wrap; None where one of them is somebody else's, or unknown."""
    top = _top(setup)
    facts = setup.facts_of("late-freeze")
    if not top or not all(fact.places for fact in facts):
        return None
    places = sorted({(osp.realpath(place.path), place.line) for fact in facts for place in fact.places})
    if not all(is_of_project(file, top) for file, _ in places):
        return None
    if not places:
        return None
    from mmfix.remedies.freezing_calls import constructors

    return _in_code([CodeSpot(file, line) for file, line in places], top, constructors)


def made_under_flags(setup: TrainingSetup) -> Optional[InCode]:
    """The statements that make what no step uses, where each goes under the flag that the config sets."""
    top = _top(setup)
    facts = setup.facts_of("unused")
    places = {(osp.realpath(place.path), place.line): fact.key[-1] for fact in facts for place in fact.places}
    if (
        not top
        or not places
        or not all(fact.places and not setup.document.get(fact.key, False) for fact in facts)
    ):
        return None
    if not all(is_of_project(file, top) for file, _ in places):
        return None
    from mmfix.remedies.flagged_modules import flagged
    from mmfix.remedies.own_code import OwnCode

    spots = [CodeSpot(file, line) for file, line in sorted(places)]
    refused: List[Refused] = []
    found = flagged(spots, OwnCode(top), refused)
    if refused or [one.flag for one in found] != [places[spot.path, spot.line] for spot in spots]:
        return None
    return InCode(tuple(spots))


def script_argument(setup: TrainingSetup) -> Optional[InCode]:
    """The line of the repository's training script that decides ``find_unused_parameters``."""
    top, script = _top(setup), setup.script
    read = None if script is None else script.find_unused
    if read is None or not top or read.negated or read.key not in (None, ("find_unused_parameters",)):
        return None
    file = osp.realpath(read.place.path)
    if not is_of_project(file, top):
        return None
    from mmfix.remedies.script_argument import passed

    return _in_code([CodeSpot(file, read.place.line)], top, passed)


def _in_code(
    spots: Sequence[CodeSpot],
    top: str,
    decide: Callable[[Sequence[CodeSpot], OwnCode, List[Refused]], Sequence[object]],
) -> InCode:
    """The lines, and the first reason why not all of them can be changed."""
    from mmfix.remedies.own_code import OwnCode

    refused: List[Refused] = []
    decide(spots, OwnCode(top), refused)
    return InCode(tuple(spots), _told(refused[0], top) if refused else "")


def _told(error: Refused, top: str) -> str:
    name = osp.relpath(error.path, top).replace(osp.sep, "/")
    return f"{name}{f':{error.line}' if error.line else ''}: {error.why}; {error.hint}"


def _top(setup: TrainingSetup) -> str:
    """The repository of a config; empty for one that is in no file."""
    path = setup.document.path
    in_file = path and setup.document.kind != "memory"
    return project_around(osp.dirname(osp.abspath(path))) if in_file else ""


def _as_one(spots: List[CodeSpot]) -> CodeSpot:
    """One line that several parts of the model run."""
    called = sorted({place for spot in spots for place in spot.called})
    return CodeSpot(spots[0].path, spots[0].line, tuple(called))
