"""`mmfix explain`: exit codes, both formats, standard input, and the patch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mmfix.rules.rule import MMENGINE

TWICE = (
    "RuntimeError: Expected to mark a variable ready only once.\n"
    "Parameter at index 50 has been marked as ready twice.\n"
)
UNUSED = "RuntimeError: Expected to have finished reduction in the prior iteration before starting a new one."
PLAIN = MMENGINE + "model = dict(type='A', backbone=dict(type='ResNet'))\n"
CONFIG = "find_unused_parameters = True\n" + PLAIN.replace("'ResNet'", "'ResNet', with_cp=True")


def run(folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mmfix", *arguments]
    done = subprocess.run(command, cwd=folder, input=stdin, capture_output=True)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cfg.py").write_text(CONFIG)
    (tmp_path / "plain.py").write_text(PLAIN)
    (tmp_path / "twice.log").write_text(TWICE)
    (tmp_path / "unused.log").write_text(UNUSED)
    (tmp_path / "fine.log").write_text("all is well\n")
    return tmp_path


def test_one_screen_says_what_happened_where_and_what_to_do(folder: Path) -> None:
    done = run(folder, "explain", "twice.log", "--config", "cfg.py")

    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("twice.log:1: READY_TWICE[marked-ready-twice]")
    assert "model.backbone.with_cp  cfg.py:5:" in done.stdout
    assert "mmfix patch cfg.py --remedy checkpoint-off" in done.stdout
    assert len(done.stdout.splitlines()) < 40


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("fine.log",), 1, "no error that mmfix knows"),
        (("gone.log",), 2, "no such file"),
        ((".",), 2, "is a folder, not a log"),
        (("twice.log", "--config", "gone.py"), 2, "file not found"),
        (("twice.log", "--config", "fine.log"), 2, "is not a .py"),
        (("twice.log", "--remedy", "checkpoint-off"), 2, "go with --patch"),
        (("twice.log", "--patch"), 2, "no cure that a config can hold"),
        (("twice.log", "--config", "cfg.py", "--patch", "--remedy", "magic"), 2, "no cure is called magic"),
        (("fine.log", "--config", "cfg.py", "--patch"), 2, "no cure"),
    ],
)
def test_exit_codes(folder: Path, arguments: Any, code: int, says: str) -> None:
    done = run(folder, "explain", *arguments)

    assert done.returncode == code
    assert says in (done.stdout + done.stderr).replace("No such", "no such")
    assert "Traceback" not in done.stderr


def test_standard_input(folder: Path) -> None:
    done = run(folder, "explain", "-", stdin=TWICE.encode())

    assert done.returncode == 0
    assert "log:1: READY_TWICE" in done.stdout


def test_json(folder: Path) -> None:
    done = run(folder, "explain", "twice.log", "--config", "cfg.py", "--format", "json")

    document = json.loads(done.stdout)
    assert document["version"] == 1
    (found,) = document["diagnoses"]
    assert found["id"] == "marked-ready-twice"
    assert found["outcome"] == "READY_TWICE"
    assert found["confidence"] == "certain"  # which parameter 50 is, nobody says
    assert found["parameters"] == [{"index": 50, "name": None, "key": None}]
    assert found["findings"][0]["code"] == "MMF101"
    assert found["remedies"][0]["name"] == "checkpoint-off"


@pytest.mark.parametrize(("log", "code"), [("fine.log", 1), ("gone.log", 2)])
def test_json_without_a_diagnosis(folder: Path, log: str, code: int) -> None:
    done = run(folder, "explain", log, "--format", "json")

    document = json.loads(done.stdout)
    assert done.returncode == code
    assert document["diagnoses"] == []
    assert (document["error"] is None) is (code == 1)


def test_the_patch_is_that_of_the_diagnosis(folder: Path) -> None:
    """`check` finds nothing in this config: only the log knows that something is unused."""
    assert run(folder, "check", "plain.py").returncode == 0
    told = run(folder, "explain", "unused.log", "--config", "plain.py")
    assert "mmfix explain unused.log --config plain.py --patch --remedy find-unused" in told.stdout

    shown = run(folder, "explain", "unused.log", "--config", "plain.py", "--patch", "--diff")
    assert "+find_unused_parameters = True" in shown.stdout
    assert (folder / "plain.py").read_text() == PLAIN

    done = run(folder, "explain", "unused.log", "--config", "plain.py", "--patch")
    assert done.returncode == 0, done.stderr
    assert "find_unused_parameters = True" in (folder / "plain.py").read_text()
    assert run(folder, "patch", "plain.py", "--undo").returncode == 0
    assert (folder / "plain.py").read_text() == PLAIN


def test_nothing_is_written_without_patch(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}

    run(folder, "explain", "twice.log", "--config", "cfg.py")

    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_build_without_a_config_says_so(folder: Path) -> None:
    done = run(folder, "explain", "twice.log", "--build")

    assert done.returncode == 0
    assert "--build needs a config file" in done.stdout


def test_a_patch_that_is_refused_still_has_its_diagnosis(folder: Path) -> None:
    done = run(folder, "explain", "twice.log", "--patch")
    assert "READY_TWICE[marked-ready-twice]" in done.stdout

    done = run(folder, "explain", "twice.log", "--patch", "--format", "json")
    document = json.loads(done.stdout)
    assert [item["id"] for item in document["diagnoses"]] == ["marked-ready-twice"]
    assert document["error"]["kind"] == "patch"


def test_what_is_no_text(folder: Path) -> None:
    (folder / "a.log.gz").write_bytes(b"\x1f\x8b\x08\x00abc")

    done = run(folder, "explain", "a.log.gz")

    assert done.returncode == 2
    assert done.stderr == "a.log.gz: error: is not a text (unpack it first, if it is compressed)\n"
