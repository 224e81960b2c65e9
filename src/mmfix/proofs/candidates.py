"""Which cures are worth a rehearsal."""

from __future__ import annotations

from typing import Tuple

from mmfix.ddp import Outcome
from mmfix.findings import Remedy
from mmfix.proofs.measured import with_proof
from mmfix.proofs.types import HANG, NOT_PROVED, Proof, Rehearsal
from mmfix.remedies import solve
from mmfix.training.types import TrainingSetup


def candidates(setup: TrainingSetup, rehearsal: Rehearsal) -> Tuple[Remedy, ...]:
    """The cures that a config can hold, best first: those of what was read, else those of what was measured.

    Args:
        setup: As read from the config.
        rehearsal: Of the config as it is.
    """
    found = solve(setup)
    if not found and rehearsal.outcome not in (Outcome.OK.value, HANG, NOT_PROVED):
        found = solve(with_proof(setup, Proof(setup.document.path, rehearsal)))
    return tuple(remedy for remedy in found if remedy.overrides)
