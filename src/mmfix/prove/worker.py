"""One rank of a rehearsal: ``python -m mmfix.prove.worker JOB``; a launcher sets rank and world size."""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, List

from mmfix.errors import MmfixError
from mmfix.prove.absent import why_not_imported
from mmfix.prove.job import ENDED, LOST, WAITS, Job, read_job
from mmfix.prove.joining import Place, agreed, join, share, shared, when_parted, why_lost
from mmfix.prove.rehearsing import rehearse
from mmfix.prove.verdict import is_echo
from mmfix.prove.watch import Watch
from mmfix.wording import say


def main(job_path: str) -> None:
    """Run one rank and leave what it saw in the job's folder; does not return.

    ``rank<N>.pickle`` is all of it, ``rank<N>.so_far`` what a rank saw that did not come to its end.

    Args:
        job_path: Written by :func:`mmfix.prove.job.write_job`.
    """
    job = read_job(job_path)
    rank, folder = int(os.environ.get("RANK", "0")), Path(job.folder)
    watch = Watch(job.folder, rank, job.memory_gb)
    watch.start()
    if job.share:
        watch.progress(WAITS)
        told = agreed(job)
        if told is None:
            leave(folder / ENDED, b"")
            os._exit(0)
        job = told
    result: Dict[str, Any] = {}
    places: List[Place] = []
    latest, ends = [pickle.dumps(result)], threading.Lock()

    def keep() -> None:
        latest[0] = pickle.dumps(result)
        leave(folder / f"rank{rank}.so_far", latest[0])
        if job.share:
            share(places[0], rank, latest[0], so_far=True)

    def end(mine: bytes, waits: bool) -> None:
        ends.acquire()  # never released: the first to come ends the process
        if job.share and places:
            share(places[0], rank, mine, so_far=False)
            for number, other in shared(places[0], rank, waits).items():
                leave(folder / f"rank{number}.pickle", other)
            saw_it_go = any(is_echo(error) for error, *_ in pickle.loads(mine).get("runs", ()))
            leave(folder / LOST, why_lost(places[0], rank, saw_it_go).encode())
        leave(folder / f"rank{rank}.pickle", mine)
        sys.stdout.flush()
        os._exit(0)  # not a normal exit: gloo's threads may wait for a rank that is gone

    def began(place: Place) -> None:
        places.append(place)
        when_parted(job, lambda: end(latest[0], waits=False))

    result_of(job, watch.progress, result, began, keep)
    end(pickle.dumps(result), waits="parted" not in result)


def result_of(
    job: Job,
    progress: Callable[[str], None],
    result: Dict[str, Any],
    began: Callable[[Place], None] = lambda place: None,
    keep: Callable[[], None] = lambda: None,
) -> None:
    """Fill in what one rank sees of a job; whatever goes wrong is part of it.

    Args:
        job: What to rehearse.
        progress: Called with what begins.
        result: To be filled.
        began: Called when the ranks have joined.
        keep: Called after each scenario.
    """
    pid = os.getpid()

    def only_here() -> None:
        """A copy of this rank that its model has forked has its connections: it must not say anything."""
        if os.getpid() != pid:
            os._exit(1)

    def saying(doing: str) -> None:
        only_here()
        progress(doing)

    def keeping() -> None:
        only_here()
        keep()

    try:
        progress("import")
        place = join(job)
        began(place)
        with tempfile.TemporaryDirectory(dir=job.folder or None) as work_dir:
            try:
                rehearse(job, place, work_dir, saying, result, keeping)
            finally:
                only_here()
    except MmfixError as error:
        result["reason"] = error.message + (f"; {error.hint}" if error.hint else "")
    except SystemExit as error:
        result["reason"] = say(
            "the config's own code ended the process (SystemExit: {code})", code=error.code
        )
        result["traceback"] = traceback.format_exc()
    except KeyboardInterrupt:  # as a signal from outside ends it
        raise
    except BaseException as error:
        result["reason"] = why_not_imported(error) or f"{type(error).__name__}: {error}"
        result["traceback"] = traceback.format_exc()


def leave(path: Path, found: bytes) -> None:
    """Write a result atomically: a reader never sees half of it."""
    scratch = path.with_name(f"{path.name}.part")
    scratch.write_bytes(found)
    os.replace(scratch, path)


if __name__ == "__main__":
    main(sys.argv[1])
