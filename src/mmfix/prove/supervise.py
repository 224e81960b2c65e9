"""The parent of a rehearsal: starts its processes, keeps their time, and reads what they leave. No torch."""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from mmfix import keeper
from mmfix.proofs.types import HANG, NOT_PROVED, Rehearsal
from mmfix.prove import outside
from mmfix.prove.assemble import errors_of, joined, rehearsal_of
from mmfix.prove.job import ENDED, LOST, WAITS, Job, write_job
from mmfix.prove.watch import ASK, NO_MEMORY
from mmfix.traces import new_folder
from mmfix.wording import say

#: Seconds for the keeper to end what the ranks have started.
_LAST_WORDS = 10.0
_MOST_DETAIL = 20_000
#: Starts of ranks from this process.
_NUMBERS = itertools.count()
_PHASES = ("start", WAITS, "import", "load", "build")
#: Seconds that a rank which cannot see the others stands still before they are taken to do so, too.
_OTHERS_TOO = 30.0
#: Nothing is written beside the user's modules.
_ENVIRONMENT = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "TORCH_CPP_LOG_LEVEL": "ERROR"}
#: Our own ranks run on the CPU, whatever there is.
_ON_CPU = {"CUDA_VISIBLE_DEVICES": ""}
#: Seconds to wait for stacks.
_ANSWER = 0.5
#: Fewer seconds than this are not worth another try.
_WORTH = 5.0
_LAUNCHER = say("torch's launcher of the ranks")


class Ranks(NamedTuple):
    """Which ranks there are, and which of them are started and watched from here.

    Attributes:
        world_size: Number of ranks.
        own: None: all of them, by torch's elastic launcher. Under torchrun: the one rank of this process.
    """

    world_size: int = 2
    own: Optional[int] = None

    @property
    def here(self) -> Sequence[int]:
        """The ranks watched from here."""
        return range(self.world_size) if self.own is None else (self.own,)


def ranks_of(environment: Mapping[str, str], world_size: int = 2) -> Ranks:
    """What torchrun has set for this process, else ``world_size`` ranks of our own."""
    if "TORCHELASTIC_RUN_ID" in environment and "RANK" in environment:
        return Ranks(int(environment["WORLD_SIZE"]), int(environment["RANK"]))
    return Ranks(world_size)


class _Start(NamedTuple):
    """One start of the ranks.

    Attributes:
        rehearsal: What came of it.
        outside: Why it ended, where the config has no part in that; empty otherwise.
    """

    rehearsal: Rehearsal
    outside: str = ""


def rehearse(job: Job, ranks: Ranks) -> Rehearsal:
    """Run a rehearsal in child processes and say what came of it.

    ``job.folder`` is replaced by a temporary one. When one rank failed alone, the scenarios that are left run
    in fresh processes. A start that ended for a reason outside the config is tried once more.
    """
    until = time.monotonic() + job.seconds
    found: List[Rehearsal] = []
    left = job.scenarios
    while left:
        # two starts at most for each part, and each has a number of its own
        part = replace(job, scenarios=left, attempt=job.attempt + 2 * len(found))
        found.append(_tried(part, ranks, until))
        left = () if found[-1].why_left else found[-1].left
        if found[-1].outcome in (NOT_PROVED, HANG):
            break
    return joined(found)


def _tried(job: Job, ranks: Ranks, until: float) -> Rehearsal:
    """One start of the ranks, or two, all within the time that is left."""
    first = _start_within(job, ranks, until)
    if not first.outside:
        return first.rehearsal
    if until - time.monotonic() < _WORTH:
        return _explained(first.rehearsal, say("{why}; no time was left to try again", why=first.outside))
    second = _start_within(replace(job, attempt=job.attempt + 1), ranks, until)
    if not second.outside and second.rehearsal.outcome != NOT_PROVED:
        return second.rehearsal
    why = second.outside or second.rehearsal.reason
    if why == first.outside:
        why = say("{why}; tried twice", why=why)
    else:
        why = say("{why}; tried twice, the first time: {before}", why=why, before=first.outside)
    # what DDP was seen to do counts, also if more of it was seen in the first try
    best = max(second.rehearsal, first.rehearsal, key=lambda each: each.outcome != NOT_PROVED)
    return _explained(best, why)


def _start_within(job: Job, ranks: Ranks, until: float) -> _Start:
    seconds = max(until - time.monotonic(), 1.0)
    try:
        with new_folder() as folder:
            return _start(replace(job, folder=folder, seconds=seconds), ranks)
    except OSError as error:
        return _Start(Rehearsal(NOT_PROVED, outside.of_parent(error)), outside.of_parent(error))


def _explained(rehearsal: Rehearsal, why: str) -> Rehearsal:
    """With the reason why there is not more of it."""
    return replace(
        rehearsal,
        reason=why if rehearsal.outcome == NOT_PROVED else rehearsal.reason,
        why_left=why if rehearsal.left else "",
    )


def follow(job: Job, ranks: Ranks) -> None:
    """Under torchrun, any rank but the first: run whatever rank 0 announces, until it announces the end."""
    ended, lost = False, ""
    while not ended:
        with new_folder() as folder:
            lost = _start(replace(job, folder=folder, lost=lost), ranks).outside
            ended = (Path(folder) / ENDED).exists()


def finish(job: Job, ranks: Ranks) -> None:
    """Under torchrun, the first rank: say to the others that this was all."""
    with new_folder() as folder:
        _start(replace(job, folder=folder, ends=True), ranks)


def _start(job: Job, ranks: Ranks) -> _Start:
    folder = Path(job.folder)
    job = replace(job, share=ranks.own is not None, number=next(_NUMBERS))
    module = ("mmfix.prove.launch", str(ranks.world_size)) if ranks.own is None else ("mmfix.prove.worker",)
    command = keeper.under([sys.executable, "-m", *module, write_job(job)])
    with open(folder / "output.txt", "wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # what the model makes in the temporary folder goes with ours
            env={
                **os.environ,
                "TMPDIR": job.folder,
                **_ENVIRONMENT,
                **(_ON_CPU if ranks.own is None else {}),
            },
            start_new_session=True,  # so that what a model starts ends with it
        )
        try:
            why = _wait(process, folder, ranks, job.seconds)
        finally:
            _end(process, folder)
    results = [_result(folder, rank) for rank in range(ranks.world_size)]
    stacks = _stacks(folder, ranks.world_size) if why else ""
    reason = ""
    if why != HANG:
        reason = next(filter(None, map(outside.meaning_of, errors_of(results))), "") or _text(folder / LOST)
    if not why and not all((folder / f"rank{rank}.pickle").exists() for rank in ranks.here):
        why = _how_it_ended(job, folder)
        if not why:
            reason = reason or _from_outside(folder, ranks, process.returncode)
            why = reason or _by_itself(folder, ranks, process.returncode)
    detail = stacks or _text(folder / "output.txt")[-_MOST_DETAIL:]
    return _Start(rehearsal_of(results, why, _doing(folder, ranks), detail), reason)


def _wait(process: subprocess.Popen[bytes], folder: Path, ranks: Ranks, seconds: float) -> str:
    """Wait for the ranks; why it did not wait to the end, ``HANG`` when all of them stood still."""
    until = time.monotonic() + seconds
    patience = 0.0 if ranks.own is None else _OTHERS_TOO
    parent = os.getppid()
    while process.poll() is None:
        time.sleep(0.05)
        if ranks.own and _doing(folder, ranks) in ("start", WAITS):  # rank 0 has its own time limit
            until = time.monotonic() + seconds
        if ranks.own is not None and os.getppid() != parent:
            raise SystemExit(1)  # torchrun is gone
        if (folder / ENDED).exists() or all((folder / f"rank{rank}.pickle").exists() for rank in ranks.here):
            break  # the launcher takes its time to notice
        if all(_age(folder / f"rank{rank}.still") > patience for rank in ranks.here):
            return HANG
        if time.monotonic() > until:
            return _out_of_time(folder, ranks, seconds)
    return ""


def _out_of_time(folder: Path, ranks: Ranks, seconds: float) -> str:
    """Which phase took the time. A step that computes for too long is not a hang: nobody can tell."""
    doing = _doing(folder, ranks)
    _ask_for_stacks(folder)
    known = outside.few_files() or outside.no_network() if doing == "start" else ""
    return say(
        "the time limit of {seconds:.0f} s came in this phase: {phase}; allow more with --timeout",
        seconds=seconds,
        phase=f"{doing}{known}",
    )


def _ask_for_stacks(folder: Path) -> None:
    for pid in _pids(folder):
        if ASK is not None:
            with contextlib.suppress(OSError):
                os.kill(pid, ASK)
    time.sleep(_ANSWER)


def _age(path: Path) -> float:
    """Seconds since a file was written; -1 when it is not there."""
    try:
        return max(time.time() - path.stat().st_mtime, 1e-9)
    except OSError:
        return -1.0


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    """End what is below the keeper with it, and by the ids they left the ranks, where it could not."""
    keeper.end(process, _LAST_WORDS)
    for pid in _pids(folder):
        with contextlib.suppress(OSError):
            _kill(pid)


def _kill(pid: int) -> None:
    """End a rank and what its model has started, also when the rank itself is gone already."""
    if os.name == "nt":
        os.kill(pid, signal.SIGTERM)
        return
    try:
        os.killpg(pid, signal.SIGKILL)  # it leads a session of its own, as the launcher and we start it
    except ProcessLookupError:
        os.kill(pid, signal.SIGKILL)


def _pids(folder: Path) -> List[int]:
    return [int(text) for path in folder.glob("rank*.pid") for text in [_text(path)] if text]


def _doing(folder: Path, ranks: Ranks) -> str:
    """What the ranks do: the earliest phase counts."""
    said = [_text(folder / f"rank{rank}.progress") or "start" for rank in ranks.here]
    return min(said, key=lambda text: _PHASES.index(text) if text in _PHASES else len(_PHASES))


def _stacks(folder: Path, world_size: int) -> str:
    found = {rank: _text(folder / f"rank{rank}.stacks") for rank in range(world_size)}
    told = {say("rank {number}:", number=rank): text for rank, text in found.items() if text}
    return "\n".join(f"{head}\n{text}" for head, text in told.items())


def _how_it_ended(job: Job, folder: Path) -> str:
    """What is the job's own doing when a rank left no result; empty when that is not known."""
    if any(_text(path) == str(NO_MEMORY) for path in folder.glob("rank*.end")):
        return say(
            "a rank needed more than {size:g} GB of memory; allow more with --memory-limit",
            size=job.memory_gb,
        )
    return HANG if "collective mismatch" in _text(folder / "output.txt") else ""


def _from_outside(folder: Path, ranks: Ranks, code: int) -> str:
    """Why a rank left no result, where the config has no part in it; empty when it may have.

    Args:
        folder: Of the job.
        ranks: Those watched from here.
        code: The exit code of the process that was started here.
    """
    output = _text(folder / "output.txt")
    ended = _code_of_rank(output, ranks, code)
    if ended is None:
        return _by_launcher(folder, output, code)
    if ended in (1, -signal.SIGABRT):  # as an exception ends a process, of Python or of C++
        known = outside.meaning_of_output(output) or outside.unwritable(folder)
        if known:
            return known
    return outside.meaning_of_signal(ended) if ended < 0 else ""


def _by_launcher(folder: Path, output: str, code: int) -> str:
    """Why there was no rank, or why it was left alone."""
    if code < 0:
        known = "" if code == -signal.SIGKILL else outside.meaning_of_output(output, _LAUNCHER)
        return known or outside.meaning_of_signal(code, _LAUNCHER)
    known = outside.meaning_of_output(output, _LAUNCHER) or outside.unwritable(folder)
    failed = outside.errors_in(output)
    if known or not code or not failed or failed[-1].startswith(("ImportError", "ModuleNotFoundError")):
        return known
    return say("{who} failed: {why}", who=_LAUNCHER, why=f"{failed[-1]}{outside.few_files()}")


def _code_of_rank(output: str, ranks: Ranks, code: int) -> Optional[int]:
    """The exit code of the rank that ended first; None when no rank ended of which that is known."""
    if ranks.own is not None:
        return code
    codes = re.findall(r"exitcode\s*: (-?\d+)", output)  # the last is that of the root cause
    return int(codes[-1]) if codes else None


def _by_itself(folder: Path, ranks: Ranks, code: int) -> str:
    ended = _code_of_rank(_text(folder / "output.txt"), ranks, code)
    if ended:
        return say("a rank ended with exit code {code} and left no result; -v shows the output", code=ended)
    return say("a rank ended by itself and left no result; -v shows the output")


def _result(folder: Path, rank: int) -> Optional[Dict[str, Any]]:
    """What a rank left; of one that did not come to its end, what it had seen so far."""
    paths = (folder / f"rank{rank}.pickle", folder / f"rank{rank}.so_far")
    path = next((path for path in paths if path.exists()), None)
    result: Optional[Dict[str, Any]] = None if path is None else pickle.loads(path.read_bytes())
    return result


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
