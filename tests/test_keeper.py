"""The process above those that run a config: nothing that they start is left, whatever it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List

import pytest

from mmfix import keeper

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="other systems know no child subreaper"
)

#: What starts something that goes on for long, with the folder in its arguments.
ESCAPES: Dict[str, str] = {
    "a child": "subprocess.Popen(sleep)",
    "a session of its own": "subprocess.Popen(sleep, start_new_session=True)",
    "a daemon that has nothing of ours": """
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        os.closerange(0, 64)
        os.chdir('/')
        os.execve(sleep[0], sleep, {})
    os._exit(0)
""",
    "one that forks on and on": """
if os.fork() == 0:
    for _ in range(10_000):  # not for ever, should nobody end it
        time.sleep(0.002)
        if os.fork():
            os._exit(0)
        os.setsid()
""",
}
SCRIPT = """
import os, signal, subprocess, sys, time
sleep = [sys.executable, '-c', 'import time; time.sleep(1013)', sys.argv[1]]
{escape}
time.sleep(0.5)
open('ready', 'w').close()
{ending}
"""
#: Runs the keeper, so that it has a parent that can be killed.
PARENT = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"


def start(folder: Path, escape: str, ending: str, parent: bool = False) -> subprocess.Popen[bytes]:
    script = SCRIPT.format(escape=ESCAPES[escape], ending=ending)
    command = keeper.under([sys.executable, "-c", script, str(folder)])
    above = [sys.executable, "-c", PARENT] if parent else []
    process = subprocess.Popen([*above, *command], cwd=folder, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while not (folder / "ready").exists() and time.monotonic() < until:
        time.sleep(0.02)
    return process


def running(folder: Path) -> List[str]:
    """What still runs with the folder in its arguments."""
    listed = subprocess.run(["ps", "-ww", "-eo", "stat,pid,args"], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line and not line.startswith("Z")]


@pytest.mark.parametrize("escape", ESCAPES)
def test_nothing_is_left_when_the_command_ends(escape: str, tmp_path: Path) -> None:
    assert start(tmp_path, escape, "os._exit(7)").wait(30) == 7
    assert running(tmp_path) == []


@pytest.mark.parametrize("escape", ["a session of its own", "a daemon that has nothing of ours"])
def test_nothing_is_left_when_the_keeper_is_told_to_end(escape: str, tmp_path: Path) -> None:
    process = start(tmp_path, escape, "time.sleep(1013)")
    assert len(running(tmp_path)) == 3
    process.terminate()
    assert process.wait(30) == -signal.SIGTERM
    assert running(tmp_path) == []


def test_nothing_is_left_when_the_parent_of_all_is_killed(tmp_path: Path) -> None:
    process = start(tmp_path, "a daemon that has nothing of ours", "time.sleep(1013)", parent=True)
    assert len(running(tmp_path)) == 4
    process.kill()
    process.wait()
    until = time.monotonic() + 10
    while running(tmp_path) and time.monotonic() < until:
        time.sleep(0.05)
    assert running(tmp_path) == []


SHARED = """
from multiprocessing import shared_memory
block = shared_memory.SharedMemory(create=True, size=100)
open('shared', 'w').write(block.name)
"""


def test_shared_memory_goes_with_those_that_made_it(tmp_path: Path) -> None:
    process = start(tmp_path, "a session of its own", f"{SHARED}\ntime.sleep(1013)")
    until = time.monotonic() + 30
    while not (tmp_path / "shared").exists() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.2)
    block = Path("/dev/shm", (tmp_path / "shared").read_text())
    assert block.exists()
    process.terminate()
    process.wait(30)
    assert not block.exists()
    assert running(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_it_ends_as_its_command_did(number: int, tmp_path: Path) -> None:
    process = start(tmp_path, "a child", f"os.kill(os.getpid(), {int(number)})")
    assert process.wait(30) == -number


def test_a_command_that_cannot_be_started_is_said() -> None:
    command = keeper.under([os.path.join(os.sep, "nowhere", "python")])
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("FileNotFoundError")
    assert "Traceback" not in done.stderr


#: Somebody else computes, too: the command has ended before its start returns.
QUICK = """
import subprocess, time
class Slow(subprocess.Popen):
    def __init__(self, command):
        super().__init__(command)
        time.sleep(0.5)
subprocess.Popen = Slow
from mmfix import keeper
keeper.main({command})
"""


def test_a_command_that_ends_at_once() -> None:
    command = [sys.executable, "-c", "import os; os._exit(7)"]
    assert subprocess.run([sys.executable, "-c", QUICK.format(command=command)], timeout=60).returncode == 7
