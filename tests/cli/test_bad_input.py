"""Bad input through the command line: one line naming the file, exit 2, others go on, no traceback."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, List, Tuple

import pytest

from anybody import as_anybody, on_linux

GOOD = "model = dict(type='A')\ntrain_dataloader = dict()\noptim_wrapper = dict()\ntrain_cfg = dict()\n"


def cyclic(folder: Path) -> Path:
    (folder / "b.py").write_text("_base_ = './a.py'\n")
    return write(folder, "_base_ = './b.py'\n")


def mixed(folder: Path) -> Path:
    (folder / "lazy.py").write_text(
        "from mmengine.config import read_base\nwith read_base():\n    from .c import *\n"
    )
    (folder / "c.py").write_text("c = 1\n")
    return write(folder, "_base_ = './lazy.py'\n")


def duplicate(folder: Path) -> Path:
    (folder / "b.py").write_text("x = 1\n")
    (folder / "c.py").write_text("x = 2\n")
    return write(folder, "_base_ = ['./b.py', './c.py']\n")


def write(folder: Path, text: str) -> Path:
    path = folder / "a.py"
    path.write_bytes(text.encode("utf-8"))
    return path


def binary(folder: Path) -> Path:
    path = folder / "a.py"
    path.write_bytes(b"x = 1\ny = '\xff\xfe'\n")
    return path


def empty_directory(folder: Path) -> Path:
    (folder / "sub").mkdir()
    return folder / "sub"


#: What is wrong -> the file, and the start of the line on stderr behind its path.
CASES: List[Tuple[str, Callable[[Path], Path], str]] = [
    ("syntax", lambda folder: write(folder, "a = 1\nmodel = dict(\n"), ":2: error: syntax error"),
    ("encoding", binary, ":2: error: is not UTF-8"),
    ("directory", empty_directory, ": error: no config"),
    ("nothing", lambda folder: folder / "gone.py", ": error: file not found"),
    ("a folder that is not there", lambda folder: folder / "gone", ": error: file not found"),
    ("suffix", lambda folder: Path(__file__).with_name("notes.txt"), ": error: "),
    (
        "base",
        lambda folder: write(folder, "a = 1\n_base_ = './gone.py'\n"),
        ":2: error: the base ./gone.py is not here",
    ),
    ("cycle", cyclic, ": error: the configs inherit each other in a circle"),
    ("mixed", mixed, ":1: error: the base lazy.py is a lazy config"),
    ("duplicate", duplicate, ""),
    ("huge", lambda folder: write(folder, "a = '" + "x" * 50_000_000 + "'\n"), ": error: larger than"),
    ("deep", lambda folder: write(folder, "a = " + "[" * 10_000 + "]" * 10_000 + "\n"), ""),
    ("endless", lambda folder: write(folder, "while True:\n    pass\n"), ""),
    ("power", lambda folder: write(folder, GOOD + "a = 10 ** 10 ** 10\n"), ""),
]


@pytest.mark.parametrize(("make", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
@pytest.mark.parametrize("command", [["check"], ["patch"], ["patch", "--diff"]], ids=" ".join)
def test_one_line_and_the_others_go_on(
    make: Callable[[Path], Path], expected: str, command: List[str], tmp_path: Path, mmfix: Any
) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    bad = make(folder)
    good = tmp_path / "good.py"
    good.write_text(GOOD)
    before = {path: path.stat() for path in tmp_path.rglob("*")}
    done = mmfix(*command, bad, good)
    assert "Traceback" not in done.stdout + done.stderr
    if not expected and done.returncode != 2:  # mmfix may understand it; then it says so, without an error
        assert done.stderr == ""
    else:
        assert done.returncode == 2
        lines = done.stderr.splitlines()
        assert len(lines) == 1, done.stderr
        assert ": error: " in lines[0]
        assert expected in lines[0]
        assert "internal error" not in lines[0]
    assert done.stdout.splitlines()[-1].startswith("2 configs"), "the good config was judged too"
    assert {path: path.stat() for path in tmp_path.rglob("*")}.keys() == before.keys(), (
        "no file was left behind"
    )


def test_json_has_the_error_too(tmp_path: Path, mmfix: Any) -> None:
    path = write(tmp_path, "model = dict(\n")
    done = mmfix("check", path, "--format", "json")
    assert done.returncode == 2
    config = json.loads(done.stdout)["configs"][0]
    assert (config["path"], config["status"], config["error"]["line"]) == ("a.py", "unreadable", 1)
    assert done.stderr.startswith("a.py:1: error: syntax error")


@pytest.mark.parametrize("text", ["", "CLASSES = ('a', 'b')\n"], ids=["empty", "names"])
def test_a_file_that_is_no_config(text: str, tmp_path: Path, mmfix: Any) -> None:
    path = write(tmp_path, text)
    line = "is no config: it sets no key that OpenMMLab's runners read"
    done = mmfix("check", path)
    assert (done.returncode, done.stderr) == (2, f"a.py: error: {line}\n")
    hook = mmfix("check", "--allow-unjudged", path)
    assert (hook.returncode, hook.stderr) == (0, "")
    assert f"note: a.py {line}\n" in hook.stdout


def test_a_config_that_would_delete_files_is_only_read(tmp_path: Path, mmfix: Any) -> None:
    victim = tmp_path / "data.txt"
    victim.write_text("precious")
    path = write(tmp_path, GOOD + f"import os\nos.remove({str(victim)!r})\n")
    mmfix("check", path)
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("arguments", [["check"], ["patch", "--diff"], ["show"]])
def test_arguments_click_refuses_exit_2(arguments: List[str], mmfix: Any) -> None:
    done = mmfix(*arguments, "--no-such-option")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_paths_the_terminal_cannot_show(tmp_path: Path, mmfix: Any) -> None:
    path = tmp_path / "配置.py"
    path.write_text("model = dict(\n")
    done = mmfix("check", path, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 2
    assert "\\u914d\\u7f6e.py:1: error: syntax error" in done.stderr


@on_linux
@pytest.mark.parametrize("command", [["check"], ["patch"], ["show"]], ids=" ".join)
def test_a_file_one_may_not_read(command: List[str], tmp_path: Path) -> None:
    write(tmp_path, GOOD).chmod(0)

    done = subprocess.run(
        [sys.executable, "-m", "mmfix", *command, "a.py"],
        cwd=str(tmp_path),
        preexec_fn=as_anybody(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 2
    assert done.stderr == f"a.py: error: cannot be read: {os.strerror(errno.EACCES).lower()}\n"


def test_an_internal_error_is_one_line_with_what_to_do(tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import mmfix.config.reader as reader\n"
        "def load(self, path, text=None): raise ZeroDivisionError('by chance')\n"
        "reader.Reader.load = load\n"
    )
    config = tmp_path / "a.py"
    config.write_text(GOOD)
    done = mmfix("check", "a.py", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2
    assert done.stderr == (
        "a.py: error: internal error: ZeroDivisionError: by chance "
        "(please report this with the config; MMFIX_DEBUG=1 shows where it happened)\n"
    )
    loud = mmfix("check", "a.py", env={"PYTHONPATH": str(tmp_path), "MMFIX_DEBUG": "1"})
    assert "Traceback" in loud.stderr
