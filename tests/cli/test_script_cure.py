"""The cure in the repository's own training script, end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Sequence

import pytest

REMEDY = ("--remedy", "training-script")
SCRIPT = """\
import torch
from mmcv.parallel import MMDistributedDataParallel
from mmcv.runner import build_runner


def train_model(model, dataset, cfg, distributed=False):
    if distributed:
        {line}
        model = MMDistributedDataParallel(
            model.cuda(),
            device_ids=[torch.cuda.current_device()],
            broadcast_buffers=False{argument})
    runner = build_runner(cfg.runner)
    runner.run([dataset], cfg.workflow)
"""
NET = """\
import torch.nn as nn
from mmdet.models import DETECTORS


@DETECTORS.register_module()
class Net(nn.Module):
    def __init__(self, extra=False):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 1)
        self.extra = nn.Conv2d(8, 8, 1)
        self.use = extra

    def train_step(self, data, optimizer):
        x = self.a(data['img'])
        if self.use:
            x = self.extra(x)
        return dict(loss=x.mean(), log_vars={}, num_samples=2)
"""
CONFIG = """\
custom_imports = dict(imports=['net'], allow_failed_imports=False)
data = dict(samples_per_gpu=2, train=dict(type='CocoDataset'))
runner = dict(type='EpochBasedRunner', max_epochs=2)
optimizer = dict(type='SGD', lr=0.01)
optimizer_config = dict(grad_clip=None)
"""
USED, UNUSED = "model = dict(type='Net', extra=True)\n", "model = dict(type='Net')\n"
ON, OFF = "find_unused_parameters = True\n", "find_unused_parameters = False\n"
READ = "find_unused_parameters = cfg.get('find_unused_parameters', {})"
HANDED_ON = ",\n            find_unused_parameters={}"
KEY = "cfg.get('find_unused_parameters', False)"


class Cured(NamedTuple):
    """A line of a script, what its wrapper is handed, and the configs; then what both become."""

    line: str
    argument: str
    configs: Sequence[str]
    line_after: str
    argument_after: str


VARIABLE = HANDED_ON.format("find_unused_parameters")
CURED = {
    "a default": Cured(READ.format(True), VARIABLE, [USED], READ.format(False), VARIABLE),
    "a default, said by who needs it": Cured(
        READ.format(True), VARIABLE, [USED, ON + UNUSED], READ.format(False), VARIABLE
    ),
    "a constant": Cured("pass", HANDED_ON.format(True), [OFF + USED], "pass", HANDED_ON.format(KEY)),
    "nothing": Cured("pass", "", [ON + UNUSED], "pass", HANDED_ON.format(KEY)),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def repository(home: Path, line: str, argument: str, configs: Sequence[str]) -> Path:
    """Its files; the training function is returned."""
    for folder in ("configs", "pkg/apis", "tools"):
        (home / folder).mkdir(parents=True)
    for name in ("setup.py", "pkg/__init__.py"):
        (home / name).touch()
    (home / "net.py").write_text(NET)
    (home / "pkg/apis/__init__.py").write_text("from .train import train_model\n")
    (home / "tools/train.py").write_text(
        "from mmcv import Config\nfrom pkg.apis import train_model\n\n"
        "cfg = Config.fromfile('x.py')\ntrain_model(None, None, cfg, distributed=True)\n"
    )
    for number, text in enumerate(configs):
        (home / f"configs/c{number}.py").write_text(CONFIG + text)
    script = home / "pkg/apis/train.py"
    script.write_text(SCRIPT.format(line=line, argument=argument))
    return script


@pytest.mark.parametrize("name", CURED)
def test_the_script_does_what_the_config_says(name: str, home: Path, mmfix: Any) -> None:
    case = CURED[name]
    script = repository(home, case.line, case.argument, case.configs)
    before = script.read_bytes()
    assert "changes pkg/apis/train.py:" in mmfix("check", "configs", cwd=home).stdout
    done = mmfix("patch", *REMEDY, "configs", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the finding is gone, nothing else has changed" in done.stdout
    assert script.read_text() == SCRIPT.format(line=case.line_after, argument=case.argument_after)
    assert "MMF" not in mmfix("check", "configs", cwd=home).stdout
    assert mmfix("patch", *REMEDY, "configs", cwd=home).stdout.endswith("nothing to patch\n")
    assert mmfix("patch", "--undo", "configs", cwd=home).returncode == 0
    assert script.read_bytes() == before


def test_a_config_that_needs_the_default_stops_the_cure(home: Path, mmfix: Any) -> None:
    script = repository(home, READ.format(True), VARIABLE, [USED, UNUSED])
    before = script.read_bytes()
    done = mmfix("patch", *REMEDY, "configs/c0.py", cwd=home)
    assert done.returncode == 2
    assert "not changed: with it, MMF102 of model.extra would be found in configs/c1.py" in done.stderr
    assert script.read_bytes() == before


@pytest.mark.parametrize(
    ("line", "argument"),
    [
        (READ.format(True), HANDED_ON.format("not find_unused_parameters")),
        ("cfg.setdefault('find_unused_parameters', True)", HANDED_ON.format("cfg.find_unused_parameters")),
    ],
    ids=["the opposite", "written into the config"],
)
def test_what_cannot_be_done_is_not_offered(line: str, argument: str, home: Path, mmfix: Any) -> None:
    repository(home, line, argument, [USED, OFF + USED])
    checked = mmfix("check", "configs", cwd=home)
    assert "training-script" not in checked.stdout
