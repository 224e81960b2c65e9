"""What the watching thread of a rank takes for standing still, and what not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX"),
]

#: A rank that is in a step and does nothing.
RANK = """
import sys, time
from mmfix.prove import watch
watch.STILL, watch._STOPPED = 1.0, 0.5
watching = watch.Watch(sys.argv[1], 0, None)
watching.start()
watching.progress("normal step 0")
print("started", flush=True)
until = time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    time.sleep(0.05)
    sum(range(int(sys.argv[3])))
"""


def rank(folder: Path, seconds: float, work: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", RANK, str(folder), str(seconds), str(work)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"
    return process


def test_a_rank_that_does_nothing_stands_still(tmp_path: Path) -> None:
    assert rank(tmp_path, 2.0, 0).wait() == 0
    assert (tmp_path / "rank0.still").exists()


def test_a_rank_that_was_stopped_from_outside_did_not_stand_still(tmp_path: Path) -> None:
    """Ctrl-Z, a debugger, a machine that swaps or sleeps: it works before and after."""
    process = rank(tmp_path, 3.0, 500_000)
    process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    process.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    was_still = (tmp_path / "rank0.still").exists()
    process.kill()
    process.wait()
    assert not was_still


def test_a_full_disk_does_not_end_the_watch(tmp_path: Path) -> None:
    """The limits of memory and the end of the launcher are still seen."""
    (tmp_path / "rank0.still").symlink_to(tmp_path / "nowhere" / "file")  # touching it fails
    process = rank(tmp_path, 4.0, 0)
    time.sleep(2)
    (tmp_path / "nowhere").mkdir()
    process.wait()
    assert (tmp_path / "rank0.still").exists()
