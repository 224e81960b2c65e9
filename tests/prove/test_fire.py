"""``mmfix prove`` under fire: models that get away or end in odd ways, machines short of something."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Sequence

import pytest

from mmfix.traces import clean

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.ddp,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and namespaces are Linux's"),
]

TOY = Path(__file__).parent / "toy"


def start(
    folder: Path, model: str, before: Sequence[str] = (), options: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """A rehearsal of the toy with this model, in a folder of its own."""
    for name in ("toy_graph.py", "toy_model.py", "toy_fire.py", "toy.py"):
        shutil.copy(TOY / name, folder)
    lines = "custom_imports = dict(imports=['toy_fire'], allow_failed_imports=False)"
    (folder / "fire.py").write_text(f"_base_ = './toy.py'\n{lines}\nmodel = dict(type='Fire', {model})\n")
    (folder / "temp").mkdir()
    told = {"PYTHONPATH": str(folder), "TMPDIR": str(folder / "temp"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "mmfix", "prove", "fire.py", "--scenario", "normal", "--format", "json"]
    return subprocess.Popen(
        [*before, *command, *options],
        cwd=folder,
        env={**os.environ, **told},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def prove(
    folder: Path, model: str, before: Sequence[str] = (), options: Sequence[str] = ()
) -> Dict[str, Any]:
    """The JSON of a rehearsal, with the exit code of the command."""
    process = start(folder, model, before, options)
    said, trouble = process.communicate(timeout=280)
    assert said, trouble
    assert "Traceback" not in trouble
    return {**json.loads(said), "code": process.returncode}


def left(folder: Path) -> List[str]:
    """Processes that have the folder in their arguments or work in it, and temporary files."""
    listed = subprocess.run(["ps", "-ww", "-eo", "stat,pid,args"], capture_output=True, text=True).stdout
    rows = [line for line in listed.splitlines() if not line.startswith("Z")]
    found = [line for line in rows if str(folder) in line]
    for line in rows[1:]:
        try:
            where = os.readlink(f"/proc/{line.split()[1]}/cwd")
        except OSError:
            continue
        found += [line] if where == str(folder) else []
    temporary = [path.name for path in (folder / "temp").iterdir() if "inductor" not in path.name]
    return found + temporary


def test_what_gets_away_is_ended_and_changes_nothing(tmp_path: Path) -> None:
    """A session of its own, a daemon without our environment, copies of a rank that go on, exit or raise."""
    both = "session, daemon, fork_that_exits, fork_that_raises"
    found = prove(tmp_path, f"build={both!r}, step={both + ', folders, fork'!r}")
    assert (found["code"], found["outcome"], found["reason"]) == (0, "OK", "")
    assert left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_gets_away_is_ended_when_mmfix_is(number: int, tmp_path: Path) -> None:
    process = start(tmp_path, "build='session, daemon, waits'")
    until = time.monotonic() + 200
    while not (tmp_path / "waits").exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(number)
    process.communicate()
    if number == signal.SIGKILL:
        until = time.monotonic() + 20
        while len(left(tmp_path)) > 1 and time.monotonic() < until:
            time.sleep(0.1)
        clean(str(tmp_path / "temp"))  # as the next start does
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("step='odd'", "Odd: no Exception"),
        pytest.param(
            "step='session, kills_the_launcher'",
            "torch's launcher of the ranks was ended by signal 9 (SIGKILL)",
            marks=pytest.mark.full,
        ),
        pytest.param("build='system_exit'", "ended the process (SystemExit: enough)", marks=pytest.mark.full),
        pytest.param("step='exit_one'", "a rank ended", marks=pytest.mark.full),
    ],
)
def test_an_odd_end_is_a_reason(model: str, said: str, tmp_path: Path) -> None:
    found = prove(tmp_path, model)
    assert (found["code"], found["outcome"]) == (2, "NOT_PROVED")
    assert said in found["reason"]
    assert "\n" not in found["reason"]
    assert left(tmp_path) == []


#: Namespaces of its own, with what is done in them first; then the command.
APART = ("unshare", "--map-root-user", "--mount")
SHORT: Dict[str, Any] = {
    "memory": ((), "ulimit -v 700000", "", "memory (ulimit -v allows 0.7 GB a process)"),
    "shared memory": (
        APART,
        "mount -t tmpfs -o size=4k none /dev/shm",
        "step='shared_memory'",
        "a rank found no shared memory: make room in /dev/shm",
    ),
    "ports": (
        (*APART, "--net"),
        "ip link set lo up && sysctl -qw net.ipv4.ip_local_port_range='50000 50001'",
        "",
        "found its network port taken: try again in a moment",
    ),
    "disk": (APART, 'mount -t tmpfs -o size=24k none "$TMPDIR"', "", "found a disk full, or a quota used up"),
    "file size": ((), "ulimit -f 0", "", "mmfix may not write files of that size: ulimit -f unlimited"),
    "network": ((*APART, "--net"), "true", "", "localhost cannot be reached by network"),
}
#: Those that take long; the others end in a process that does no more than import torch.
LONG = ("disk", "shared memory", "network")


@pytest.mark.parametrize(
    "of", [pytest.param(of, marks=pytest.mark.full) if of in LONG else of for of in SHORT]
)
def test_a_machine_that_is_short_of_something_is_a_reason(of: str, tmp_path: Path) -> None:
    apart, setup, model, said = SHORT[of]
    options = ("--timeout", "20") if of == "network" else ()
    if apart:
        probe = [*apart, "sh", "-c", setup]
        tried = subprocess.run(probe, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True)
        if tried.returncode:
            pytest.skip(f"no namespaces here: {tried.stderr.decode(errors='replace').strip()}")
    found = prove(tmp_path, model, (*apart, "sh", "-c", f'{setup} && exec "$0" "$@"'), options)
    assert (found["code"], found["outcome"]) == (2, "NOT_PROVED")
    assert said in found["reason"]
    assert "\n" not in found["reason"]
    assert left(tmp_path) == []
