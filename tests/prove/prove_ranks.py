"""Rehearse many jobs with one start of two ranks, as the supervisor would one after another."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple, Union

from mmfix.proofs.types import Rehearsal
from mmfix.prove.job import Job

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
from prove_many import in_pairs

#: Overrides of a job, in either era.
FROZEN: Dict[Any, Any] = {("model", "backbone", "frozen_stages"): 2}
CHECKPOINT: Dict[Any, Any] = {("model", "backbone", "with_cp"): True}
UNUSED: Dict[Any, Any] = {("find_unused_parameters",): True}
#: torch ``reducer.cpp``
_INDICES = re.compile(r"did not receive grad for rank \d+: ([\d ]+)")


def rehearse_all(jobs: Sequence[Job], path: Union[str, Path]) -> List[Rehearsal]:
    """One rehearsal a job; ``path`` is on the ``PYTHONPATH`` of the ranks."""
    where = os.pathsep.join(filter(None, (str(path), os.environ.get("PYTHONPATH"))))
    return [rehearsal for rehearsal, _ in in_pairs(jobs, len(jobs), where)]


def unused_by_ddp(found: Rehearsal) -> Tuple[str, ...]:
    """The names at the indices that DDP's own error lists for the first scenario; empty without an error."""
    told = _INDICES.search(found.scenarios[0].error)
    return tuple(found.parameters[int(index)] for index in told.group(1).split()) if told else ()
