"""Readings are kept between runs, and made again when the model or its source changes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict

import pytest

from mmfix.model import reading as reading_module
from mmfix.model import remembered
from mmfix.model.stored import from_json, to_json
from mmfix.model.types import NEVER, ModelReading
from mmfix.repository import cache, state

SOURCE = """\
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class RememberedModel(BaseModel):
    def __init__(self, use_side=False, frozen=False):
        super().__init__()
        self.use_side = use_side
        self.frozen = frozen
        self.stem = nn.Conv2d(3, 8, 1)
        self.side = nn.Conv2d(8, 8, 1)

    def train(self, mode=True):
        super().train(mode)
        if self.frozen:
            self.stem.requires_grad_(False)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = self.stem(inputs)
        if self.use_side:
            x = self.side(x)
        return dict(loss=x.mean())
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMFIX_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(state, "_seen", {})
    root = tmp_path / "repository"
    root.mkdir()
    (root / "setup.py").write_text("")
    (root / "side.py").write_text(SOURCE)
    return root


def read(root: Path, **options: Any) -> ModelReading:
    model: Dict[str, Any] = {"type": "RememberedModel", **options}
    return remembered.read_remembered(model, (str(root),), "mmengine", None, True)


ODD_NAMES = ("scale", "a.weight", "a.bias", "a.b c.weight", "a.out_proj.weight", "b.weight", "a.late")


@pytest.mark.parametrize("names", [None, (), ODD_NAMES])
def test_names_of_parameters_are_kept_in_their_order(names: Any) -> None:
    reading = ModelReading((), (), (), (), (), (), trainable=names, unordered="" if names else "why")
    again = from_json(json.loads(json.dumps(to_json(reading))))
    assert (again.trainable, again.unordered) == (names, reading.unordered)


def test_the_order_of_a_model_is_remembered(repository: Path) -> None:
    names = ("stem.weight", "stem.bias", "side.weight", "side.bias")
    assert read(repository, frozen=True).trainable == names
    assert read(repository, frozen=True).trainable == names


def verdicts(reading: ModelReading) -> Dict[str, str]:
    return {item.name: item.verdict for item in reading.submodules}


def refuse(*arguments: Any) -> ModelReading:
    raise AssertionError("read again")


def test_the_second_time_nothing_is_read(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(repository, frozen=True)
    assert verdicts(first) == {"side": NEVER}
    assert first.late_freezes
    monkeypatch.setattr(reading_module, "read_model", refuse)
    assert read(repository, frozen=True) == first
    with pytest.raises(AssertionError, match="read again"):
        read(repository, use_side=True)


def test_what_says_nothing_about_gradients_makes_no_difference(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(repository)
    monkeypatch.setattr(reading_module, "read_model", refuse)
    assert read(repository, init_cfg={"type": "Pretrained", "checkpoint": "x.pth"}) == first


def test_changed_source_is_read_again(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdicts(read(repository)) == {"side": NEVER}
    (repository / "side.py").write_text(SOURCE.replace("if self.use_side:", "if not self.use_side:"))
    monkeypatch.setattr(state, "_seen", {})  # as in another run
    assert verdicts(read(repository)) == {}


def test_a_package_that_comes_onto_the_path_is_noticed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source folder on PYTHONPATH, which holds no installed distribution."""
    first = read(repository)
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "mmfixfar.py").write_text("far = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path / "far"))
    calls = []
    monkeypatch.setattr(remembered, "_remember", lambda digest, reading: calls.append(digest))
    assert read(repository).built == first.built
    assert len(calls) == 1


def test_a_reading_without_time_enough_is_kept_for_this_run(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until somebody gives it more time, or its source changes."""
    taken = []
    real = reading_module.read_model

    def out_of_time(*arguments: Any) -> ModelReading:
        taken.append(arguments)
        return replace(real(*arguments), unfinished=True)

    monkeypatch.setattr(reading_module, "read_model", out_of_time)
    monkeypatch.setattr(remembered, "_remember", refuse)
    first = read(repository)
    assert read(repository) is first
    assert len(taken) == 1
    given = {"type": "RememberedModel"}
    remembered.read_remembered(given, (str(repository),), "mmengine", None, True, (), 60.0)
    assert len(taken) == 2
    (repository / "side.py").write_text(SOURCE.replace("8, 8", "8, 16"))
    read(repository)
    assert len(taken) == 3
    remembered.look_again()
    read(repository)
    assert len(taken) == 4


def test_another_class_of_that_name_is_noticed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(repository).ambiguous == ()
    (repository / "other.py").write_text(SOURCE)
    monkeypatch.setattr(state, "_seen", {})
    ((name, line),) = read(repository).ambiguous
    assert name == "RememberedModel"
    assert "other" in line
    assert "side" in line


@pytest.mark.parametrize(
    "value", [None, 3, {}, {"files": {}}, {"files": {}, "reading": {"submodules": [[1]]}}]
)
def test_a_foreign_entry_is_ignored(repository: Path, monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    monkeypatch.setattr(cache, "load", lambda *arguments: value)
    assert verdicts(read(repository)) == {"side": NEVER}


def test_a_reading_survives_json(repository: Path) -> None:
    reading = read(repository, frozen=True)
    assert from_json(to_json(reading)) == reading
