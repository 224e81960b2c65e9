"""Configs that a model opens while it is built: a distiller is told its teacher by a path."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import pytest

from mmfix.model.reading import read_model
from mmfix.model.types import NEVER, ModelReading
from mmfix.repository.library import Library

SOURCE = """\
import torch
import torch.nn as nn
from {config} import Config
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class Pupil(BaseModel):
    def __init__(self, width):
        super().__init__()
        self.trunk = nn.Conv2d(3, width, 1)
        self.head = nn.Conv2d(width, 1, 1)


@MODELS.register_module()
class Lesson(BaseModel):
    def __init__(self, teacher, student, head_only=False):
        super().__init__()
        self.teacher = MODELS.build(Config.fromfile(teacher).model)
        self.teacher.requires_grad_(False)
        self.student = MODELS.build(Config.fromfile(student)['model'])
        self.head_only = head_only

    def forward(self, inputs, data_samples=None, mode="tensor"):
        with torch.no_grad():
            seen = self.teacher.trunk(inputs)
        if not self.head_only:
            seen = self.student.trunk(inputs)
        return dict(loss=self.student.head(seen).mean())
"""
PUPIL = "_base_ = './width.py'\nmodel = dict(type='Pupil', width={{_base_.width}})\n"
LESSON = {"type": "Lesson", "teacher": "configs/pupil.py", "student": "configs/pupil.py"}


@pytest.fixture(params=["", "school/.mim"], ids=["clone", "installed"])
def root(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A clone, or a package that carries its configs as released wheels do."""
    configs = tmp_path / request.param / "configs"
    configs.mkdir(parents=True)
    (tmp_path / "school").mkdir(exist_ok=True)
    (tmp_path / "school" / "__init__.py").write_text("")
    (tmp_path / "school" / "lesson.py").write_text(SOURCE.format(config="mmengine.config"))
    (configs / "width.py").write_text("width = 4\n")
    (configs / "pupil.py").write_text(PUPIL)
    (configs / "torn.py").write_text("model = dict(\n")
    return tmp_path


def read(root: Path, **more: Any) -> ModelReading:
    model: Dict[str, Any] = {**LESSON, **more}
    return read_model(model, Library([str(root)]), "mmengine", "school")


def idle(reading: ModelReading) -> List[str]:
    return [item.name for item in reading.submodules if item.verdict == NEVER]


def test_the_model_of_the_opened_config_is_built(root: Path) -> None:
    assert idle(read(root, head_only=True)) == ["student.trunk"]
    assert idle(read(root)) == []


def test_its_parts_are_of_no_key_of_the_judged_config(root: Path) -> None:
    reading = read(root, head_only=True)
    assert [built.key for built in reading.built] == [("model",)]


def test_the_files_opened_count_as_read(root: Path) -> None:
    names = {Path(file).name for file in read(root).files}
    assert {"pupil.py", "width.py", "lesson.py"} <= names


def test_mmcv_opens_configs_too(root: Path) -> None:
    (root / "school" / "lesson.py").write_text(SOURCE.format(config="mmcv"))
    assert idle(read(root, head_only=True)) == ["student.trunk"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("configs/nowhere.py", "was not found"),
        ("../configs/pupil.py", "was not found"),
        ("configs/../../pupil.py", "was not found"),
        ("/configs/pupil.py", "was not found"),
        ("", "was not found"),
        ("configs", "was not found"),
        ("school/lesson.txt", "was not found"),
        ("configs/torn.py", "cannot be read"),
        ("nul\0byte.py", "was not found"),
    ],
)
def test_what_cannot_be_opened_is_a_part_that_is_not_known(root: Path, path: str, reason: str) -> None:
    reading = read(root, student=path)
    assert any(f"a config that the model opens {reason}" in problem.reason for problem in reading.problems)
    assert idle(reading) == []


HUB = """\
import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS as PARENT, Registry, build_from_cfg


def build_or_fetch(cfg, registry, default_args=None):
    if cfg.get("cfg_path") and not cfg.get("type"):
        from mmengine.hub import get_model
        return get_model(**cfg)
    return build_from_cfg(cfg, registry, default_args)


MODELS = Registry("model", parent=PARENT, build_func=build_or_fetch)


@PARENT.register_module()
class HubLesson(BaseModel):
    def __init__(self, teacher, student):
        super().__init__()
        self.teacher = MODELS.build(teacher)
        self.student = MODELS.build(student)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        with torch.no_grad():
            seen = self.teacher.trunk(inputs)
        return dict(loss=self.student.head(self.student.trunk(inputs) - seen).mean())
"""


def test_a_model_of_a_package_by_the_path_of_its_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "packages" / "mmflow"
    configs = package / ".mim" / "configs" / "pupil"
    configs.mkdir(parents=True)
    (package / "__init__.py").write_text(SOURCE.format(config="mmengine.config"))
    (configs / "pupil_w4.py").write_text("model = dict(type='Pupil', width=4)\n")
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "hub.py").write_text(HUB)
    model = {
        "type": "HubLesson",
        "teacher": {"cfg_path": "mmflow::pupil/pupil_w4.py", "pretrained": False},
        "student": {"type": "mmflow.Pupil", "width": 4},
    }
    found = read_model(model, Library([str(tmp_path / "clone")]), "mmengine", "mmengine")
    assert not found.gave_up
    assert [(part.name, part.verdict, part.why) for part in found.submodules] == [
        ("teacher", NEVER, "used only without gradients")
    ]
    assert str(configs / "pupil_w4.py") in found.files


def test_a_package_that_is_not_here_costs_that_part_alone(tmp_path: Path) -> None:
    (tmp_path / "hub.py").write_text(HUB)
    teacher = {"cfg_path": "mmfewshot::pupil/pupil_w4.py"}
    model = {"type": "HubLesson", "teacher": teacher, "student": {"cfg_path": "nowhere"}}
    found = read_model(model, Library([str(tmp_path)]), "mmengine", "mmengine")
    assert any("needs the package mmfewshot" in problem.reason for problem in found.problems)
    assert any("package::folder" in problem.reason for problem in found.problems)
