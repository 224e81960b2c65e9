"""Cures in the source of the model, where that lies in the repository of the config."""

from __future__ import annotations

import os.path as osp
from typing import Dict, List, Tuple

from mmfix.findings import CodeSpot
from mmfix.python.links import is_of_project, project_around
from mmfix.remedies.graph import reentrant_sites
from mmfix.training.types import TrainingSetup

#: The cures that change code.
CODE_CURES = frozenset({"non-reentrant-in-code"})


def calls_in_code(setup: TrainingSetup) -> Tuple[CodeSpot, ...]:
    """Every reentrant checkpoint call of the setup; none where one of them is in code of somebody else.

    fairscale's checkpoint is its own, and is always reentrant.
    """
    path = setup.document.path
    if not path or setup.document.kind == "memory":
        return ()
    top = project_around(osp.dirname(osp.abspath(path)))
    spots: Dict[Tuple[str, int], List[CodeSpot]] = {}
    for site in reentrant_sites(setup):
        if not site.calls:
            return ()
        for call in site.calls:
            file = osp.realpath(call.place.path)
            if call.library != "torch" or not is_of_project(file, top):
                return ()
            spots.setdefault((file, call.place.line), []).append(CodeSpot(file, call.place.line, call.called))
    return tuple(_as_one(found) for _, found in sorted(spots.items()))


def _as_one(spots: List[CodeSpot]) -> CodeSpot:
    """One line that several parts of the model run."""
    called = sorted({place for spot in spots for place in spot.called})
    return CodeSpot(spots[0].path, spots[0].line, tuple(called))
