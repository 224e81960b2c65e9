"""A module that its flag leaves unused is made under it, end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

REMEDY = ("--remedy", "unused-module")
NET = """\
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class Net(BaseModel):
    def __init__(self, use_extra=False):
        super().__init__()
        self.use_extra = use_extra
        self.stem = nn.Conv2d(3, 8, 1)
        {made}
        self.head = nn.Conv2d(8, 8, 1)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        x = self.stem(inputs)
        {used}
        return dict(loss=self.head(x).mean())
"""
MADE = "self.extra = nn.Conv2d(8, 8, 1)"
USED = "if self.use_extra:\n            x = self.extra(x)"
CONFIG = """\
custom_imports = dict(imports=['net'], allow_failed_imports=False)
train_dataloader = dict(batch_size=2)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
model = dict(type='Net', use_extra={extra})
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    (tmp_path / "pyproject.toml").touch()
    for name, extra in (("off", False), ("on", True)):
        (tmp_path / f"configs/{name}.py").write_text(CONFIG.format(extra=extra))
    return tmp_path


def test_made_under_its_flag(home: Path, mmfix: Any) -> None:
    net = home / "net.py"
    net.write_text(NET.format(made=MADE, used=USED))
    before = net.read_bytes()
    assert "changes net.py:12" in mmfix("check", "configs", cwd=home).stdout
    done = mmfix("patch", *REMEDY, "configs/off.py", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert "(2 configs use it): the finding is gone, nothing else has changed" in done.stdout
    assert net.read_text() == NET.format(made=f"if use_extra:\n            {MADE}", used=USED)
    assert "MMF" not in mmfix("check", "configs", cwd=home).stdout
    assert mmfix("patch", *REMEDY, "configs/off.py", cwd=home).stdout.endswith("nothing to patch\n")
    assert mmfix("patch", "--undo", "configs/off.py", cwd=home).returncode == 0
    assert net.read_bytes() == before


@pytest.mark.parametrize(
    ("made", "used"),
    [
        (MADE, f"{USED}\n        if inputs is None:\n            x = self.extra(x)"),
        (f"self.use_extra = use_extra or None\n        {MADE}", USED),
        (f"for _ in range(1):\n            {MADE}", USED),
    ],
    ids=["used without it, too", "another value", "in a loop"],
)
def test_what_is_not_plainly_the_flag_is_not_offered(made: str, used: str, home: Path, mmfix: Any) -> None:
    (home / "net.py").write_text(NET.format(made=made, used=used))
    checked = mmfix("check", "configs", cwd=home).stdout
    assert "MMF102" in checked
    assert "unused-module" not in checked
