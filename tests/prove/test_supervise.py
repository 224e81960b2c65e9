"""What the parent of the ranks leaves running: nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from mmfix.prove.supervise import _kill

#: Starts a process, says its id, and is gone.
LEADER = "import subprocess; print(subprocess.Popen(['sleep', '1001'], stdout=subprocess.DEVNULL).pid)"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups")
def test_what_a_rank_started_ends_though_the_rank_is_gone() -> None:
    rank = subprocess.Popen([sys.executable, "-c", LEADER], stdout=subprocess.PIPE, start_new_session=True)
    child = int(rank.communicate()[0])
    assert is_running(child)
    _kill(rank.pid)
    until = time.monotonic() + 5
    while is_running(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_running(child)


def is_running(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody has asked about does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return state.strip()[:1] not in ("", "Z")
