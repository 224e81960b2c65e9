"""What the source of each planted case says, read once for all tests."""

from __future__ import annotations

from functools import lru_cache

from planted.case import FOLDER
from planted.cases import CASES

from mmfix.model.reading import read_model
from mmfix.model.types import ModelReading
from mmfix.repository.library import Library

LIBRARY = Library([str(FOLDER.parent)])


@lru_cache(maxsize=None)
def reading_of(name: str) -> ModelReading:
    """What the source of that case says."""
    case = next(case for case in CASES if case.name == name)
    return read_model(case.model, LIBRARY, case.era, "mmengine")
