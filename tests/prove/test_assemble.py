"""From what the ranks left to a verdict, also when some of them did not come to their end."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Optional, Sequence, Tuple

import pytest
from left_by_ranks import UNUSED, rank

from mmfix.prove.assemble import joined, rehearsal_of

GONE = "RuntimeError: Connection closed by peer"
LIMIT = "the time limit of 300 s came in this phase: single step 0"


class Case(NamedTuple):
    about: str
    results: Sequence[Optional[Dict[str, Any]]]
    why: str
    outcome: str
    scenarios: Tuple[str, ...]
    left: Tuple[str, ...] = ()
    reason: str = ""


CASES = (
    Case("all well", (rank("", "", ""),) * 2, "", "OK", ("OK", "OK", "OK")),
    Case("nobody came to a step", (None, None), "no output", "NOT_PROVED", (), reason="no output"),
    Case("time ran out", (rank("", ""),) * 2, LIMIT, "NOT_PROVED", ("OK", "OK"), ("single",), LIMIT),
    Case(
        "a failure was seen before time ran out",
        (rank(UNUSED, ready=(0,)),) * 2,
        LIMIT,
        *("UNUSED", ("UNUSED",), ("empty", "single"), f"normal: {UNUSED}"),
    ),
    Case(
        "all stood still in the second scenario",
        (rank(""),) * 2,
        "HANG",
        *("HANG", ("OK", "HANG"), ("single",), "all ranks stood still in empty step 1"),
    ),
    Case(
        "one rank failed, and the other never noticed: NCCL",
        (rank(UNUSED, ready=(0,), parted=True), rank("", parted=True)),
        *("", "UNUSED", ("UNUSED",), ("empty", "single"), f"normal: {UNUSED}"),
    ),
    Case(
        "one rank failed, and the other has nothing so far",
        (rank(UNUSED, ready=(0,), parted=True), None),
        *("", "UNUSED", ("UNUSED",), ("empty", "single"), f"normal: {UNUSED}"),
    ),
    Case(
        "one rank was killed, and the other only saw it go",
        (rank("", GONE), rank("")),
        *("a rank was killed", "NOT_PROVED", ("OK", "NOT_PROVED"), ("single",), "a rank was killed"),
    ),
    Case(
        "it broke after its last step",
        (rank("", "", "", reason="OSError: no space"), rank("", "", "")),
        *("", "NOT_PROVED", ("OK", "OK", "OK"), (), "OSError: no space"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=[case.about for case in CASES])
def test_the_verdict(case: Case) -> None:
    found = rehearsal_of(case.results, case.why, "empty step 1", "")
    assert found.outcome == case.outcome
    assert tuple(scenario.outcome for scenario in found.scenarios) == case.scenarios
    assert found.left == case.left
    assert found.reason.startswith(case.reason)
    assert bool(found.reason) == (case.outcome != "OK")


def test_the_order_of_the_parameters_does_not_need_a_step() -> None:
    early = {"order": ("used.weight", "idle.weight"), "versions": {}}
    for why in ("a rank ended with exit code 9", "HANG", ""):
        found = rehearsal_of((None, early), why, "normal step 0", "")
        assert (found.parameters, found.trainable) == (early["order"], 0)
    known, unknown = rehearsal_of((WELL, WELL), "", "", ""), rehearsal_of((None, None), "no output", "", "")
    assert (known.parameters, unknown.parameters) == (early["order"], ())
    assert rehearsal_of((rank("", order=()),) * 2, "", "", "").parameters == ()  # each part has its own
    for parts in ((known, unknown), (unknown, known), (known, known)):
        assert joined(parts).parameters == early["order"]


NAN = ("(nan, nan)", "b")
WELL = rank("", "", "")
APART = rank("", "", "", weights=(("a", "b"), ("a", "c")))


@pytest.mark.parametrize(
    ("results", "outcome", "reason"),
    [
        ((WELL, WELL), "OK", ""),
        ((WELL, rank("", "", "", weights=())), "OK", ""),  # it left before the last step
        ((WELL, APART), "DIVERGED", "1 parameter differs between the ranks after the last step: idle.weight"),
        (
            (WELL, rank("", "", "", weights=(("c", "d"), ("a", "b")))),
            "DIVERGED",
            "2 parameters differ between the ranks after the last step: used.weight, idle.weight",
        ),
        # both end without numbers: what was before them counts, and where there was nothing, nothing is said
        ((rank("", "", "", weights=(("a", "b"), NAN)),) * 2, "OK", ""),
        ((rank("", "", "", weights=(NAN, NAN)),) * 2, "NOT_PROVED", "the losses are not finite"),
        (
            tuple(rank("", "", "", weights=((mark, "b"), NAN)) for mark in "ac"),
            "DIVERGED",
            "1 parameter differs between the ranks after the last step: used.weight",
        ),
        # the ranks of a failure part for its sake
        ((rank("", UNUSED, ""), {**APART, "runs": rank("", UNUSED, "")["runs"]}), "UNUSED", "empty: "),
    ],
)
def test_ranks_that_drift_apart_are_an_outcome_of_the_whole(
    results: Sequence[Dict[str, Any]], outcome: str, reason: str
) -> None:
    found = rehearsal_of(results, "", "", "")
    assert (found.outcome, found.reason[: len(reason)]) == (outcome, reason)
    if outcome == "DIVERGED":
        assert [(item.outcome, item.disagreement) for item in found.scenarios] == [("OK", "")] * 3
        assert joined((found, rehearsal_of((WELL, WELL), "", "", ""))).outcome == "DIVERGED"
