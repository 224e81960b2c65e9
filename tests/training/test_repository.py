"""A repository's own training script decides what an absent key means, and which keys are read."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, Tuple

import pytest

from mmfix.config.reader import Reader
from mmfix.findings import Finding
from mmfix.jobs.accounting import judged
from mmfix.remedies import solve
from mmfix.rules import judge
from mmfix.rules.rule import MMCV1, MMENGINE
from mmfix.training import TrainingSetup, read
from mmfix.training.reading import code_reading

FUP = ("find_unused_parameters",)
MODEL = "model = dict(type='FCOS', backbone=dict(type='ResNet', depth=50, with_cp={}))\n"
WRAP = """
def train_model(model, dataset, cfg, distributed=False):
    if distributed:
        find_unused_parameters = {value}
        model = {wrapper}(model.cuda(), find_unused_parameters=find_unused_parameters{more})
"""
DEFAULT_ON = "cfg.get('find_unused_parameters', True)"


def wrap(value: str = DEFAULT_ON, wrapper: str = "MMDistributedDataParallel", more: str = "") -> str:
    return WRAP.format(value=value, wrapper=wrapper, more=more)


def setup_in(
    root: Path,
    script: str,
    config: str = "",
    base: str = MMCV1,
    cp: bool = False,
    where: str = "pkg/apis/train.py",
) -> TrainingSetup:
    for path, text in (
        (root / where, script),
        (root / "configs" / "a" / "x.py", base + MODEL.format(cp) + config),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return read(Reader().load(str(root / "configs" / "a" / "x.py")))


def codes(setup: TrainingSetup) -> Any:
    return {finding.code: finding for finding in judge(setup)}


@pytest.mark.parametrize(
    ("value", "config", "expected"),
    [
        (DEFAULT_ON, "", (True, None)),
        (DEFAULT_ON, "find_unused_parameters = False\n", (False, FUP)),
        ("cfg.get('find_unused_parameters', False)", "", (False, None)),
        ("cfg.get('find_unused_parameters', False)", "find_unused_parameters = True\n", (True, FUP)),
        ("True", "find_unused_parameters = False\n", (True, None)),
        ("cfg.get('train', {}).get('fup', False)", "train = dict(fup=True)\n", (True, ("train", "fup"))),
        ("cfg.get('train', {}).get('fup', False)", "find_unused_parameters = True\n", (False, None)),
        ("not cfg.get('all_used', True)", "all_used = False\n", (True, ("all_used",))),
    ],
)
def test_find_unused_is_what_the_script_makes_of_the_config(
    tmp_path: Path, value: str, config: str, expected: Tuple[bool, Any]
) -> None:
    setup = setup_in(tmp_path, wrap(value), config)
    assert (setup.find_unused.value, setup.find_unused.key) == expected
    assert setup.unknown == ()
    assert setup.script is not None


def test_a_mandatory_key_that_is_missing_is_said(tmp_path: Path) -> None:
    setup = setup_in(tmp_path, wrap("cfg.find_unused_parameters"))
    assert setup.unknown == (
        "find_unused_parameters: not set, and pkg/apis/train.py:4 needs it. Write the key.",
    )


def test_what_cannot_be_followed_is_said(tmp_path: Path) -> None:
    setup = setup_in(tmp_path, wrap("args.fup"))
    assert setup.find_unused.value is False
    (line,) = setup.unknown
    assert line.startswith(
        "the training script, pkg/apis/train.py:5: find_unused_parameters: args.fup is given on"
    )


def test_an_mmpose_fork_is_no_longer_guessed_at(tmp_path: Path) -> None:
    setup = setup_in(
        tmp_path, wrap("cfg.get('find_unused_parameters', False)"), "model = dict(type='TopDown')\n"
    )
    assert (setup.find_unused.value, setup.unknown) == (False, ())


def test_the_default_is_a_note_with_the_line_as_evidence(tmp_path: Path) -> None:
    found = codes(setup_in(tmp_path, wrap()))
    assert set(found) == {"MMF111"}
    finding: Finding = found["MMF111"]
    assert (finding.severity, finding.confidence, finding.key) == ("note", "certain", FUP)
    assert finding.evidence == ("pkg/apis/train.py:4: find_unused_parameters is True by default",)
    remedy, in_script = finding.remedies
    assert (remedy.name, remedy.disposition) == ("write-key", "safe")
    assert (in_script.name, in_script.disposition) == ("training-script", "review")
    assert [(Path(spot.path).name, spot.line) for spot in in_script.code] == [("train.py", 4)]
    assert [(override.key, override.value) for override in remedy.overrides] == [(FUP, True)]
    written = codes(setup_in(tmp_path, wrap(), "find_unused_parameters = True\n"))
    assert written == {}
    assert codes(setup_in(tmp_path / "off", wrap("cfg.get('find_unused_parameters', False)"))) == {}


def test_a_constant_has_no_cure_in_the_config(tmp_path: Path) -> None:
    setup = setup_in(tmp_path, wrap("True"), "find_unused_parameters = False\n", cp=True)
    found = codes(setup)
    assert found["MMF111"].remedies == ()
    assert "whatever the config says" in found["MMF111"].message
    names = {remedy.name for remedy in found["MMF101"].remedies}
    assert "checkpoint-off" in names
    assert "find-unused-off" not in names


@pytest.mark.parametrize(
    ("script", "says", "cure"),
    [
        (
            "model = MMDistributedDataParallel(model.cuda(), broadcast_buffers=False)",
            "wraps the model without it",
            "training-script",
        ),
        (wrap("cfg.get('train', {}).get('fup', False)"), "reads train.fup", "read-key"),
    ],
)
def test_a_script_that_never_looks_at_the_key(tmp_path: Path, script: str, says: str, cure: str) -> None:
    script = script if "def " in script else f"def train_model(model, cfg):\n    {script}\n"
    found = codes(setup_in(tmp_path, script, "find_unused_parameters = True\n"))
    assert set(found) == {"MMF111"}
    finding = found["MMF111"]
    assert (finding.severity, finding.confidence) == ("warning", "certain")
    assert f"the training script {says} (pkg/apis/train.py:" in finding.message
    assert [(item.name, item.overrides) for item in finding.remedies] == [(cure, ())]
    assert codes(setup_in(tmp_path / "off", script, "find_unused_parameters = False\n")) == {}


def test_a_checkpoint_beside_the_default_stops_the_run(tmp_path: Path) -> None:
    found = codes(setup_in(tmp_path, wrap(), cp=True))
    assert set(found) == {"MMF101", "MMF111"}
    assert (found["MMF101"].severity, found["MMF101"].confidence) == ("error", "certain")
    assert "pkg/apis/train.py:4: find_unused_parameters is True by default" in found["MMF101"].evidence


def test_cures_are_written_where_the_script_reads(tmp_path: Path) -> None:
    setup = setup_in(tmp_path, wrap("not cfg.get('all_used', False)"), cp=True)
    off = {remedy.name: remedy for remedy in solve(setup)}["find-unused-off"]
    assert [(override.key, override.value) for override in off.overrides] == [(("all_used",), True)]


STATIC = ", static_graph=cfg.get('use_static_graph', False)"


def test_a_static_graph_key_that_is_read_is_not_dead_but_worse(tmp_path: Path) -> None:
    setup = setup_in(tmp_path, wrap("False", more=STATIC), "use_static_graph = True\n")
    assert (setup.static_graph.value, setup.static_graph.key) == (True, ("use_static_graph",))
    finding = codes(setup)["MMF108"]
    assert (finding.severity, finding.key) == ("error", ("use_static_graph",))
    assert "no longer reduced" in finding.message
    assert finding.evidence[0] == "pkg/apis/train.py:5: static graph"
    off = finding.remedies[0]
    assert off.name == "static-graph-off"
    assert (("use_static_graph",), False) in [(override.key, override.value) for override in off.overrides]
    # the other spelling stays dead
    other = codes(setup_in(tmp_path, wrap("False", more=STATIC), "static_graph = True\n"))["MMF108"]
    assert "is ignored" in other.message


LATE = """
model = dict(type='FCOS', backbone=dict(type='SwinTransformer', frozen_stages=2))
"""


@pytest.mark.parametrize(
    ("before", "late"),
    [
        ("", True),
        ("model.train()", False),
        ("model.train(True)", False),
        ("model.train(False)", True),
        ("runner.train()", True),
        ("if cfg.get('slow'):\n        model.train()", True),
    ],
)
def test_what_train_freezes_before_the_wrap_is_no_late_freezing(
    tmp_path: Path, before: str, late: bool
) -> None:
    script = f"""
def train_model(model, dataset, cfg, runner):
    model = build_model(cfg.model)
    model.init_weights()
    {before}
    model = MMDistributedDataParallel(model.cuda(), broadcast_buffers=False)
"""
    found = codes(setup_in(tmp_path, script, LATE))
    assert ("MMF103" in found) is late


NET = """
import torch.nn as nn
from mmdet.models import DETECTORS

@DETECTORS.register_module()
class LateNet(nn.Module):
    def __init__(self, frozen=True):
        super().__init__()
        self.stem = nn.Linear(2, 2)
        self.head = nn.Linear(2, 2)
        self.frozen = frozen

    def train(self, mode=True):
        super().train(mode)
        if self.frozen:
            for param in self.stem.parameters():
                param.requires_grad = False

    def forward_train(self, img):
        return dict(loss=self.head(self.stem(img)).mean())
"""


@pytest.mark.parametrize("before", ["", "model.train()"])
def test_late_freezing_that_is_read_knows_the_script(tmp_path: Path, before: str) -> None:
    script = f"""
def train_model(model, dataset, cfg):
    {before}
    model = MMDistributedDataParallel(model.cuda(), broadcast_buffers=False)
"""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "net.py").write_text(NET)
    setup = setup_in(tmp_path, script, "model = dict(type='LateNet')\n")
    assert ("MMF103" in codes(setup)) is (before == "")
    code = code_reading(setup.document, setup.era, setup.runner)
    assert code is not None
    assert bool(code.reading.late_freezes) is (before == "")
    # what is frozen before the wrap has no index
    waited_for = ("stem.weight", "stem.bias") if before == "" else ()
    assert code.reading.trainable == (*waited_for, "head.weight", "head.bias")
    assert code.reading.in_every_step == ("head.weight", "head.bias")


def test_a_script_that_calls_torch_itself_has_a_static_graph(tmp_path: Path) -> None:
    script = wrap("False", "DistributedDataParallel", STATIC)
    setup = setup_in(tmp_path, script, "use_static_graph = True\n", cp=True)
    assert setup.settings.static_graph
    assert not setup.settings.bypasses_forward
    assert codes(setup) == {}
    # and the cure may be that key, never a wrapper that nobody reads
    on = codes(setup_in(tmp_path / "a", wrap("True", "DistributedDataParallel", STATIC), cp=True))["MMF101"]
    cure = {remedy.name: remedy for remedy in on.remedies}["static-graph"]
    assert [(override.key, override.value) for override in cure.overrides] == [(("use_static_graph",), True)]
    without = codes(setup_in(tmp_path / "b", wrap("True", "DistributedDataParallel"), cp=True))["MMF101"]
    assert "static-graph" not in {remedy.name for remedy in without.remedies}


RUNNER = """
from mmengine.runner import Runner
cfg = Config.fromfile(args.config)
runner = Runner.from_cfg(cfg)
if cfg.get('use_static_graph', False):
    runner.model._set_static_graph()
runner.train()
"""


def test_a_fork_of_mmengines_script_that_reads_static_graph(tmp_path: Path) -> None:
    config = "use_static_graph = True\nfind_unused_parameters = True\n"
    setup = setup_in(tmp_path, RUNNER, config, MMENGINE, cp=True, where="tools/train.py")
    assert (setup.runner, setup.static_graph.key) == ("Runner", ("use_static_graph",))
    assert setup.find_unused.key == FUP
    assert codes(setup) == {}
    off = setup_in(
        tmp_path, RUNNER, "find_unused_parameters = True\n", MMENGINE, cp=True, where="tools/train.py"
    )
    cure = {remedy.name: remedy for remedy in codes(off)["MMF101"].remedies}["static-graph"]
    assert [(override.key, override.value) for override in cure.overrides] == [(("use_static_graph",), True)]


def test_a_script_of_another_era_decides_nothing(tmp_path: Path) -> None:
    assert setup_in(tmp_path / "a", wrap(), base=MMENGINE).script is None
    assert setup_in(tmp_path / "b", RUNNER, base=MMCV1, where="tools/train.py").script is None


def test_without_a_repository_nothing_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "apis").mkdir()
    (tmp_path / "apis" / "train.py").write_text(wrap(), encoding="utf-8")
    path = tmp_path / "x.py"
    path.write_text(MMCV1 + MODEL.format(False), encoding="utf-8")
    assert read(Reader().load(str(path))).script is None


@pytest.mark.parametrize(("step", "found"), [("allreduce_grads(runner.model)", set()), ("pass", {"MMF102"})])
def test_where_a_hook_averages_the_gradients_no_reducer_waits_for_one(
    tmp_path: Path, step: str, found: Any
) -> None:
    # mmdet 1.0 with mmcv 0.2: MMDistributedDataParallel was no torch DDP
    script = f"""
from torch import nn
from mmcv.runner import OptimizerHook
from mmdet.models import DETECTORS

class DistOptimizerHook(OptimizerHook):
    def after_train_iter(self, runner):
        {step}

@DETECTORS.register_module()
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.unused = nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, img, **kwargs):
        return dict(loss=self.used(img).sum())

def train_model(model, dataset, cfg, distributed=False):
    model = MMDistributedDataParallel(model.cuda())
    hook = DistOptimizerHook(**cfg.optimizer_config)
"""
    setup = setup_in(tmp_path, script, "model = dict(type='Net')\n")
    assert set(codes(setup)) == found
    said = [gap.what for gap in judged(setup).gaps if "averages the gradients" in gap.what]
    assert bool(said) is not bool(found)
