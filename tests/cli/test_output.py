"""How the command line behaves towards terminals, pipes and its own arguments."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

import pytest

from mmfix.report.text.page import WIDTH
from mmfix.terminal import page

CRASHES = "configs/cmt/cmt_aqr_voxel0100_r50_800x320_cbgs.py"


def on_a_terminal(
    arguments: list[str], cwd: Path, env: Optional[Dict[str, str]] = None, stream: str = "stdout"
) -> Tuple[str, int]:
    """Run mmfix with a pseudo terminal as one stream; returns what it wrote there and its exit code."""
    pty = pytest.importorskip("pty", reason="needs pseudo terminals")
    primary, secondary = pty.openpty()
    scrubbed = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "mmfix", *arguments],
        cwd=str(cwd),
        env={**scrubbed, "TERM": "xterm", **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=secondary if stream == "stdout" else subprocess.DEVNULL,
        stderr=secondary if stream == "stderr" else subprocess.DEVNULL,
    )
    os.close(secondary)
    written = b""
    while True:
        try:
            piece = os.read(primary, 65536)
        except OSError:  # Linux says EIO when the other end is closed
            break
        if not piece:
            break
        written += piece
    os.close(primary)
    return written.decode("utf-8"), process.wait()


#: Reading one takes a moment.
SLOW = """\
n = 0
for i in range(10000):
    n += 1
model = dict(type='A')
train_dataloader = dict()
optim_wrapper = dict()
"""


def many(folder: Path, count: int, text: str) -> None:
    (folder / "configs").mkdir()
    for number in range(count):
        (folder / "configs" / f"{number:03}.py").write_text(text)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_progress_on_a_terminal_for_what_takes_over_a_second(jobs: str, tmp_path: Path) -> None:
    many(tmp_path, 24, SLOW)
    seen, code = on_a_terminal(["check", "configs", "--jobs", jobs], tmp_path, stream="stderr")
    assert re.search(r"\rchecking \[#*-*\] \d+% \d+ of 24 configs 0:0\d", seen)
    assert seen.endswith("\r\x1b[K"), "the line is taken away again"
    assert code == 0


def test_no_progress_in_the_first_second(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from mmfix import terminal

    now = [100.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with terminal.Progress("checking", 3) as progress:
        now[0] += 0.9
        progress.advance()
        assert capsys.readouterr().err == ""
        now[0] += 0.2
        progress.tick()
        assert "1 of 3 configs 0:01" in capsys.readouterr().err
        progress.expect(5)
        now[0] += 0.3
        progress.tick()
        assert "1 of 8 configs 0:01" in capsys.readouterr().err


def test_without_a_terminal_a_line_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from mmfix import terminal

    now = [100.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    with terminal.Progress("checking", 790) as progress:
        for _ in range(25):
            now[0] += 1
            progress.advance()
    assert capsys.readouterr().err.splitlines() == [
        "mmfix: checking: 10 of 790 configs after 10 s",
        "mmfix: checking: 20 of 790 configs after 20 s",
    ]


def test_colour_on_a_terminal_only(examples: Path, mmfix: Any) -> None:
    coloured, code = on_a_terminal(["check", CRASHES], examples.parent)
    assert "\x1b[" in coloured
    plain = mmfix("check", CRASHES)
    assert "\x1b[" not in plain.stdout
    assert code == plain.returncode == 1


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_when_told(examples: Path, env: Dict[str, str]) -> None:
    text, _ = on_a_terminal(["check", CRASHES], examples.parent, env)
    assert "error[" in text
    assert "\x1b[" not in text


def test_a_reader_that_leaves_early(examples: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "mmfix", "show", CRASHES],
        cwd=str(examples.parent),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import mmfix.jobs.selecting as selecting, signal, time\n"
        # a test suite in the background is started with the signal ignored, and hands that on
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def select(*arguments):\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
        "selecting.select = select\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "mmfix", "check", "a.py"],
        cwd=str(tmp_path),
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert errors.strip() == b""
    assert process.returncode == 130


def test_without_path_configs_here_are_used(examples: Path, mmfix: Any) -> None:
    done = mmfix("check")
    assert done.stderr == "mmfix: no path given, using configs/\n"
    assert CRASHES in done.stdout
    assert done.returncode == 1


def test_without_path_and_configs_the_examples_are_used(tmp_path: Path, mmfix: Any) -> None:
    assert mmfix("check").returncode == 0, "these findings are not the user's"
    done = mmfix("patch")
    assert done.returncode == 0
    said = "mmfix: no path given and no configs/ here, using the examples in "
    assert done.stderr.startswith(said)
    assert "cmt_aqr_r50.py: would patch with checkpoint-off" in done.stdout
    folder = Path(done.stderr[len(said) :].strip())
    texts = [path.read_text() for path in folder.rglob("*.py")]
    assert len(texts) > 5
    assert not any(">>> mmfix" in text for text in texts), "the examples are shown, never written"


def test_help_names_the_exit_codes(mmfix: Any) -> None:
    done = mmfix("--help")
    assert done.returncode == 0
    for line in ("0  clean", "1  findings are left", "2  could not do the job"):
        assert line in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["patch", "a.py", "b.py", "--output", "c.py"], "--output takes one CFG"),
        (["patch", "configs", "--output", "c.py"], "--output takes one CFG"),
        (["patch", "a.py", "--undo", "--overlay"], "--undo goes with none of"),
        (["patch", "a.py", "--undo", "--remedy", "x"], "--undo goes with none of"),
        (["patch", "a.py", "--undo", "--possible"], "--undo goes with none of"),
        (["patch", "a.py", "--possible", "--remedy", "x"], "leave --possible away"),
        (["check", "--format", "xml"], "'xml'"),  # the words around it are click's
        (["rule", "MMF999"], "no rule 'MMF999'; 'mmfix rules' lists them"),
    ],
)
@pytest.mark.usefixtures("examples")
def test_arguments_that_do_not_go_together(arguments: list[str], message: str, mmfix: Any) -> None:
    done = mmfix(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        (
            "model.img_backbone.with_cp",
            [
                "model.img_backbone.with_cp = True",
                "  set at     configs/cmt/cmt_voxel0100_r50_800x320_cbgs.py:20:17  "
                "with_cp=True,  # saves memory: the forward pass of each b...",
            ],
        ),
        (
            "data.samples_per_gpu",
            [
                "data.samples_per_gpu = 4",
                f"  set at     {CRASHES}:10:29  data = dict(samples_per_gpu=4)",
                "  overrides  configs/cmt/_base_/nuscenes.py:20:21  samples_per_gpu=2,",
            ],
        ),
    ],
)
def test_show_a_key_and_its_blame(key: str, lines: list[str], examples: Path, mmfix: Any) -> None:
    assert mmfix("show", CRASHES, key).stdout.splitlines() == lines


def test_show_reads_through_a_variable(tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "a.py").write_text("cp = True\nmodel = dict(\n    with_cp=cp)\n")
    assert mmfix("show", "a.py", "model.with_cp").stdout.splitlines() == [
        "model.with_cp = True",
        "  set at     a.py:3:13  with_cp=cp)",
        "  read from  a.py:1:6  cp = True",
    ]


def test_show_the_whole_config(tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "a.py").write_text("model = dict(\n    heads=[dict(n=1), dict()],\n    mean=[1, 2])\n")
    assert mmfix("show", "a.py").stdout.splitlines() == [
        "model.heads[0].n = 1  a.py:2",
        "model.heads[1] = {}  a.py:2",
        "model.mean = [1, 2]  a.py:3",
    ]


def test_show_a_config_without_a_value(tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "a.py").write_text("")
    assert mmfix("show", "a.py").stdout == "this config sets nothing\n"


def test_show_as_json(tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "a.py").write_text("model = dict(with_cp=True)\n")
    shown = json.loads(mmfix("show", "a.py", "model.with_cp", "--format", "json").stdout)
    place = {"path": "a.py", "line": 1, "column": 22}
    assert (shown["version"], shown["path"], shown["kind"]) == (1, "a.py", "classic")
    assert shown["values"] == [{"key": "model.with_cp", "value": True, "origin": place, "blame": [place]}]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("model.cp", "a.py: error: no key model.cp (did you mean model.with_cp?)"),
        ("with_cp", "a.py: error: no key with_cp (did you mean model.with_cp?)"),
        ("zzz", "a.py: error: no key zzz"),
        (
            "neck.cp",
            "a.py: error: cannot tell whether there is a key neck.cp: neck is not known without running the "
            "config: calls f(), which is not evaluated",
        ),
        ("model..", "error: 'model..' is not a key path; write it like model.heads[0].with_cp"),
    ],
)
def test_show_a_key_that_is_not_there(key: str, message: str, tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "a.py").write_text("from time import time as f\nmodel = dict(with_cp=True)\nneck = f()\n")
    done = mmfix("show", "a.py", key)
    assert (done.returncode, done.stderr) == (2, message + "\n")


def test_show_does_not_propose_a_misspelling(tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "a.py").write_text("train_cfg = dict(type='Loop')\nfind_unused_parameter = True\n")
    hint = "a.py:2 sets find_unused_parameter instead, which nobody reads"
    said = mmfix("show", "a.py", "find_unused_parameters").stderr
    assert said == f"a.py: error: no key find_unused_parameters ({hint})\n"


@pytest.mark.parametrize(
    "arguments", [["show", "gone.py"], ["show", "a.py", "zzz"], ["show", "a.py", "model.."]]
)
def test_show_as_json_says_what_is_wrong(arguments: list[str], tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "a.py").write_text("model = dict(with_cp=True)\n")
    done = mmfix(*arguments, "--format", "json")
    shown = json.loads(done.stdout)
    assert (done.returncode, shown["path"], shown["values"]) == (2, arguments[1], [])
    assert shown["error"]["message"] in done.stderr
    assert json.loads(mmfix("show", "a.py", "--format", "json").stdout)["error"] is None


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell closes the streams")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", CRASHES], 1),
        (["check", "gone.py"], 2),
        (["patch", CRASHES], 0),
        (["--help"], 0),
        (["-x"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_closed_streams(arguments: list[str], code: int, closed: str, examples: Path) -> None:
    before = (examples.parent / CRASHES).read_bytes()
    command = f'"$0" -m mmfix "$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, *arguments],
        cwd=str(examples.parent),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == code
    assert "Error" not in done.stdout + done.stderr.replace("Error: No such option", "")
    if arguments[0] == "patch":
        assert (examples.parent / CRASHES).read_bytes().startswith(before)
        assert b">>> mmfix" in (examples.parent / CRASHES).read_bytes()


JSON_CONFIG = """\
{"model": {"type": "Petr3D", "backbone": {"type": "ResNet", "with_cp": true}}, "find_unused_parameters": true,
 "train_dataloader": {}, "optim_wrapper": {}, "train_cfg": {}}
"""


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_the_line_to_paste_works_for_data_files(name: str, tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / name).write_text(JSON_CONFIG)
    rows = [line.split() for line in mmfix("check", name).stdout.splitlines()]
    command = next(row[1:] for row in rows if row[:1] == ["patch"])
    assert command[:4] == ["mmfix", "patch", name, "--overlay"]
    done = mmfix(*command[1:])
    assert (done.returncode, done.stderr) == (0, "")
    assert mmfix("check", name.replace("a.", "a_mmfix.")).returncode == 0


def test_a_refusal_about_the_config_itself_is_not_read_by_it(examples: Path, mmfix: Any) -> None:
    done = mmfix("patch", CRASHES, "--output", CRASHES)
    assert done.stderr.startswith(f"{CRASHES}: error: is the config itself (")
    (examples / "mine.py").write_text("x = 1\n")
    other = mmfix("patch", CRASHES, "--output", "configs/mine.py")
    assert other.stderr.startswith("configs/mine.py: error: is there already")
    assert "[read by" not in done.stderr + other.stderr


@pytest.mark.parametrize(
    ("columns", "width"),
    [("60", 60), ("250", 250), ("", WIDTH), ("0", WIDTH), ("wide", WIDTH), ("-5", WIDTH)],
)
def test_the_width_is_that_of_columns_or_without_a_terminal_the_usual_one(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert page().width == width
