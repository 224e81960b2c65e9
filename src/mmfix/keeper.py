"""The process above those that run a config: the ranks of a rehearsal, and the loader that confirms a patch.

It runs a command, ends everything that the command has started, and then ends as the command did. On Linux
nothing gets away: what has lost its parent becomes a child of this process (``PR_SET_CHILD_SUBREAPER``,
``man 2 prctl``; it needs no rights), also after ``setsid()``, a double fork, and with an environment of its
own. Other systems know nothing like it (but for FreeBSD's ``procctl``): there what is in a group of
processes that somebody ends goes with it, and what has left that group stays.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import Any, Dict, List, Optional, Sequence

#: ``linux/prctl.h``
_PR_SET_CHILD_SUBREAPER = 36
_EVERY = 0.05
#: Seconds after which what cannot be ended (a process that the kernel holds) is left.
_ENOUGH = 5.0
#: Seconds for what cleans up after others.
_CLEANING = 1.0


def under(command: Sequence[str]) -> List[str]:
    """The command line that runs a command below a keeper; the command itself where there is none.

    The keeper is a Python of its own that sees no module but those of the standard library (``-I -S``).
    """
    if os.name == "nt":
        return list(command)
    return [sys.executable, "-I", "-S", os.path.abspath(__file__), *command]


def end(process: subprocess.Popen[Any], seconds: float) -> None:
    """Tell a keeper to end with all that is below it; end it after ``seconds``."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _Told(BaseException):
    """Somebody wants this process to end."""


def main(command: List[str]) -> None:
    """Run a command and take along what it leaves; does not return."""
    parent = os.getppid()
    _adopt()
    signal.signal(signal.SIGTERM, _tell)
    started: List[int] = []
    code: Optional[int] = None
    try:
        process = subprocess.Popen(
            command
        )  # kept: without a name it may be reaped, and nobody learns its end
        started.append(process.pid)
        while code is None and os.getppid() == parent:
            time.sleep(_EVERY)
            code = _reaped().get(started[0])
    except OSError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        code = 1
    except _Told:
        code = -signal.SIGTERM
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end_all(started)
    _end_as(1 if code is None else code)


def _tell(*_: Any) -> None:
    raise _Told


def _adopt() -> None:
    """Become the parent of whatever loses its own, where the system knows that."""
    if sys.platform.startswith("linux"):
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reaped() -> Dict[int, int]:
    """Exit codes of the children that have ended since the last look, below zero for a signal."""
    found: Dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            found[pid] = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return found


def _end_all(started: List[int]) -> None:
    """End all that is below this process. What was started during a look is found by the next one."""
    began = time.monotonic()
    left = [*started, *_below(os.getpid())]
    while left and time.monotonic() < began + _ENOUGH:
        for pid in left:
            if time.monotonic() > began + _CLEANING or not _cleans_up(pid):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        _reaped()
        left = _below(os.getpid())
        time.sleep(0.002)


def _cleans_up(pid: int) -> bool:
    """Whether a process ends by itself when those that it serves are gone, and takes their memory along.

    Source: CPython ``multiprocessing/resource_tracker.py``, torch ``lib/libshm/manager.cpp``.
    """
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read()
    except OSError:
        return False
    return b"multiprocessing.resource_tracker" in command or b"torch_shm_manager" in command


def _below(above: int) -> List[int]:
    """What is below a process, also what has ended and is not reaped; nothing where there is no ``/proc``."""
    children: Dict[int, List[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            with contextlib.suppress(OSError):  # gone meanwhile
                with open(f"/proc/{name}/stat", "rb") as file:
                    # behind the name of the program, which is in parentheses and may hold anything
                    parent = int(file.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    found: List[int] = []
    todo = [above]
    while todo:
        more = children.pop(todo.pop(), [])
        found += more
        todo += more
    return found


def _end_as(code: int) -> None:
    """So that who waits for this process sees how the command has ended."""
    if code < 0:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the command has left one, where that is wanted
        with contextlib.suppress(OSError):  # SIGKILL has no other handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(abs(code))


if __name__ == "__main__":
    main(sys.argv[1:])
