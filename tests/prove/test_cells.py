"""Every cell of the measured tables again, this time through MMEngine's Runner on a toy model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Tuple

import pytest
from cells import table
from prove_ranks import rehearse_all

from mmfix.ddp import Checkpoint, Outcome, Unused
from mmfix.proofs.types import Rehearsal
from mmfix.prove.job import Job

pytest.importorskip("torch")
pytestmark = [pytest.mark.ddp, pytest.mark.xdist_group("prove-cells")]  # one start of the ranks for all

TOY = Path(__file__).parent / "toy"

#: What DDP says, by outcome; without accumulation or static graph the text is the first of each.
TEXTS = {
    Outcome.UNUSED: "Expected to have finished reduction in the prior iteration",
    Outcome.READY_TWICE: "Expected to mark a variable ready only once",
    Outcome.NO_SYNC_ASSERT: "expect_autograd_hooks_ INTERNAL ASSERT FAILED",
}
#: A Runner's step goes through DDP.forward: the rows of mmcv 1.x are not for it.
CELLS = [cell for cell in table() if not cell.settings.bypasses_forward]


def overrides(cell: Any) -> Tuple[Tuple[Tuple[str, ...], Any], ...]:
    traits, settings = cell.traits, cell.settings
    found: Dict[Tuple[str, ...], Any] = {
        ("model", "cp"): traits.checkpoint.value,
        ("model", "unused"): traits.unused.value,
        ("model", "late_freeze"): traits.late_freeze,
        ("model", "reused"): traits.reused,
        ("model", "input_has_grad"): traits.input_has_grad,
        ("optim_wrapper", "accumulative_counts"): settings.accumulation,
        ("find_unused_parameters",): settings.find_unused_parameters,
    }
    if settings.static_graph:
        found[("model_wrapper_cfg",)] = {
            "type": "MMDistributedDataParallel",
            "static_graph": True,
            "find_unused_parameters": settings.find_unused_parameters,
        }
    return tuple(found.items())


@pytest.fixture(scope="module")
def rehearsed() -> Dict[str, Rehearsal]:
    """One start of two ranks for all cells."""
    jobs = [
        Job(str(TOY / "toy.py"), "", overrides(cell), scenarios=("normal",), iterations=4) for cell in CELLS
    ]
    found = rehearse_all(jobs, TOY)
    return {cell.name: rehearsal for cell, rehearsal in zip(CELLS, found)}


@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_the_runner_does_what_the_table_says(cell: Any, rehearsed: Dict[str, Rehearsal]) -> None:
    (scenario,) = rehearsed[cell.name].scenarios
    assert scenario.outcome == cell.expected.value, scenario
    assert TEXTS.get(cell.expected, "") in scenario.error
    assert bool(scenario.error) == (cell.expected in TEXTS)
    assert scenario.disagreement == ""


@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_the_counts_name_the_parameters(cell: Any, rehearsed: Dict[str, Rehearsal]) -> None:
    (scenario,) = rehearsed[cell.name].scenarios
    idle = cell.traits.late_freeze or cell.traits.unused is not Unused.NEVER
    if cell.expected is not Outcome.NO_SYNC_ASSERT:  # its backward pass never ends, not even without DDP
        assert ("side.weight" in scenario.unused) == idle
    if cell.expected is Outcome.READY_TWICE:
        assert "block1.layers.0.weight" in scenario.ready_twice
    cut_off = cell.traits.checkpoint is Checkpoint.REENTRANT and not cell.traits.input_has_grad
    assert ("block1.layers.0.weight" in scenario.untrained) == cut_off
