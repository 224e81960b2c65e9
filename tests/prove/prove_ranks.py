"""Rehearse many jobs with one start of two ranks, as the supervisor would one after another."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
from pathlib import Path
from typing import List, Sequence

from mmfix.proofs.types import Rehearsal
from mmfix.prove.assemble import rehearsal_of
from mmfix.prove.job import Job

CHILD = Path(__file__).parent / "toy" / "cells_child.py"


def rehearse_all(jobs: Sequence[Job], folder: Path, path: Path, seconds: float = 400) -> List[Rehearsal]:
    """One rehearsal a job; ``path`` is on the ``PYTHONPATH`` of the ranks."""
    (folder / "jobs").write_bytes(pickle.dumps(list(jobs)))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks: List[subprocess.Popen[str]] = []
    try:
        for rank in range(2):
            env = {
                **os.environ,
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
                "WORLD_SIZE": "2",
                "LOCAL_WORLD_SIZE": "2",
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(port),
                "PYTHONPATH": str(path),
                "OMP_NUM_THREADS": "1",
            }
            with open(folder / f"output{rank}", "w") as output:
                command = [sys.executable, str(CHILD), str(folder / "jobs"), str(folder / str(rank))]
                ranks.append(subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT))
        for rank, process in enumerate(ranks):
            code = process.wait(seconds)
            assert code == 0, (folder / f"output{rank}").read_text()[-3000:]
    finally:
        for process in ranks:
            process.kill()
    seen = [pickle.loads((folder / str(rank)).read_bytes()) for rank in range(2)]
    return [rehearsal_of(both, "", "", "") for both in zip(*seen)]
