"""A config that only the log has is judged with the sources of its run, wherever these lie."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from messages import unused

import mmfix
from mmfix.diagnosis.configs import homes_of
from mmfix.diagnosis.types import Command, Run
from mmfix.rules.rule import MMENGINE

NET = """
import torch
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, MODELS
from torch import nn


@MODELS.register_module()
class PlugHead(nn.Module):
    def __init__(self, use_refine=True):
        super().__init__()
        self.conv = nn.Linear(4, 4)
        self.refine = nn.Linear(4, 4) if use_refine else None

    def forward(self, x):
        return self.conv(x)


@MODELS.register_module()
class PlugNet(BaseModel):
    def __init__(self, head):
        super().__init__()
        self.stem = nn.Linear(4, 4)
        self.head = MODELS.build(head)

    def forward(self, inputs, data_samples=None, mode='loss'):
        return dict(loss=self.head(self.stem(inputs)).sum())


@DATASETS.register_module()
class PlugSet:
    def __len__(self):
        return 8

    def __getitem__(self, index):
        return dict(inputs=torch.randn(4))
"""
CONFIG = """\
custom_imports = dict(imports=['plug.net'], allow_failed_imports=False)
model = dict(type='PlugNet', head=dict(type='PlugHead', use_refine=True))
"""
SCRIPT = "def main():\n    pass\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a plug-in model of which one part is not used, its config and its training script."""
    root = tmp_path / "repository"
    files = {
        "plug/__init__.py": "",
        "plug/net.py": NET,
        "configs/x.py": MMENGINE + CONFIG,
        "tools/train.py": SCRIPT,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def log_of(config: str, frame: str = "", command: str = "") -> str:
    text = f"{command}\n11/29 12:00:00 - mmengine - INFO - Config:\n{config}\n11/29 12:00:01 - mmengine - INFO - go\n"
    text += (
        f'Traceback (most recent call last):\n  File "{frame}", line 3, in main\n    runner.train()\n'
        if frame
        else ""
    )
    return text + unused([4, 5])


def is_found(found: mmfix.Diagnosis) -> bool:
    """Whether module, key and both parameters are named."""
    names = [(item.index, item.name) for item in found.parameters]
    keys = [".".join(map(str, item.key)) for item in found.findings]
    parts = [(4, "head.refine.weight"), (5, "head.refine.bias")]
    return (names, keys, found.confidence) == (parts, ["model.head.use_refine"], "proven")


WAYS: Dict[str, Callable[[Path], Dict[str, str]]] = {
    "the traceback": lambda root: {"frame": str(root / "tools" / "train.py")},
    "a file of the traceback that is no script": lambda root: {"frame": str(root / "plug" / "net.py")},
    "the command": lambda root: {"command": f"torchrun {root / 'tools' / 'train.py'} configs/gone.py"},
    "the working directory": lambda root: {"directory": str(root)},
    "PYTHONPATH": lambda root: {"path": os.pathsep.join(["", str(root / "gone"), str(root)])},
    "the folder of the log": lambda root: {"log": str(root / "work_dirs" / "x" / "20261129")},
}


@pytest.mark.parametrize("way", WAYS)
def test_the_sources_of_a_run(way: str, repository: Path, tmp_path: Path, monkeypatch: Any) -> None:
    told = WAYS[way](repository)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (repository / ".git").mkdir()
    monkeypatch.chdir(told.get("directory", elsewhere))
    monkeypatch.setenv("PYTHONPATH", told.get("path", ""))
    folder = Path(told.get("log", elsewhere))
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "train.log"
    log.write_text(log_of(MMENGINE + CONFIG, told.get("frame", ""), told.get("command", "")))

    found = mmfix.explain(log)

    assert is_found(found), str(found)
    assert found.config.startswith("printed in train.log:")
    assert found.command == "--cfg-options find_unused_parameters=True"


def test_without_them_it_says_what_is_missing(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)

    found = mmfix.explain(
        log_of(MMENGINE + CONFIG, "/gone/tools/train.py", "torchrun tools/train.py configs/x.py")
    )

    assert (found.confidence, found.findings) == ("possible", ())
    assert any("PlugNet" in note and "PYTHONPATH" in note for note in found.notes), found.notes


def test_where_the_code_of_a_run_may_lie(repository: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(repository / "plug"))
    script = repository / "tools" / "train.py"
    files = (str(script), "/gone/net.py", "train.py", str(repository / "plug" / "net.py"))

    homes = homes_of(Run(command=Command(1, "a.py", (), "repository/tools/train.py"), files=files), "-")

    assert homes == (str(repository), str(repository / "plug"), str(tmp_path))


TRAIN = """
import sys

import torch
from mmengine.config import Config
from mmengine.model import MMDistributedDataParallel
from mmengine.runner import Runner, runner


class OnCpu(MMDistributedDataParallel):
    def __init__(self, module, device_ids=None, **settings):
        super().__init__(module, **settings)


def main():
    torch.cuda.set_device = lambda device: None
    runner.MMDistributedDataParallel = OnCpu
    cfg = Config.fromfile(sys.argv[1])
    cfg.launcher = 'pytorch'
    Runner.from_cfg(cfg).train()


main()
"""
TRAINABLE = f"""{CONFIG}train_dataloader = dict(
    batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True), dataset=dict(type='PlugSet'),
    collate_fn=dict(type='default_collate'))
train_cfg = dict(by_epoch=True, max_epochs=1)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
env_cfg = dict(dist_cfg=dict(backend='gloo'))
work_dir = 'work_dirs/x'
"""


@pytest.mark.slow
@pytest.mark.ddp
def test_a_real_run_is_explained_from_its_log_alone(
    repository: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("mmengine")
    (repository / "tools" / "train.py").write_text(TRAIN)
    (repository / "configs" / "x.py").write_text(TRAINABLE)
    launch = [
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        "tools/train.py",
        "configs/x.py",
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(repository),
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    done = subprocess.run(
        [sys.executable, *launch],
        cwd=repository,
        env=environment,
        capture_output=True,
        timeout=180,
        check=False,
    )
    log = tmp_path / "train.log"
    log.write_bytes(done.stdout + done.stderr)
    monkeypatch.chdir(tmp_path)

    found = mmfix.explain(log)

    assert is_found(found), f"{found}\n{log.read_text()[-3000:]}"
    given = mmfix.explain(log, repository / "configs" / "x.py")
    assert is_found(given)
    assert [item.message for item in found.findings] == [item.message for item in given.findings]
