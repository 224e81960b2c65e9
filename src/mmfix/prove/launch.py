"""Start the ranks of a rehearsal with torch's elastic launcher: ``python -m mmfix.prove.launch N JOB``."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
import uuid


def main(world_size: int, job_path: str) -> None:
    """Start ranks on this machine and wait for them (torch ``distributed/launcher/api.py``)."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    tempfile.tempdir = os.path.dirname(job_path)  # torch makes a folder for logs and leaves it there
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    os.environ.setdefault("OMP_NUM_THREADS", str(max((os.cpu_count() or 1) // world_size, 1)))
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=world_size,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
        monitor_interval=0.1,
    )
    elastic_launch(config, sys.executable)("-m", "mmfix.prove.worker", job_path)


def _end_with(parent: int) -> None:
    """The ranks end with this process, and this one with its parent."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
