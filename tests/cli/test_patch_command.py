"""``mmfix patch`` end to end: what is written, what is said, and the exit code."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

CRASHES = "configs/cmt/cmt_aqr_voxel0100_r50_800x320_cbgs.py"
HEALTHY = "configs/healthy/retinanet_r50_fpn_1x_coco.py"
CONFIRMED = f"confirmed by mmengine {metadata.version('mmengine')}"
ONLY_REVIEW = """\
from mmengine.config import read_base

with read_base():
    from .schedule import *

model = dict(type='Petr3D', img_backbone=dict(type='VoVNetCP'))
find_unused_parameters = True
"""
CRASHES_ALONE = """\
model = dict(type='FasterRCNN', backbone=dict(type='ResNet', depth=50, with_cp=True))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1))
find_unused_parameters = True
"""
SCHEDULE = "train_dataloader = dict()\noptim_wrapper = dict()\ntrain_cfg = dict(max_epochs=1)\n"


@pytest.fixture
def only_review(tmp_path: Path) -> Path:
    """A lazy config whose checkpoint no key can switch off: every cure needs a decision."""
    (tmp_path / "schedule.py").write_text(SCHEDULE)
    (tmp_path / "a.py").write_text(ONLY_REVIEW)
    return tmp_path / "a.py"


def test_patch_a_folder_twice_and_undo(examples: Path, mmfix: Any) -> None:
    before = {path: path.read_bytes() for path in examples.rglob("*.py")}
    first = mmfix("patch", "configs")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[-1] == "5 configs: 3 changed"
    signs = [line for line in first.stdout.splitlines() if line.startswith("look for: ")]
    assert [line.split()[2] for line in signs] == ["(checkpoint-off)", "(checkpoint-off)", "(find-unused)"]
    lines = [line.split("`")[1] for line in signs]
    assert lines == ["Epoch [1][50/...]", "Epoch(train) [1][10/...]", "Iter(train) [50/...]"]
    assert "`memory` is higher than before" in signs[0]
    patched = {path: path.read_bytes() for path in examples.rglob("*.py")}
    assert sum(patched[path] != before[path] for path in before) == 3

    assert mmfix("check", "configs").returncode == 0
    again = mmfix("patch", "configs")
    assert (again.returncode, again.stdout) == (0, "5 configs: nothing to patch\n")
    assert {path: path.read_bytes() for path in examples.rglob("*.py")} == patched

    undone = mmfix("patch", "configs", "--undo")
    assert undone.returncode == 0
    assert undone.stdout.startswith(f"{CRASHES}, ")
    assert ": took the mmfix block out\n" in undone.stdout
    assert {path: path.read_bytes() for path in examples.rglob("*.py")} == before


def test_diff_writes_nothing_and_says_would(examples: Path, mmfix: Any) -> None:
    before = (examples.parent / CRASHES).read_bytes()
    done = mmfix("patch", "--diff", CRASHES)
    assert done.returncode == 0
    assert done.stdout.startswith(f"--- a/{CRASHES}\n+++ b/{CRASHES}\n@@ ")
    assert f"{CRASHES}: would patch with checkpoint-off\n" in done.stdout
    assert "look for" not in done.stdout
    assert (examples.parent / CRASHES).read_bytes() == before


@pytest.mark.usefixtures("examples")
def test_a_diff_of_undo(mmfix: Any) -> None:
    mmfix("patch", CRASHES)
    done = mmfix("patch", CRASHES, "--undo", "--diff")
    assert "-# <<< mmfix <<<\n" in done.stdout
    assert f"{CRASHES}: would take the mmfix block out\n" in done.stdout


def test_cures_for_review_are_listed_and_wait_for_a_choice(only_review: Path, mmfix: Any) -> None:
    before = only_review.read_bytes()
    done = mmfix("patch", "a.py")
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[:2] == ["a.py:", "  left: error[MMF101] reentrant-checkpoint-with-find-unused"]
    assert [line.split(" (")[0].strip() for line in lines if "(review)" in line][:2] == [
        "by hand: non-reentrant",
        "--remedy static-graph",
    ]
    assert lines[-1] == "1 config: 1 with findings left"
    assert only_review.read_bytes() == before

    chosen = mmfix("patch", "a.py", "--remedy", "static-graph")
    assert (chosen.returncode, chosen.stderr) == (0, "")
    assert only_review.read_bytes().startswith(before)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nonsense", "no cure is called nonsense (there is "),
        ("non-reentrant", "non-reentrant cannot be written into this config ("),
    ],
)
def test_a_cure_that_cannot_be_had(name: str, message: str, only_review: Path, mmfix: Any) -> None:
    done = mmfix("patch", only_review.name, "--remedy", name)
    assert done.returncode == 2
    assert done.stderr.startswith(f"a.py: error: {message}")
    assert only_review.read_text() == ONLY_REVIEW


def test_one_refused_the_others_done(examples: Path, mmfix: Any) -> None:
    (examples / "broken.py").write_text("model = dict(\n")
    done = mmfix("patch", "configs/broken.py", CRASHES)
    assert done.returncode == 2
    assert f"{CRASHES}: patched with checkpoint-off ({CONFIRMED})\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "2 configs: 1 changed, 1 refused"


@pytest.mark.usefixtures("only_review")
def test_a_base_named_is_not_written_and_its_heirs_are_judged(mmfix: Any) -> None:
    done = mmfix("patch", "schedule.py")
    assert done.returncode == 1
    assert "  note: inherits a base you named; name this config itself to patch it\n" in done.stdout


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_heirs_are_judged_as_they_are_after_the_patch(jobs: str, tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "schedule.py").write_text("train_dataloader = dict(batch_size=2)\n")
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(CRASHES_ALONE)
    (tmp_path / "heir.py").write_text("_base_ = ['./a.py', './schedule.py']\n")
    done = mmfix("patch", "schedule.py", "a.py", "b.py", "--jobs", jobs)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "3 configs: 2 changed")
    assert "heir.py" not in done.stdout


@pytest.mark.usefixtures("examples")
def test_fail_on_change_fails_once(mmfix: Any) -> None:
    assert mmfix("patch", "--fail-on-change", HEALTHY).returncode == 0
    assert mmfix("patch", "--fail-on-change", "--diff", CRASHES).returncode == 0
    assert mmfix("patch", "--fail-on-change", CRASHES).returncode == 1
    assert mmfix("patch", "--fail-on-change", CRASHES).returncode == 0


def test_output_and_overlay_name_the_file_they_write(examples: Path, mmfix: Any) -> None:
    copy = mmfix("patch", CRASHES, "--output", "configs/fixed.py")
    patched = f"{CRASHES}: patched with checkpoint-off"
    assert copy.stdout.splitlines()[0] == f"{patched} into configs/fixed.py ({CONFIRMED})"
    overlay = mmfix("patch", CRASHES, "--overlay", "--output", "configs/over.py")
    assert overlay.stdout.splitlines()[0] == f"{patched} into configs/over.py ({CONFIRMED})"
    assert "_base_ = './cmt/cmt_aqr_voxel0100_r50_800x320_cbgs.py'" in (examples / "over.py").read_text()
    assert mmfix("check", "configs/fixed.py", "configs/over.py").returncode == 0


@pytest.mark.usefixtures("examples")
def test_json(mmfix: Any) -> None:
    done = mmfix("patch", "configs/cmt", "--format", "json")
    patches = json.loads(done.stdout)
    assert patches["summary"] == {
        "configs": 2,
        "patched": 1,
        "clean": 1,
        "left": 0,
        "refused": 0,
        "skipped": 0,
    }
    assert patches["patches"][0]["overrides"][0]["key"] == "model.img_backbone.with_cp"
    assert patches["patches"][0]["diff"].startswith("--- a/")
    assert f"confirmed by {patches['patches'][0]['confirmed_by']}" == CONFIRMED
