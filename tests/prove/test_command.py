"""``mmfix prove`` as people run it, on a toy model: real MMEngine, real DDP, two gloo ranks."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.ddp

TOY = Path(__file__).parent / "toy"
Prove = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def prove(mmfix: Any, tmp_path: Path) -> Prove:
    """``prove("model = dict(trap='raise')", "--save")``: the toy config with these lines."""
    for name in ("toy_graph.py", "toy_model.py"):
        shutil.copy(TOY / name, tmp_path)
    (tmp_path / "configs").mkdir()
    shutil.copy(TOY / "toy.py", tmp_path / "configs" / "base.py")

    def run(lines: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "configs" / "toy.py").write_text(f"_base_ = './base.py'\n{lines}\n")
        return mmfix("prove", "configs/toy.py", *arguments, env={"PYTHONPATH": str(tmp_path)})

    return run


def as_json(done: subprocess.CompletedProcess[str]) -> Dict[str, Any]:
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_a_healthy_config(prove: Prove) -> None:
    done = prove("", "--format", "json", "--all-remedies")
    found = as_json(done)
    assert (done.returncode, found["version"], found["outcome"]) == (0, 1, "OK")
    assert [scenario["outcome"] for scenario in found["scenarios"]] == ["OK"] * 4
    assert found["activation_bytes"] > 0
    assert found["remedies"] == []
    assert "prove runs the config and its model" in done.stderr
    assert "nothing is suspected of this config" in done.stderr


def test_the_end_says_what_to_look_for(prove: Prove) -> None:
    well = prove("", "--scenario", "normal").stdout
    assert "look for the log's first `Epoch(train) [1][10/...]`, written every 10 iterations" in well
    assert "`memory` is the place to look" in well
    cured = prove("model = dict(unused='always')", "--scenario", "normal").stdout
    assert "look for (find-unused) the log's first" in cured
    assert "look for" not in prove("model = dict(trap='raise')").stdout


def test_before_and_after_the_cure(prove: Prove, tmp_path: Path, mmfix: Any) -> None:
    """A reentrant checkpoint under find_unused_parameters=True: the case that began this project."""
    done = prove("find_unused_parameters = True\nmodel = dict(cp='reentrant')", "--save")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "toy.py: READY_TWICE" in done.stdout
    assert "Expected to mark a variable ready only once" in done.stdout
    assert "ready twice: block1 (Block)" in done.stdout
    assert "OK" in done.stdout.partition("cures")[2]
    assert json.loads((tmp_path / ".mmfix" / "proofs.json").read_text())
    checked = mmfix("check", "configs/toy.py", env={"PYTHONPATH": str(tmp_path)})
    assert checked.returncode == 1
    assert "proven" in checked.stdout


@pytest.mark.parametrize(
    ("lines", "scenarios", "said"),
    [
        ("unused='always'", {"normal": "UNUSED"}, "never: side (Linear), key model: side.weight"),
        ("trap='empty head'", {"normal": "OK", "empty": "UNUSED", "uneven": "UNUSED"}, "sometimes: head"),
        ("late_freeze=True", {"normal": "UNUSED"}, "never, frozen by train() after the wrap: side"),
    ],
)
def test_what_fails_is_named(prove: Prove, lines: str, scenarios: Dict[str, str], said: str) -> None:
    done = prove(f"model = dict({lines})", "--format", "json")
    found = as_json(done)
    assert (done.returncode, found["outcome"]) == (1, "UNUSED")
    outcomes = {scenario["name"]: scenario["outcome"] for scenario in found["scenarios"]}
    assert scenarios.items() <= outcomes.items()
    assert not any(scenario["disagreement"] for scenario in found["scenarios"])
    group = found["parameters"][0]
    frozen = f", frozen by {group['frozen_by']}() after the wrap" if group["frozen_by"] else ""
    where = f"{group['module']} ({group['class']}), key {group['key']}: {group['names'][0]}"
    assert said in f"{group['status']}{frozen}: {where}"


@pytest.mark.parametrize(
    ("trap", "arguments", "code", "outcome", "said"),
    [
        ("raise", ("-v",), 2, "NOT_PROVED", "raise ValueError"),
        ("exit", (), 2, "NOT_PROVED", "exit code 9"),
        ("memory", ("--memory-limit", "1.5"), 2, "NOT_PROVED", "more than 1.5 GB"),
        ("leave", (), 2, "NOT_PROVED", "ended the process"),
        ("alone", (), 2, "NOT_PROVED", "only this rank fails"),
        ("hang", ("-v",), 1, "HANG", "_engine_run_backward"),
        ("mismatch", (), 1, "HANG", "all ranks stood still"),
        ("diverge", (), 1, "DIVERGED", "1 parameter differs between the ranks after"),
    ],
)
def test_what_goes_wrong_is_a_verdict_and_leaves_nothing_behind(
    prove: Prove, tmp_path: Path, trap: str, arguments: Any, code: int, outcome: str, said: str
) -> None:
    done = prove(f"model = dict(trap={trap!r})", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert f"toy.py: {outcome}" in done.stdout
    assert said in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"configs", "toy_graph.py", "toy_model.py"}
    if sys.platform.startswith("linux"):
        time.sleep(1)
        commands = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
        assert f"{tmp_path}" not in commands
        # another test process may be at the trap that starts it
        assert trap != "alone" or "sleep 1000" not in commands


def test_a_rank_that_the_system_kills_is_tried_once_more(prove: Prove, tmp_path: Path) -> None:
    done = prove("model = dict(trap='killed once')", "--scenario", "normal", "--format", "json")
    found = as_json(done)
    assert (done.returncode, found["outcome"], found["reason"]) == (0, "OK", ""), found
    assert (tmp_path / "killed").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_too_few_open_files(prove: Prove, tmp_path: Path) -> None:
    prove("", "--timeout", "1")  # writes the config
    (tmp_path / "temp").mkdir()
    done = subprocess.run(
        ["sh", "-c", 'ulimit -n 20; exec "$0" -m mmfix prove configs/toy.py --format json', sys.executable],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path / "temp")},
        capture_output=True,
        text=True,
        timeout=280,
    )
    found = as_json(done)
    assert (done.returncode, found["outcome"], found["remedies"]) == (2, "NOT_PROVED", []), found
    said = "ran out of open files (the limit is 20): ulimit -n 1024, then again; tried twice"
    assert said in found["reason"]
    assert found["error"] is None
    assert not [path for path in (tmp_path / "temp").iterdir() if "inductor" not in path.name]


def test_what_ran_before_the_time_limit_is_told(prove: Prove) -> None:
    done = prove("model = dict(trap='busy')", "-v", "--timeout", "60")
    assert (done.returncode, "toy.py: NOT_PROVED" in done.stdout) == (2, True), done.stdout + done.stderr
    assert "  normal    OK" in done.stdout
    assert "not run  empty, single, uneven: the time limit of 60 s came in this phase" in done.stdout
    assert "toy_model.py" in done.stdout.partition("rank 0:")[2]  # the stack


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("configs/base.py", "--remedy", "nonsense"), "no cure is called nonsense"),
        (("nowhere.py",), "nowhere.py: error"),
    ],
)
def test_bad_input(prove: Prove, mmfix: Any, tmp_path: Path, arguments: Any, said: str) -> None:
    done = mmfix("prove", *arguments, env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_config_that_cannot_be_read_is_told_in_json_too(mmfix: Any, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("model = (\n")
    done = mmfix("prove", "broken.py", "--format", "json")
    found = as_json(done)
    assert (done.returncode, found["outcome"], found["scenarios"]) == (2, "NOT_PROVED", [])
    assert (found["error"]["kind"], found["error"]["path"]) == ("config", "broken.py")
    assert found["reason"] == found["error"]["message"]
    assert done.stderr.count("broken.py:") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("trap", "arguments"),
    [
        ("", ("--standalone",)),
        # the parent of rank 1 finds no result: it must not go its own way, while rank 0 rehearses a cure
        ("silent", ("--standalone",)),
        ("silent", ("--master-port", "PORT")),  # torchrun's agent has no store then: rank 0 hosts it
    ],
)
def test_under_torchrun(prove: Prove, tmp_path: Path, trap: str, arguments: Any) -> None:
    """The ranks are torchrun's; rank 0 alone speaks and decides; a cure is rehearsed in the same run."""
    prove(f"model = dict(unused='always', trap={trap!r})", "--timeout", "1")  # writes the config
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"),
            *(port if argument == "PORT" else argument for argument in arguments),
            *("-m", "mmfix", "prove", "configs/toy.py", "--format", "json"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    found = json.loads(done.stdout[done.stdout.index("{") : done.stdout.rindex("}") + 1])
    assert (found["outcome"], found["world_size"]) == ("UNUSED", 2)
    assert [scenario["outcome"] for scenario in found["scenarios"]] == ["UNUSED"] * 4
    assert [remedy["outcome"] for remedy in found["remedies"]] == ["OK"]
    assert done.returncode == 1


def test_a_rank_that_is_killed_under_torchrun_is_no_hang(prove: Prove, tmp_path: Path) -> None:
    """The other rank stands still for ever; the parent of the one that was killed says why."""
    prove("model = dict(trap='killed')", "--timeout", "1")  # writes the config
    command = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m", "mmfix"]
    done = subprocess.run(
        [sys.executable, *command, "prove", "configs/toy.py", "--scenario", "normal", "--format", "json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    found = json.loads(done.stdout[done.stdout.index("{") : done.stdout.rindex("}") + 1])
    assert found["outcome"] == "NOT_PROVED"
    assert found["reason"].startswith("a rank was ended by signal 9 (SIGKILL)")
    assert found["reason"].endswith("tried twice")
