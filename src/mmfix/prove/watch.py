"""A thread in each rank that sees what the main thread cannot: standing still, no memory, no time."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Optional

#: Seconds without any work of the process, while it is in a step, after which it counts as standing still.
STILL = 20.0
_EVERY = 0.2
#: Less CPU time than this a second is no work: this thread and those of torch's agents wake up, too.
_SHARE = 0.05
#: Seconds that this thread itself did not run after which the whole process is taken to have been stopped.
_STOPPED = 3.0

#: Exit codes of a rank that cannot write a result; the first is left in ``rank0.end``, too.
NO_MEMORY, ORPHANED = 71, 72
#: The signal that makes a rank write its stacks; Windows has none.
ASK = getattr(signal, "SIGUSR1", None)


class Watch:
    """Writes what the rank does to ``rank0.progress``; ends the process where nothing else can.

    A rank that stands still only says so (``rank0.still``): whether all of them do is for the parent to see.
    Its stacks are in ``rank0.stacks`` then, or whenever the parent asks for them with :data:`ASK`.
    """

    def __init__(self, folder: str, rank: int, memory_gb: Optional[float]) -> None:
        self._folder, self._rank = Path(folder), rank
        self._memory_gb = memory_gb
        self._doing = "start"
        self._work = self._since = self._looked = 0.0

    def start(self) -> None:
        """Begin to watch."""
        (self._folder / f"rank{self._rank}.pid").write_text(str(os.getpid()), encoding="ascii")
        self.progress("start")
        if ASK is not None:
            file = open(self._folder / f"rank{self._rank}.stacks", "w", encoding="utf-8")  # noqa: SIM115
            faulthandler.register(ASK, file=file, all_threads=True)
        threading.Thread(target=self._run, daemon=True).start()

    def progress(self, doing: str) -> None:
        """Say what the main thread does now."""
        self._doing = doing
        path = self._folder / f"rank{self._rank}.progress"
        path.write_text(doing, encoding="utf-8")

    def _run(self) -> None:
        parent = os.getppid()
        self._work, self._since, self._looked = time.process_time(), time.monotonic(), time.monotonic()
        while True:
            time.sleep(_EVERY)
            if os.getppid() != parent:
                os._exit(ORPHANED)
            with contextlib.suppress(OSError):  # no file can be opened, or the disk is full: next time, then
                self._look()

    def _look(self) -> None:
        now, looked = time.monotonic(), self._looked
        self._looked = now
        if self._memory_gb is not None and _resident_gb() > self._memory_gb:
            with contextlib.suppress(OSError):
                (self._folder / f"rank{self._rank}.end").write_text(str(NO_MEMORY), encoding="ascii")
            os._exit(NO_MEMORY)
        if time.process_time() - self._work > _SHARE * (now - self._since) + 0.05 or now - looked > _STOPPED:
            self._work, self._since = time.process_time(), now
            if self._was_still():
                (self._folder / f"rank{self._rank}.still").unlink()
        elif now - self._since > STILL and " step" in self._doing and not self._was_still():
            self._stands_still()

    def _stands_still(self) -> None:
        if _has_children():
            return
        if ASK is not None:
            os.kill(os.getpid(), ASK)
        (self._folder / f"rank{self._rank}.still").touch()

    def _was_still(self) -> bool:
        return (self._folder / f"rank{self._rank}.still").exists()


def _has_children() -> bool:
    """Whether another process works for this one: a compiler, for example."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return bool(file.read().strip())
    except OSError:
        return False


def _resident_gb() -> float:
    if sys.platform.startswith("linux"):
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**30
    import resource  # the highest so far, in bytes on macOS

    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 2**30
