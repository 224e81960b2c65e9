"""The answer does not depend on the order of hashes and addresses, or on an earlier run that had no time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest

from mmfix.model import remembered
from mmfix.model.machine import budget
from mmfix.model.types import NEVER, ModelReading

FOLDER = Path(__file__).resolve().parent
#: More than the 1024 steps after which the time is looked at.
SOURCE = """\
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class LongTrain(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor)
        self.cars = nn.ModuleList(nn.Linear(3, 3) for _ in range(300))
        for car in self.cars:
            car.number = id(car)
        self.spare = nn.Linear(3, 3)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        for car in self.cars:
            inputs = car(inputs)
        return dict(loss=inputs.sum())
"""


def test_every_hash_seed_gives_the_same_readings():
    outputs: List[str] = []
    for seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(FOLDER)}
        done = subprocess.run(
            [sys.executable, str(FOLDER / "hashed.py")],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        outputs.append(done.stdout)
    assert outputs[0].count("\n") > 60
    for other in outputs[1:]:
        assert other.splitlines() == outputs[0].splitlines()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMFIX_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "repository"
    root.mkdir()
    (root / "setup.py").write_text("")
    (root / "train_of_cars.py").write_text(SOURCE)
    return root


def read(root: Path, **options: Any) -> ModelReading:
    model: Dict[str, Any] = {"type": "LongTrain"}
    return remembered.read_remembered(model, (str(root),), "mmengine", None, True, **options)


def test_a_reading_that_ran_out_of_time_is_not_kept(repository: Path) -> None:
    first = read(repository, seconds=-1)
    assert first.unfinished
    assert "more than -1 seconds of CPU time" in first.gave_up
    second = read(repository)
    assert not second.unfinished
    assert {part.name: part.verdict for part in second.submodules} == {"spare": NEVER}


def test_a_reading_that_took_too_many_steps_is_kept(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "MOST_STEPS", 1500)
    first = read(repository)
    assert "more than 1500 steps" in first.gave_up
    assert not first.unfinished
    monkeypatch.undo()
    monkeypatch.setenv("MMFIX_CACHE_DIR", str(repository.parent / "cache"))
    assert read(repository) == first  # it would come to the same
