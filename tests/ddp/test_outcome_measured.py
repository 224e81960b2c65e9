"""The outcome function against torch itself: two processes, gloo, four steps a cell."""

from __future__ import annotations

import pytest
from cells import as_json, every_combination, table
from gloo import measure

from mmfix.ddp import Checkpoint, Settings, Traits, Unused, outcome

pytest.importorskip("torch")
pytestmark = pytest.mark.ddp

CELLS = table()
HEALTHY = as_json("healthy", Settings(), Traits())
TWICE = as_json("twice", Settings(True), Traits(checkpoint=Checkpoint.REENTRANT))


def named(cell, name, **extra):
    return {**cell, "name": name, **extra}


AFTER_FAILURE = [named(cell, f"{cell['name']} {i}") for i in range(3) for cell in (TWICE, HEALTHY)]
CHECKPOINTED = [
    TWICE,
    as_json("varying", Settings(True), Traits(Checkpoint.REENTRANT, unused=Unused.SOMETIMES)),
    as_json("reused", Settings(), Traits(Checkpoint.REENTRANT, reused=True)),
    as_json("cut off", Settings(), Traits(Checkpoint.REENTRANT, input_has_grad=False)),
]
FLIPPED = [named(cell, f"{cell['name']} flipped", flip_default=True) for cell in CHECKPOINTED]


@pytest.fixture(scope="module")
def measured():
    """One start of two ranks for everything but the full product; the flip is last, it stays."""
    tabled = [as_json(cell.name, cell.settings, cell.traits) for cell in CELLS]
    return measure([*tabled, *AFTER_FAILURE, *CHECKPOINTED, *FLIPPED])


@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_torch_does_what_the_table_says(cell, measured):
    assert measured[cell.name] == cell.expected.value


def test_a_failed_cell_does_not_poison_the_next(measured):
    assert [measured[cell["name"]] for cell in AFTER_FAILURE] == ["READY_TWICE", "OK"] * 3


def test_non_reentrant_default_cures_the_checkpoint(measured):
    """Before, and after importing the module that ``custom_imports`` names.

    ``gloo_child.py`` took ``checkpoint`` by ``from torch.utils.checkpoint import checkpoint`` before.
    """
    before = [measured[cell["name"]] for cell in CHECKPOINTED]
    assert before == ["READY_TWICE", "READY_TWICE", "READY_TWICE", "UNUSED"]
    assert [measured[cell["name"]] for cell in FLIPPED] == ["OK"] * 4


@pytest.mark.full
def test_torch_agrees_on_every_combination():
    """1,152 cells: all the settings with all the graphs, also those no table lists. Half a minute."""
    cells = every_combination()
    measured = measure([as_json(str(index), *cell) for index, cell in enumerate(cells)], seconds=300)
    wrong = [
        f"{settings} {traits}: expected {outcome(settings, traits).value}, measured {measured[str(index)]}"
        for index, (settings, traits) in enumerate(cells)
        if measured[str(index)] != outcome(settings, traits).value
    ]
    assert not wrong, "\n".join(wrong[:20])
