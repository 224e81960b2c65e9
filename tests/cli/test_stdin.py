"""A config through standard input, as an editor gives one that is not saved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CRASHES = "configs/cmt/cmt_aqr_voxel0100_r50_800x320_cbgs.py"


def mmfix(text: object, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    data = text if isinstance(text, bytes) else str(text).encode()
    done = subprocess.run(
        [sys.executable, "-m", "mmfix", *arguments],
        cwd=str(folder),
        input=data,
        capture_output=True,
        timeout=300,
    )
    out, errors = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(done.args, done.returncode, out, errors)


def test_the_same_as_the_file_itself(examples: Path) -> None:
    root = examples.parent
    text = (root / CRASHES).read_text()
    for command in (["check"], ["check", "--format", "json"], ["show"], ["show", "--model"]):
        plain = mmfix("", root, *command, CRASHES)
        given = mmfix(text, root, *command, "-", "--stdin-filename", CRASHES)
        assert (given.stdout, given.stderr, given.returncode) == (
            plain.stdout,
            plain.stderr,
            plain.returncode,
        )


def test_what_is_given_counts_and_not_what_is_on_disk(examples: Path) -> None:
    root = examples.parent
    text = (
        (root / CRASHES)
        .read_text()
        .replace("find_unused_parameters = True", "\n\nfind_unused_parameters = False")
    )
    assert mmfix(text, root, "check", "-", "--stdin-filename", CRASHES).returncode == 0
    shown = mmfix(text, root, "show", "-", "find_unused_parameters", "--stdin-filename", CRASHES)
    assert shown.stdout.splitlines()[1].endswith("14:26  find_unused_parameters = False")


def test_without_a_name_it_is_in_the_working_directory(examples: Path) -> None:
    text = (examples.parent / CRASHES).read_text()
    done = mmfix(text, examples.parent / "configs/cmt", "check", "-")
    assert done.returncode == 1
    assert "  config   <stdin>.py" in done.stdout
    assert "mmfix patch" not in done.stdout, "there is no such file to patch"
    assert "find_unused_parameters = True" in done.stdout
    report = json.loads(mmfix(text, examples.parent / "configs/cmt", "show", "-", "--format", "json").stdout)
    assert report["path"] == "<stdin>.py"


def test_a_base_is_judged_through_its_heirs(examples: Path) -> None:
    root = examples.parent
    base = root / "configs/cmt/_base_/nuscenes.py"
    done = mmfix(base.read_text(), root, "check", "-", "--stdin-filename", str(base.relative_to(root)))
    assert "cannot be trained by itself; looked at 2 files that inherit it" in done.stdout


def test_beside_files(examples: Path) -> None:
    root = examples.parent
    text = (root / CRASHES).read_text()
    done = mmfix(text, root, "check", "-", "configs/healthy", "--format", "json")
    assert [config["path"] for config in json.loads(done.stdout)["configs"]] == [
        "<stdin>.py",
        "configs/healthy/retinanet_r50_fpn_1x_coco.py",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model = dict(", "<stdin>.py:1: error: syntax error"),
        (b"model = '\xff'", "<stdin>.py:1: error: is not UTF-8"),
        ("x = 1\n" * 700_000, "<stdin>.py: error: larger than 4 MB"),
        ("", "<stdin>.py: error: is no config"),
    ],
    ids=["broken", "Latin-1", "large", "empty"],
)
@pytest.mark.parametrize("command", ["check", "show"])
def test_what_is_no_config(command: str, text: Any, told: str, tmp_path: Path) -> None:
    if command == "show" and not text:
        return
    done = mmfix(text, tmp_path, command, "-")
    assert done.returncode == 2
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == 1


def test_a_name_that_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").mkdir()
    done = mmfix("model = dict(type='A')", tmp_path, "check", "-", "--stdin-filename", "a.py")
    assert (done.returncode, done.stderr) == (2, "a.py: error: is a folder, not a config file\n")


@pytest.mark.parametrize(
    "arguments", [["check", "a.py"], ["show", "a.py"], ["check", "-", "--since", "HEAD"]]
)
def test_options_that_contradict_each_other(arguments: list[str], tmp_path: Path) -> None:
    done = mmfix("", tmp_path, *arguments, "--stdin-filename", "b.py")
    assert done.returncode == 2
    assert "Error: --s" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX shell")
def test_no_standard_input_at_all(tmp_path: Path) -> None:
    command = f"exec {sys.executable} -m mmfix check - <&-"
    done = subprocess.run(["sh", "-c", command], cwd=str(tmp_path), capture_output=True, encoding="utf-8")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "internal" not in done.stderr
