"""Several processes judge many configs: the same output as one, and what there is when something ends it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

#: A config that can be trained, with an error in it.
CRASHES = """\
model = dict(type='FasterRCNN', backbone=dict(type='ResNet', depth=50, with_cp=True))
train_dataloader = dict(batch_size=2)
train_cfg = dict(max_epochs=1)
optim_wrapper = dict(optimizer=dict(type='SGD'))
find_unused_parameters = True
"""
#: What takes a moment to read.
SLOW = "n = 0\nfor i in range(10000):\n    n += 1\n"


def tree(folder: Path) -> None:
    """Configs in several folders: with findings, broken, bases, of no framework."""
    for number in range(24):
        place = folder / f"configs/{'abc'[number % 3]}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:02}.py").write_text(
            f"x = {number}\n{CRASHES}" if number % 4 else "model = dict(\n"
        )
        (place / "base.py").write_text("model = dict(type='A')\n")
        (place / "gone.py").write_text("_base_ = './not_here.py'\n")
        (place / "base_gone.py").write_text("_base_ = '../base.py'\nmodel = dict(type='B')\n")


@pytest.mark.parametrize("format_", ["text", "json"])
def test_the_same_output_for_any_number(format_: str, tmp_path: Path, mmfix: Any) -> None:
    tree(tmp_path)
    seen = [
        (done.stdout, done.stderr, done.returncode)
        for jobs in (1, 2, 5)
        for done in [mmfix("check", "configs", "--jobs", jobs, "--format", format_)]
    ]
    assert "MMF101" in seen[0][0]
    assert "syntax error" in seen[0][1]
    assert seen[0][2] == 2
    assert seen[1:] == seen[:1] * 2


def test_the_same_report_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mmfix as package

    tree(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert package.check("configs", jobs=3) == package.check("configs")


def test_no_jobs_are_refused(mmfix: Any) -> None:
    done = mmfix("check", ".", "--jobs", "0")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def started(folder: Path, *arguments: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _MAIN, *arguments],
        cwd=str(folder),
        env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


#: A test suite in the background is started with the signal ignored, and hands that on.
_MAIN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from mmfix.cli import main
main()
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_keeps_what_there_is(jobs: str, tmp_path: Path) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.py").write_text((SLOW if number else "") + CRASHES)
    process = started(tmp_path, "check", "configs", "--jobs", jobs)
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first.startswith("configs/00.py:"), "results are written as they come"
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert errors == ""
    assert process.returncode == 130
    lines = rest.splitlines()
    last = re.fullmatch(r"interrupted: (\d+) of 40 files looked at", lines[-1])
    assert last is not None, lines[-1]
    assert 1 <= int(last[1]) < 40
    assert lines[-2] == f"{last[1]} config{'s' if last[1] != '1' else ''} checked: {last[1]} error" + (
        "s" if last[1] != "1" else ""
    )


def test_ctrl_c_leaves_a_whole_document(tmp_path: Path) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    for number in range(400):  # more than any machine is done with by then
        (folder / f"{number:03}.py").write_text(SLOW + CRASHES)
    process = started(tmp_path, "check", "configs", "--jobs", "2", "--format", "json")
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    report = json.loads(out)
    assert report["interrupted"]["of"] == 400
    assert report["interrupted"]["looked_at"] == len(report["configs"]) < 400


def children(pid: int) -> List[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in found.read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_killed_worker_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}.py").write_text(SLOW + CRASHES)
    process = started(tmp_path, "check", "configs", "--jobs", "2")
    for _ in range(600):
        time.sleep(0.05)
        if children(process.pid):
            break
    time.sleep(0.3)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "12 configs checked: 12 errors" in out
    named = re.findall(
        r"^note: configs/\d\d\.py: the process that judged this was ended by SIGKILL", out, re.M
    )
    assert len(named) == 1


def cache(place: Path) -> Dict[str, str]:
    return {"MMFIX_CACHE_DIR": str(place)}


MODEL = """\
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS
@MODELS.register_module()
class Small(BaseModel):
    def __init__(self, width, idle=True):
        super().__init__()
        self.layer = nn.Linear(width, width)
        if idle:
            self.idle = nn.Linear(width, width)
    def forward(self, inputs, mode='loss'):
        return dict(loss=self.layer(inputs).sum())
"""
SMALL = """\
custom_imports = dict(imports=['small'])
model = dict(type='Small', width={width})
train_dataloader = dict(batch_size=2)
train_cfg = dict(max_epochs=1)
optim_wrapper = dict(optimizer=dict(type='SGD'))
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Configs of a model whose source is here, so that the cache is used."""
    (tmp_path / "small.py").write_text(MODEL)
    (tmp_path / "setup.py").write_text("")
    (tmp_path / "configs").mkdir()
    for width in range(1, 13):
        (tmp_path / f"configs/{width:02}.py").write_text(SMALL.format(width=width))
    return tmp_path


@pytest.mark.parametrize("state", ["empty", "full", "broken", "foreign", "read-only", "a file", "off"])
def test_the_same_output_whatever_the_cache_is(state: str, models: Path, tmp_path: Path, mmfix: Any) -> None:
    expected = mmfix("check", "configs", "--jobs", 1, env=cache(tmp_path / "first"))
    assert "idle" in expected.stdout
    place = tmp_path / "cache"
    if state not in ("empty", "off", "a file"):
        mmfix("check", "configs", env=cache(place))
        for path in (path for path in sorted(place.rglob("*")) if path.is_file()):
            if state == "broken":
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            elif state == "foreign":
                path.write_text('{"stamp": 1, "key": [], "value": {"files": 3}}')
        if state == "read-only":
            for path in sorted(place.rglob("*"), reverse=True):
                path.chmod(0o500 if path.is_dir() else 0o400)
            place.chmod(0o500)
    elif state == "a file":
        place.write_text("")
    where = {"MMFIX_CACHE_DIR": "off"} if state == "off" else cache(place)
    done = mmfix("check", "configs", "--jobs", 3, env=where)
    assert (done.stdout, done.stderr, done.returncode) == (expected.stdout, expected.stderr, 1)
    for path in place.rglob("*") if state == "read-only" else ():
        path.chmod(0o700)


def test_two_runs_at_once_share_a_cache(models: Path, tmp_path: Path, mmfix: Any) -> None:
    expected = mmfix("check", "configs", "--jobs", 1, env=cache(tmp_path / "first"))
    runs = [started(models, "check", "configs", "--jobs", "2", **cache(tmp_path / "both")) for _ in range(3)]
    for run in runs:
        out, errors = run.communicate(timeout=120)
        assert (out, errors, run.returncode) == (expected.stdout, "", 1)
    left = [path.name for path in (tmp_path / "both").rglob("*") if path.name.startswith(".mmfix-")]
    assert left == []
