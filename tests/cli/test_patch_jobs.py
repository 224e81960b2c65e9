"""Several processes patch many configs: the same result as one, in the same order."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from test_jobs import CRASHES, SLOW, children, started

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def tree(folder: Path) -> None:
    """Configs in several folders: with findings, healthy, broken."""
    for number in range(18):
        place = folder / f"configs/{'abc'[number % 3]}"
        place.mkdir(parents=True, exist_ok=True)
        text = f"x = {number}\n{CRASHES}" if number % 6 else "model = dict(\n"
        (place / f"{number:02}.py").write_text(text)
        (place / "base.py").write_text("model = dict(type='A')\n")


def contents(folder: Path) -> Dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.py"))}


@pytest.mark.parametrize("options", [["--diff"], ["--diff", "--verify"], ["--diff", "--format", "json"]])
def test_the_same_output_for_any_number(options: list[str], tmp_path: Path, mmfix: Any) -> None:
    pytest.importorskip("mmengine")
    tree(tmp_path)
    seen = [
        (done.stdout, done.stderr, done.returncode)
        for jobs in (1, 3)
        for done in [mmfix("patch", "configs", *options, "--jobs", jobs)]
    ]
    assert "checkpoint-off" in seen[0][0]
    assert seen[0][2] == 2
    assert seen[1] == seen[0]


def test_the_same_files_for_any_number(tmp_path: Path, mmfix: Any) -> None:
    pytest.importorskip("mmengine")
    outcomes = []
    for jobs in (1, 3):
        place = tmp_path / str(jobs)
        tree(place)
        done = mmfix("patch", "configs", "--jobs", jobs, cwd=place)
        outcomes.append((done.stdout, done.stderr, done.returncode, contents(place)))
    assert sum(">>> mmfix" in text for text in outcomes[0][3].values()) == 15
    assert outcomes[0] == outcomes[1]
    undone = [mmfix("patch", "configs", "--undo", "--jobs", n, cwd=tmp_path / str(n)) for n in (1, 3)]
    assert undone[0].stdout == undone[1].stdout
    tree(tmp_path / "plain")
    assert contents(tmp_path / "1") == contents(tmp_path / "3") == contents(tmp_path / "plain")


def test_heirs_of_what_is_patched_see_the_patch(tmp_path: Path, mmfix: Any) -> None:
    """Each second config inherits the one before it, which is patched first, and then needs no patch."""
    pytest.importorskip("mmengine")
    folder = tmp_path / "configs"
    folder.mkdir()
    for number in range(0, 20, 2):
        (folder / f"{number:02}.py").write_text(CRASHES)
        (folder / f"{number + 1:02}.py").write_text(f"_base_ = './{number:02}.py'\nx = 1\n")
    done = mmfix("patch", "configs", "--jobs", 4, "--format", "json")
    patches = json.loads(done.stdout)["patches"]
    assert [patch["written"] for patch in patches] == [True, False] * 10


LAZY = """\
from mmengine.config import read_base
with read_base():
    from .b_{0} import model
    from .c_{0} import *
"""


def chain(number: int) -> Dict[str, str]:
    """Each inherits the next."""
    heirs = {f"{name}_{number}": f"_base_ = './{base}_{number}.py'\n" for name, base in ("ab", "bc", "cd")}
    return {**heirs, f"d_{number}": CRASHES}


def two_bases(number: int) -> Dict[str, str]:
    """The first takes its model from the second, and the rest from the third."""
    return {f"a_{number}": LAZY.format(number), f"b_{number}": CRASHES, f"c_{number}": CRASHES}


def circle(number: int) -> Dict[str, str]:
    """The first two inherit each other."""
    pair = {f"{name}_{number}": f"_base_ = './{base}_{number}.py'\n" for name, base in ("ab", "ba")}
    return {**pair, f"c_{number}": CRASHES}


def refused_base(number: int) -> Dict[str, str]:
    """The first two inherit the third, which is read-only."""
    heirs = {f"{name}_{number}": f"_base_ = './read_only_{number}.py'\n" for name in "ab"}
    return {**heirs, f"read_only_{number}": CRASHES}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (chain, ["clean", "clean", "clean", "patched"]),
        (two_bases, ["clean", "patched", "patched"]),
        (circle, ["refused", "refused", "patched"]),
        (refused_base, ["patched", "patched", "refused"]),
    ],
)
def test_bases_are_patched_before_what_inherits_them(
    files: Callable[[int], Dict[str, str]], expected: list[str], tmp_path: Path, mmfix: Any
) -> None:
    pytest.importorskip("mmengine")
    seen = []
    for jobs in (1, 4):
        folder = tmp_path / str(jobs) / "configs"
        folder.mkdir(parents=True)
        for number in range(6):
            for name, text in files(number).items():
                (folder / f"{name}.py").write_text(text)
                (folder / f"{name}.py").chmod(0o444 if name.startswith("read_only") else 0o644)
        done = mmfix("patch", "configs", "--jobs", jobs, "--format", "json", cwd=folder.parent)
        assert [patch["status"] for patch in json.loads(done.stdout)["patches"]] == [
            status for status in expected for _ in range(6)
        ]
        assert done.returncode == (2 if "refused" in expected else 0)
        seen.append((done.stdout, done.stderr, contents(folder)))
    assert sum(">>> mmfix" in text for text in seen[0][2].values()) == 6 * expected.count("patched")
    assert seen[0] == seen[1]


@pytest.mark.parametrize("jobs", [1, 4])
def test_an_overlay_in_the_list_is_read_as_it_was_just_written(jobs: int, tmp_path: Path, mmfix: Any) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    for number in range(8):
        (folder / f"{number}.py").write_text(CRASHES)
    assert mmfix("patch", "configs", "--overlay", "--no-loader").returncode == 0
    for path in folder.glob("?.py"):
        path.write_text(CRASHES + "model['neck'] = dict(type='ResNet', depth=50, with_cp=True)\n")
    done = mmfix("patch", "configs", "--overlay", "--no-loader", "--jobs", jobs, "--format", "json")
    assert [patch["status"] for patch in json.loads(done.stdout)["patches"]] == ["patched", "clean"] * 8


def test_a_file_under_two_names_is_patched_once(tmp_path: Path, mmfix: Any) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}.py").write_text(CRASHES)
        (folder / f"{number}_link.py").symlink_to(f"{number}.py")
    done = mmfix("patch", "configs", "--jobs", 4, "--no-loader", "--format", "json")
    assert [patch["written"] for patch in json.loads(done.stdout)["patches"]] == [True, False] * 10
    assert done.returncode == 0


def test_a_config_that_changes_the_framework_has_the_harm_alone(tmp_path: Path, mmfix: Any) -> None:
    pytest.importorskip("mmengine")
    folder = tmp_path / "configs"
    folder.mkdir()
    harm = "import sys\nsys.modules['builtins'].setattr(sys.modules['mmengine'].Config, 'to_dict', dict)\n"
    for number in range(5):
        (folder / f"{number}.py").write_text((harm if number == 1 else "") + CRASHES)
    done = mmfix("patch", "configs", "--jobs", 1, "--format", "json")
    assert [patch["status"] for patch in json.loads(done.stdout)["patches"]] == [
        *("patched", "refused", "patched", "patched", "patched")
    ]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_killed_worker_is_named_and_writes_nothing_twice(tmp_path: Path) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}.py").write_text(SLOW + CRASHES)
    process = started(tmp_path, "patch", "configs", "--no-loader", "--jobs", "2", "--format", "json")
    found = []
    while not found and process.poll() is None:
        found = children(process.pid)
    os.kill(found[0], signal.SIGKILL)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    patches = json.loads(out)["patches"]
    refused = [patch for patch in patches if patch["status"] == "refused"]
    assert len(refused) == 1
    assert len(patches) == 12
    assert "was ended by SIGKILL" in refused[0]["error"]["message"]
    assert "was ended by SIGKILL" in errors


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_heirs_of_a_base_whose_process_was_killed_are_patched_themselves(tmp_path: Path) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "z_base.py").write_text(SLOW * 3 + CRASHES)
    for number in range(12):
        (folder / f"{number:02}.py").write_text("_base_ = './z_base.py'\n")
    process = started(tmp_path, "patch", "configs", "--no-loader", "--jobs", "2", "--format", "json")
    found = []
    while not found and process.poll() is None:
        found = children(process.pid)
    os.kill(found[0], signal.SIGKILL)
    out, _ = process.communicate(timeout=120)
    assert [patch["status"] for patch in json.loads(out)["patches"]] == [*["patched"] * 12, "refused"]
    assert process.returncode == 2


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_amid_the_heirs_keeps_what_was_written(jobs: str, tmp_path: Path) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "z_base.py").write_text(CRASHES)
    for number in range(40):
        heir = "_base_ = './z_base.py'\nmodel = dict(backbone=dict(with_cp=True))\n"
        (folder / f"{number:02}.py").write_text(SLOW + heir)
    process = started(tmp_path, "patch", "configs", "--no-loader", "--jobs", jobs, "--format", "json")
    while ">>> mmfix" not in (folder / "00.py").read_text() and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    report = json.loads(out)
    written = [Path(patch["path"]).name for patch in report["patches"] if patch["written"]]
    assert written == sorted(written)
    assert written[-1] == "z_base.py"
    assert report["interrupted"] == {"looked_at": len(written), "of": 41}
    assert len(written) < 41


def test_ctrl_c_says_what_was_written(tmp_path: Path) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.py").write_text(SLOW + CRASHES)
    process = started(tmp_path, "patch", "configs", "--no-loader", "--jobs", "2")
    while ">>> mmfix" not in (folder / "00.py").read_text() and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    last = out.splitlines()[-1]
    assert last.startswith("interrupted: ")
    assert last.endswith(" of 40 files looked at")
    assert "note: files that were being written then are old or patched as a whole" in out
    left = [
        path.name for path in folder.iterdir() if not path.name.endswith(".py") or path.name.startswith(".")
    ]
    assert left == []
