from __future__ import annotations

import pytest
from cells import every_combination, table
from hypothesis import given
from hypothesis import strategies as st

from mmfix.ddp import Checkpoint, Outcome, Settings, Traits, Unused, outcome, possible_outcomes

CELLS = table()


@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_cell(cell):
    assert outcome(cell.settings, cell.traits) is cell.expected


def test_the_table_covers_every_outcome():
    assert {cell.expected for cell in CELLS} == set(Outcome)


def test_names_are_unique():
    assert len({cell.name for cell in CELLS}) == len(CELLS)


def test_unknown_trait_is_refused():
    with pytest.raises(ValueError, match="possible_outcomes"):
        outcome(Settings(), Traits(unused=None))


@pytest.mark.parametrize(
    ("settings", "traits", "expected"),
    [
        (Settings(), Traits(unused=None), {Outcome.OK, Outcome.UNUSED}),
        (Settings(True), Traits(unused=None, late_freeze=None, reused=None), {Outcome.OK}),
        (Settings(True), Traits(checkpoint=None), {Outcome.OK, Outcome.READY_TWICE}),
        (
            Settings(True),
            Traits(checkpoint=Checkpoint.REENTRANT, input_has_grad=None),
            {Outcome.UNTRAINED, Outcome.READY_TWICE},
        ),
        (Settings(static_graph=True), Traits(unused=None), {Outcome.OK, Outcome.UNUSED}),
        (Settings(), Traits(checkpoint=Checkpoint.REENTRANT, reused=None), {Outcome.OK, Outcome.READY_TWICE}),
        (Settings(), Traits(), {Outcome.OK}),
    ],
)
def test_possible_outcomes(settings, traits, expected):
    assert possible_outcomes(settings, traits) == expected


def some(values):
    return st.sampled_from([*values, None])


@given(
    settings=st.builds(Settings, st.booleans(), st.booleans(), st.sampled_from([1, 4]), st.booleans()),
    traits=st.builds(
        Traits, some(Checkpoint), some([True, False]), some(Unused), some([True, False]), some([True, False])
    ),
)
def test_possible_outcomes_is_the_union_of_all_that_agree(settings, traits):
    agreeing = [
        known
        for _, known in every_combination()[:72]
        if all(value is None or value == getattr(known, name) for name, value in vars(traits).items())
    ]
    assert possible_outcomes(settings, traits) == {outcome(settings, known) for known in agreeing}
