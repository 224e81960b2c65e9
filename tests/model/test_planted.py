"""Verdict and evidence line of each planted model file, read from source; its twin measures the labels."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, FrozenSet, Iterable, Optional, Set

import pytest
from planted.cases import CASES, Case, marks
from planted_reading import reading_of

from mmfix.config.keypath import format_key
from mmfix.model.types import NEVER, Submodule
from mmfix.python.place import Place

EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def reported(case: Case) -> Dict[str, Submodule]:
    """What is not simply used, by its name in the model."""
    return {found.name: found for found in reading_of(case.name).submodules}


def line_of(case: Case, place: Optional[Place]) -> Optional[int]:
    """The line of ``place`` as :func:`planted.case.marks` counts it."""
    if place is None:
        return None
    stem = Path(place.path).stem
    assert stem in {case.file, "helpers"}
    return -place.line if stem == "helpers" else place.line


def marked(case: Case, kind: str, names: Iterable[str]) -> Set[FrozenSet[int]]:
    """The marked lines of each of ``names``."""
    lines = marks(case.file)
    return {lines[kind, name] for name in names}


@EVERY_CASE
def test_verdicts(case: Case) -> None:
    assert reading_of(case.name).gave_up == ""
    assert {name: found.verdict for name, found in reported(case).items()} == case.expected
    left_to = {name: found.left_to for name, found in reported(case).items() if found.left_to}
    assert left_to == case.left_to


@EVERY_CASE
def test_evidence(case: Case) -> None:
    lines = marks(case.file)
    for name, found in reported(case).items():
        assert line_of(case, found.created) in lines["created", name]
        used = line_of(case, found.used)
        counted = lines.get(("used", name), frozenset())
        uncounted = lines.get(("uncounted", name), frozenset())
        if found.verdict == NEVER:  # what never gets a gradient may have no use to show
            assert used in uncounted | counted | (frozenset() if counted else {None})
        else:
            assert used in counted


@EVERY_CASE
def test_the_key_that_decides(case: Case) -> None:
    keys = {name: found.decided_by for name, found in reported(case).items() if name in case.decided_by}
    for name, key in keys.items():
        assert key is not None
        assert format_key(key) in case.decided_by[name].split(" or ")


@EVERY_CASE
def test_freezing(case: Case) -> None:
    reading = reading_of(case.name)
    frozen = marked(case, "frozen", case.late_freeze)
    found = {line_of(case, freeze.place) for freeze in reading.late_freezes}
    assert bool(found) == bool(frozen)
    assert all(any(line in lines for lines in frozen) for line in found)
    toggled = marked(case, "toggled", case.toggled)
    found = {line_of(case, toggle.place) for toggle in reading.toggles}
    assert bool(found) == bool(toggled)
    assert all(found & lines for lines in toggled)


@EVERY_CASE
def test_checkpoints(case: Case) -> None:
    found = reading_of(case.name).checkpoints
    assert {line_of(case, use.place) for use in found} == (
        set(marks(case.file)["checkpoint", ""]) if case.checkpoint else set()
    )
    for use in found:
        assert case.checkpoint is not None
        assert use.reentrant is not False if case.checkpoint.reentrant else use.reentrant is False
        assert use.guarded == case.checkpoint.guarded
        assert use.switch is not None
        assert use.switch[-1] == case.checkpoint.switch
        assert use.reused is case.reused
