"""Top-level names that nobody reads: which key is meant, and who may read the name after all."""

from __future__ import annotations

import pytest

from mmfix.config.memory import from_mapping
from mmfix.config.reader import Reader
from mmfix.rules import judge
from mmfix.rules.rule import MMCV1, MMENGINE
from mmfix.training import read
from mmfix.training.spelling import nearest, slips
from mmfix.training.top_level import meant_by

MODEL = "model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', depth=50))\n"


@pytest.mark.parametrize(
    ("word", "other", "count"),
    [("model", "models", 1), ("modle", "model", 1), ("eval_dataloader", "val_dataloader", 1),
     ("abcd", "wxyz", 3),
     ("train_cgf", "train_cfg", 1), ("optim_wraper", "optim_wrapper", 1), ("data", "datum", 2)],
)  # fmt: skip
def test_slips(word, other, count) -> None:
    assert slips(word, other) == slips(other, word) == count


def test_of_two_that_are_as_near_none_is_meant() -> None:
    assert nearest("tost_dataloader", ["test_dataloader", "tast_dataloader"]) is None


@pytest.mark.parametrize(
    ("name", "era", "meant"),
    [
        ("find_unused_paramters", "mmengine", "find_unused_parameters"),
        ("find_unused_paramters", "mmcv1", "find_unused_parameters"),
        ("custom_hook", "mmengine", "custom_hooks"),
        ("param_schedulers", "mmengine", "param_scheduler"),
        ("optimizers", "mmcv1", None),
        ("optimiser", "mmcv1", "optimizer"),
        ("samples", "mmcv1", None),
        ("test_pipeline", "mmengine", None),
        ("_models", "mmengine", None),
    ],
)
def test_what_is_meant(name, era, meant) -> None:
    assert meant_by(name, era) == meant


def found(path):
    return [item for item in judge(read(Reader().load(str(path)), launcher="none")) if item.code == "MMF201"]


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "setup.py").write_text("")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "base.py").write_text(MMENGINE + MODEL)
    return tmp_path


def write(repository, text):
    path = repository / "configs" / "leaf.py"
    path.write_text("_base_ = './base.py'\n" + text)
    return path


def test_a_dict_is_merged_into_what_the_base_has(repository) -> None:
    (finding,) = found(write(repository, "models = dict(backbone=dict(depth=101), head=dict(n=1))\n"))
    (cure,) = finding.remedies
    assert [str(one) for one in cure.overrides] == ["model.backbone.depth = 101", "model.head = {'n': 1}"]
    assert (finding.origins[0].line, cure.name, cure.disposition) == (2, "right-name", "review")


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("def train(cfg):\n    return cfg.models\n", 0),
        ("def train(cfg):\n    return cfg.get('models')\n", 0),
        ("def train(runner):\n    return runner.cfg['models']\n", 0),
        ("def train(cfg):\n    return 'models' in cfg\n", 0),
        ("def train(cfg):\n    return getattr(cfg, 'models', None)\n", 0),
        ("from mmseg.models import build\nmodels = {'models': 1}\n", 1),
    ],
)
def test_code_of_the_repository_that_reads_it(repository, code, count) -> None:
    (repository / "train.py").write_text(code)
    assert len(found(write(repository, "models = dict(backbone=dict(depth=101))\n"))) == count


@pytest.mark.parametrize(
    "text",
    [
        "models = dict(depth=101)\nmodel = dict(backbone=models)\n",
        "models = dict(depth=101)\nmodel = dict(backbone={{_base_.models}})\n",
        "models = dict(backbone=dict(depth=50))\n",  # what it says holds already
    ],
)
def test_used_or_without_effect(repository, text) -> None:
    (repository / "configs" / "base.py").write_text(MMENGINE + MODEL + "models = dict()\n")
    assert found(write(repository, text)) == []


def test_beside_the_right_one_the_line_goes(repository) -> None:
    (finding,) = found(write(repository, "models = dict(backbone=dict(depth=101))\nmodel = dict()\n"))
    assert [cure.name for cure in finding.remedies] == ["drop-key"]


def test_a_key_that_would_stop_the_run_is_not_set(repository) -> None:
    (repository / "configs" / "base.py").write_text(MMENGINE + MODEL.replace("=50", "=50, with_cp=True"))
    path = write(repository, "find_unused_paramters = True\n")
    finding = next(item for item in judge(read(Reader().load(str(path)))) if item.code == "MMF201")
    assert [cure.name for cure in finding.remedies] == ["drop-key"]


def test_a_dumped_config_shows_what_it_used() -> None:
    tree = {
        "model": {"type": "FCOS", "backbone": {"depth": 101}}, "models": {"depth": 101},
        "train_dataloader": {}, "optim_wrapper": {}, "train_cfg": {"max_epochs": 1},
    }  # fmt: skip
    assert not [item for item in judge(read(from_mapping(tree))) if item.code == "MMF201"]


def test_mmcv1(tmp_path) -> None:
    path = tmp_path / "a.py"
    path.write_text(MMCV1 + MODEL + "optimiser = dict(lr=0.1)\nruner = dict(max_epochs=3)\n")
    assert [item.key for item in found(path)] == [("optimiser",), ("runer",)]
