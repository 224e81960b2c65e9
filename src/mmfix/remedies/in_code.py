"""Cures in the source of the model, where that lies in the repository of the config."""

from __future__ import annotations

import ast
import os.path as osp
from typing import Dict, List, Tuple

from mmfix.findings import CodeSpot
from mmfix.python.links import is_of_project, project_around
from mmfix.remedies.graph import reentrant_sites
from mmfix.training.at_hand import module_of
from mmfix.training.types import TrainingSetup

#: The cures that change code.
CODE_CURES = frozenset({"non-reentrant-in-code", "freeze-before-wrap"})


def calls_in_code(setup: TrainingSetup) -> Tuple[CodeSpot, ...]:
    """Every reentrant checkpoint call of the setup; none where one of them is in code of somebody else.

    fairscale's checkpoint is its own, and is always reentrant.
    """
    top = _top(setup)
    spots: Dict[Tuple[str, int], List[CodeSpot]] = {}
    for site in reentrant_sites(setup):
        if not site.calls:
            return ()
        for call in site.calls:
            file = osp.realpath(call.place.path)
            if call.library != "torch" or not top or not is_of_project(file, top):
                return ()
            spots.setdefault((file, call.place.line), []).append(CodeSpot(file, call.place.line, call.called))
    return tuple(_as_one(found) for _, found in sorted(spots.items()))


def late_freezing(setup: TrainingSetup) -> Tuple[CodeSpot, ...]:
    """Every line that freezes after the wrap; none where one of them is somebody else's, or unknown."""
    top = _top(setup)
    facts = setup.facts_of("late-freeze")
    if not top or not all(fact.places for fact in facts):
        return ()
    places = sorted({(osp.realpath(place.path), place.line) for fact in facts for place in fact.places})
    if not all(is_of_project(file, top) and _can_be_called(file, line) for file, line in places):
        return ()
    return tuple(CodeSpot(file, line) for file, line in places)


def _can_be_called(file: str, line: int) -> bool:
    """Whether a line is in a method that the constructor can call, not in what runs late itself."""
    tree = module_of(file)
    methods = [
        item
        for cls in (ast.walk(tree) if tree is not None else ())
        if isinstance(cls, ast.ClassDef)
        for item in cls.body
        if isinstance(item, ast.FunctionDef) and item.lineno <= line <= (item.end_lineno or 0)
    ]
    return bool(methods) and methods[0].name not in ("train", "init_weights")


def _top(setup: TrainingSetup) -> str:
    """The repository of a config; empty for one that is in no file."""
    path = setup.document.path
    in_file = path and setup.document.kind != "memory"
    return project_around(osp.dirname(osp.abspath(path))) if in_file else ""


def _as_one(spots: List[CodeSpot]) -> CodeSpot:
    """One line that several parts of the model run."""
    called = sorted({place for spot in spots for place in spot.called})
    return CodeSpot(spots[0].path, spots[0].line, tuple(called))
