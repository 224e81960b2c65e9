"""What would load weights is taken out of a config, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from mmengine.config import Config  # noqa: E402
from mmengine.model import BaseModule  # noqa: E402
from mmengine.model.weight_init import PretrainedInit  # noqa: E402

from mmfix.prove.inputs.pretrained import without_pretrained  # noqa: E402

WEIGHTS = {"type": "Pretrained", "checkpoint": "torchvision://resnet50"}
KAIMING = {"type": "Kaiming", "layer": "Conv2d"}


@pytest.fixture(autouse=True)
def _keep_mmengine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PretrainedInit, "__call__", PretrainedInit.__call__)


@pytest.mark.parametrize(
    ("model", "left", "lines"),
    [
        ({"init_cfg": WEIGHTS}, {"init_cfg": None}, 1),
        ({"init_cfg": {**WEIGHTS, "type": PretrainedInit}}, {"init_cfg": None}, 1),
        ({"init_cfg": {**WEIGHTS, "type": "mmengine.PretrainedInit"}}, {"init_cfg": None}, 1),
        ({"init_cfg": {"checkpoint": "swin.pth"}}, {"init_cfg": None}, 1),
        ({"init_cfg": [KAIMING, WEIGHTS]}, {"init_cfg": [KAIMING]}, 1),
        ({"init_cfg": [WEIGHTS]}, {"init_cfg": None}, 1),
        ({"init_cfg": KAIMING}, {"init_cfg": KAIMING}, 0),
        ({"backbone": {"pretrained": "a.pth"}}, {"backbone": {"pretrained": None}}, 1),
        ({"backbone": {"pretrained": True}}, {"backbone": {"pretrained": False}}, 1),
        ({"backbone": {"pretrained": None}}, {"backbone": {"pretrained": None}}, 0),
        ({"teacher_ckpt": "t.pth"}, {"teacher_ckpt": None}, 1),
        ({"flow": {"spynet_pretrained": "s.pth"}}, {"flow": {"spynet_pretrained": None}}, 1),
        ({"heads": [{"init_cfg": WEIGHTS}]}, {"heads": [{"init_cfg": None}]}, 1),
        ({"with_cp": True, "depth": 50}, {"with_cp": True, "depth": 50}, 0),
    ],
)
def test_weights_leave_the_model(model: Any, left: Any, lines: int) -> None:
    config = Config({"model": model})
    replaced = without_pretrained(config)
    assert config.model.to_dict() == left
    assert len(replaced) == lines


def test_loading_and_resuming_are_switched_off() -> None:
    config = Config(
        {"model": {}, "load_from": "a.pth", "resume": True, "default_hooks": {"checkpoint": {"interval": 1}}}
    )
    replaced = without_pretrained(config)
    assert (config.load_from, config.resume, config.default_hooks.checkpoint.interval) == (None, False, 1)
    assert replaced == ("load_from: 'a.pth' -> None", "resume: True -> False")


def test_a_line_says_where() -> None:
    config = Config({"model": {"backbone": {"init_cfg": WEIGHTS}}})
    assert without_pretrained(config)[0].startswith("model.backbone.init_cfg: {'type': 'Pretrained'")


def test_a_teacher_is_found_above_the_config_and_cleaned(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "teacher.py").write_text(f"model = dict(init_cfg={WEIGHTS})\n", encoding="utf-8")
    student = tmp_path / "configs" / "student.py"
    student.write_text("model = dict(teacher_config='configs/teacher.py')\n", encoding="utf-8")
    config = Config.fromfile(str(student))
    assert len(without_pretrained(config)) == 1
    assert config.model.teacher_config["model"]["init_cfg"] is None


def test_a_class_with_a_pretrained_default_loads_nothing() -> None:
    class Backbone(BaseModule):
        def __init__(self) -> None:
            super().__init__({"type": "Pretrained", "checkpoint": "/no/such/file.pth"})
            self.layer = torch.nn.Linear(1, 1)

    with pytest.raises(FileNotFoundError):
        Backbone().init_weights()
    without_pretrained(Config({"model": {}}))
    Backbone().init_weights()
