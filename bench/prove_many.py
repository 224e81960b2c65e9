"""Many rehearsals in one pair of processes: ranks join once and then rehearse one config after another.

As a script this is one rank: ``python prove_many.py FOLDER``, where FOLDER holds ``jobs``. Starting Python and
importing torch and a package takes longer than most training steps, and `mmfix prove` pays for it with every config.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import resource
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.proofs.types import HANG, NOT_PROVED, Rehearsal
from mmfix.prove import outside
from mmfix.prove.assemble import rehearsal_of
from mmfix.prove.job import Job
from mmfix.prove.supervise import Ranks
from mmfix.prove.supervise import rehearse as rehearse_alone

#: Seconds without progress after which a pair is given up, and after one rank ended and the other did not.
STALLED, WIDOWED = 120.0, 60.0
#: Seconds without progress after which a rank that ended without a result is not waited for.
SILENT = 5.0
#: Memory of a process, in KB, from which on it pays to look for garbage.
_LARGE = 1_500_000


class Done(NamedTuple):
    """One job's result: by itself in the way of `mmfix prove`, or in a pair that ran others before."""

    place: int
    rehearsal: Rehearsal
    seconds: float
    alone: bool


def rehearse_many(jobs: Sequence[Job]) -> Iterator[Done]:
    """Rehearse all jobs, in their order; those that did not work out in the pair once more at the end, alone."""
    again: List[int] = []
    for place, (rehearsal, seconds) in enumerate(in_pairs(jobs)):
        if rehearsal.outcome in (NOT_PROVED, HANG) or rehearsal.left:
            again.append(place)
        yield Done(place, rehearsal, seconds, False)
    for place in again:
        began = time.monotonic()
        rehearsal = rehearse_alone(jobs[place], Ranks(2))
        yield Done(place, rehearsal, time.monotonic() - began, True)


def in_pairs(jobs: Sequence[Job], fresh: int = 15, path: str = "") -> Iterator[Tuple[Rehearsal, float]]:
    """Each rehearsal, and its seconds, in the order of the jobs.

    One at which a rank was lost for a reason outside the config is tried once more.

    Args:
        jobs: What to rehearse.
        fresh: Configs before the processes are replaced by fresh ones.
        path: The ``PYTHONPATH`` of the ranks; empty: as it is.
    """
    done, again = 0, -1
    while done < len(jobs):
        for rehearsal, seconds, lost in _pair(jobs[done : done + fresh], path):
            if lost and again != done:
                again = done
                break
            yield rehearsal, seconds
            done += 1


def _pair(jobs: Sequence[Job], path: str) -> Iterator[Tuple[Rehearsal, float, str]]:
    """Start two ranks for some jobs; ends early after one at which they broke down.

    The last of each entry: why a rank was lost, where the config has no part in it.
    """
    with tempfile.TemporaryDirectory(prefix="mmfix-bench-") as scratch:
        folder = Path(scratch)
        jobs = [replace(job, attempt=1000 * number) for number, job in enumerate(jobs)]
        (folder / "jobs").write_bytes(pickle.dumps(jobs))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with open(folder / "output", "wb") as output, contextlib.ExitStack() as stack:
            ranks = [_start(folder, rank, port, path, output) for rank in range(2)]
            for process in ranks:
                stack.callback(process.wait)
                stack.callback(process.kill)
            for number in range(len(jobs)):
                why, lost = _wait(folder, number, ranks)
                results = [_result(folder / f"{number}.{rank}") for rank in range(2)]
                said = (folder / "output").read_text(encoding="utf-8", errors="replace")[-3000:]
                rehearsal = rehearsal_of(results, why, _doing(folder), said if why else "")
                yield rehearsal, max((result or {}).get("seconds", 0.0) for result in results), lost
                if why or any((result or {}).get("parted") for result in results):
                    return


def _start(folder: Path, rank: int, port: int, path: str, output: Any) -> subprocess.Popen[bytes]:
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "OMP_NUM_THREADS": 1}
    host = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "TORCH_CPP_LOG_LEVEL": "ERROR"}
    given = {**place, **host, **({"PYTHONPATH": path} if path else {})}
    env = {**os.environ, **{key: str(value) for key, value in given.items()}}
    command = [sys.executable, "-W", "ignore", os.path.abspath(__file__), str(folder)]
    return subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def _wait(folder: Path, number: int, ranks: Sequence[subprocess.Popen[bytes]]) -> Tuple[str, str]:
    """Wait for a job's results: why there are none, or not all, and whether that comes from outside."""
    paths = [folder / f"{number}.{rank}" for rank in range(2)]
    began, first = time.time(), 0.0
    while not all(path.exists() for path in paths):
        time.sleep(0.05)
        now = time.time()
        latest = max([began, *(path.stat().st_mtime for path in folder.glob("progress*"))])
        first = first or (now if any(path.exists() for path in paths) else 0.0)
        # in this order: one that has left its result of the last job may go before the other is done
        ended = [rank for rank, process in enumerate(ranks) if process.poll() is not None]
        lost = [rank for rank in ended if not paths[rank].exists()]
        if lost and now - latest > SILENT:
            return _how_it_ended(folder, ranks[lost[0]].returncode)
        if now - latest > STALLED or (first and now - first > WIDOWED):
            return f"stood still in {_doing(folder)}", ""
    return "", ""


def _how_it_ended(folder: Path, code: int) -> Tuple[str, str]:
    said = (folder / "output").read_text(encoding="utf-8", errors="replace")
    known = outside.meaning_of_output(said) if code in (1, -6) else ""
    known = known or (outside.meaning_of_signal(code) if code < 0 else "")
    return known or f"a rank ended without a result, with exit code {code}", known


def _doing(folder: Path) -> str:
    return " and ".join(sorted({path.read_text(encoding="utf-8") for path in folder.glob("progress*")}))


def _result(path: Path) -> Optional[Dict[str, Any]]:
    return pickle.loads(path.read_bytes()) if path.exists() else None


def _rank(folder: Path) -> None:
    from mmfix.prove.worker import leave, result_of

    jobs: List[Job] = pickle.loads((folder / "jobs").read_bytes())
    rank = os.environ["RANK"]

    def progress(doing: str) -> None:
        (folder / f"progress{rank}").write_text(doing, encoding="utf-8")

    for number, job in enumerate(jobs):
        began = time.monotonic()
        result: Dict[str, Any] = {}
        result_of(job, progress, result)
        result["seconds"] = time.monotonic() - began
        leave(folder / f"{number}.{rank}", pickle.dumps(result))
        if "parted" in result:
            break
        _forget()
    os._exit(0)


def _forget() -> None:
    """What MMEngine keeps of a run by its name, and, of large models, what only the garbage collector frees.

    To look for it takes longer than a step of a small model.
    """
    from mmengine.logging import MessageHub
    from mmengine.registry import DefaultScope

    for kept in (DefaultScope, MessageHub):
        kept._instance_dict.clear()
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > _LARGE:
        gc.collect()


if __name__ == "__main__":
    _rank(Path(sys.argv[1]))
