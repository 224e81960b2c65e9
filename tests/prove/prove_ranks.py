"""Rehearse many jobs with one start of two ranks, as the supervisor would one after another."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import List, Sequence, Union

from mmfix.proofs.types import Rehearsal
from mmfix.prove.job import Job

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
from prove_many import in_pairs


def rehearse_all(jobs: Sequence[Job], path: Union[str, Path]) -> List[Rehearsal]:
    """One rehearsal a job; ``path`` is on the ``PYTHONPATH`` of the ranks."""
    where = os.pathsep.join(filter(None, (str(path), os.environ.get("PYTHONPATH"))))
    return [rehearsal for rehearsal, _ in in_pairs(jobs, len(jobs), where)]
