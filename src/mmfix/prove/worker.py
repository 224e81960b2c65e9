"""One rank of a rehearsal: ``python -m mmfix.prove.worker JOB``; a launcher sets rank and world size."""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, Callable, Dict

from mmfix.errors import MmfixError
from mmfix.prove.job import Job, read_job
from mmfix.prove.joining import join, share
from mmfix.prove.rehearsing import rehearse
from mmfix.prove.watch import Watch


def main(job_path: str) -> None:
    """Run one rank and leave what it saw in ``rank<N>.pickle`` of the job's folder; does not return.

    Args:
        job_path: Written by :func:`mmfix.prove.job.write_job`.
    """
    job = read_job(job_path)
    rank = int(os.environ.get("RANK", "0"))
    watch = Watch(job.folder, rank, job.memory_gb)
    watch.start()
    result = result_of(job, watch.progress)
    for number, found in (share(result, rank) if job.share else {rank: pickle.dumps(result)}).items():
        leave(Path(job.folder) / f"rank{number}.pickle", found)
    sys.stdout.flush()
    # not a normal exit: gloo's threads may wait for a rank that is gone
    os._exit(0)


def result_of(job: Job, progress: Callable[[str], None]) -> Dict[str, Any]:
    """What one rank sees of a job; whatever goes wrong is part of it."""
    result: Dict[str, Any] = {}
    try:
        progress("import")
        place = join(job)
        with tempfile.TemporaryDirectory(dir=job.folder or None) as work_dir:
            rehearse(job, place, work_dir, progress, result)
    except MmfixError as error:
        result["reason"] = error.message + (f"; {error.hint}" if error.hint else "")
    except Exception as error:
        result["reason"] = f"{type(error).__name__}: {error}"
        result["traceback"] = traceback.format_exc()
    return result


def leave(path: Path, found: bytes) -> None:
    """Write a result so that who waits for the file finds all of it."""
    scratch = path.with_suffix(".part")
    scratch.write_bytes(found)
    os.replace(scratch, path)


if __name__ == "__main__":
    main(sys.argv[1])
