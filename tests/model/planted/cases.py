"""The table of all planted cases."""

from __future__ import annotations

from typing import Tuple

from planted.case import FOLDER, Case, Checkpoint, marks
from planted.cases_loops import LOOPS
from planted.cases_modules import MODULES
from planted.cases_paths import PATHS
from planted.cases_training import TRAINING

__all__ = ["CASES", "FOLDER", "Case", "Checkpoint", "marks"]

CASES: Tuple[Case, ...] = (*MODULES, *PATHS, *LOOPS, *TRAINING)
