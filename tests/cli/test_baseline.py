"""Baselines at work: only what is new is shown, what is gone is named, and bad files are one line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, List

import pytest

from mmfix.rules.rule import MMENGINE

CHECKPOINT = f"""{MMENGINE}
find_unused_parameters = True
model = dict(type='A', backbone=dict(type='mmdet.ResNet', depth=50, with_cp=True))
"""
ALL = "nothing else found by keys alone, 2 in the baseline base.json"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Two configs with an error each."""
    (tmp_path / "configs").mkdir()
    for name in ("a", "b"):
        (tmp_path / "configs" / f"{name}.py").write_text(CHECKPOINT)
    return tmp_path


def last(done: Any) -> str:
    """What the last line tells of the configs that were checked."""
    return str(done.stdout.splitlines()[-1]).partition(" checked: ")[2]


def entries(path: Path) -> List[Dict[str, Any]]:
    return list(json.loads(path.read_text())["entries"])


def test_only_what_is_new_is_shown(repo: Path, mmfix: Any) -> None:
    made = mmfix("check", "configs", "--write-baseline", "base.json", cwd=repo)
    assert (last(made), made.returncode) == (
        ALL,
        0,
    )
    key = "model.backbone.with_cp"
    assert entries(repo / "base.json") == [
        {"config": "configs/a.py", "code": "MMF101", "key": key, "count": 1},
        {"config": "configs/b.py", "code": "MMF101", "key": key, "count": 1},
    ]
    config = repo / "configs" / "a.py"
    config.write_text("# lines move\n\n" + CHECKPOINT)
    same = mmfix("check", "configs", "--baseline", "base.json", cwd=repo)
    assert (last(same), same.returncode) == (
        ALL,
        0,
    )
    config.write_text(CHECKPOINT + "use_static_graph = True\n")
    more = mmfix("check", "configs", "--baseline", "base.json", cwd=repo)
    assert "warning[MMF108]" in more.stdout
    assert "error[MMF101]" not in more.stdout
    assert last(more) == "1 warning, 2 in the baseline base.json"
    assert more.returncode == 1


def test_the_file_may_lie_elsewhere_and_so_may_one_s_self(repo: Path, mmfix: Any) -> None:
    (repo / "ci").mkdir()
    mmfix("check", "configs", "--write-baseline", "ci/base.json", cwd=repo)
    assert entries(repo / "ci" / "base.json")[0]["config"] == "../configs/a.py"
    done = mmfix("check", ".", "--baseline", "../ci/base.json", cwd=repo / "configs")
    assert done.returncode == 0


def test_what_matches_nothing_is_named_and_taken_out(repo: Path, mmfix: Any) -> None:
    mmfix("check", "configs", "--write-baseline", "base.json", cwd=repo)
    (repo / "configs" / "a.py").write_text(CHECKPOINT.replace("with_cp=True", "with_cp=False"))
    done = mmfix("check", "configs/a.py", "--baseline", "base.json", cwd=repo)
    said = "base.json: 1 entry matches nothing any more: configs/a.py MMF101 model.backbone.with_cp"
    assert (
        f"note: {said}; --baseline base.json --write-baseline base.json takes such entries out" in done.stdout
    )
    (repo / "configs" / "c.py").write_text(CHECKPOINT)  # new, and so not accepted
    both = ("--baseline", "base.json", "--write-baseline", "base.json")
    pruned = mmfix("check", "configs/a.py", "configs/c.py", *both, cwd=repo)
    assert (last(pruned), pruned.returncode) == ("1 error", 1)
    assert f"note: {said}; left out of base.json" in pruned.stdout
    assert [row["config"] for row in entries(repo / "base.json")] == ["configs/b.py"]  # which was not judged
    (repo / "configs" / "b.py").unlink()
    assert "configs/b.py MMF101" in mmfix("check", "configs/a.py", "--baseline", "base.json", cwd=repo).stdout


def test_accepting_once_more_keeps_what_was_not_judged(repo: Path, mmfix: Any) -> None:
    mmfix("check", "configs/a.py", "--write-baseline", "base.json", cwd=repo)
    mmfix("check", "configs/b.py", "--write-baseline", "base.json", cwd=repo)
    assert [row["config"] for row in entries(repo / "base.json")] == ["configs/a.py", "configs/b.py"]


def test_what_is_ignored_is_not_in_it(repo: Path, mmfix: Any) -> None:
    (repo / "configs" / "a.py").write_text("# mmfix: ignore-file[MMF101] known\n" + CHECKPOINT)
    done = mmfix("check", "configs", "--write-baseline", "base.json", cwd=repo)
    assert last(done).endswith("1 in the baseline base.json, 1 ignored by a comment")
    assert [row["config"] for row in entries(repo / "base.json")] == ["configs/b.py"]


def test_parts_of_one_model_are_told_apart(examples: Path, mmfix: Any) -> None:
    mmfix("check", "configs/rapsam", "--write-baseline", "base.json", cwd=examples.parent)
    parts = {row.get("part") for row in entries(examples.parent / "base.json")}
    assert len(parts) == 3


@pytest.mark.parametrize("option", ["--baseline", "--write-baseline"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"version": 2, "entries": []}', "is a baseline of version 2, and this mmfix reads 1"),
        ("{", "is no baseline"),
        (CHECKPOINT, "is no baseline"),
    ],
)
def test_a_file_of_another_kind_ends_the_run(
    repo: Path, mmfix: Any, option: str, text: str, said: str
) -> None:
    (repo / "file").write_text(text)
    done = mmfix("check", "configs", option, "file", cwd=repo)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("file:")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert (repo / "file").read_text() == text


@pytest.mark.parametrize("where", ["nowhere/base.json", "/dev/full"])
def test_a_file_that_cannot_be_written_is_one_line(repo: Path, mmfix: Any, where: str) -> None:
    if where.startswith("/dev") and not os.path.exists(where):
        pytest.skip("no such device")
    done = mmfix("check", "configs", "--write-baseline", where, cwd=repo)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert where in done.stderr


def test_a_full_disk_keeps_the_report(repo: Path, mmfix: Any) -> None:
    done = mmfix("check", "configs", "--write-baseline", "nowhere/base.json", cwd=repo)
    assert last(done).endswith("2 in the baseline nowhere/base.json")
