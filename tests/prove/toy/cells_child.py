"""One rank that rehearses many jobs, one after another: ``python cells_child.py JOBS RESULTS``."""

import os
import pickle
import sys
import tempfile
from pathlib import Path

from mmfix.prove.worker import join, rehearse

if __name__ == "__main__":
    jobs = pickle.loads(Path(sys.argv[1]).read_bytes())
    place = join(jobs[0])
    results = []
    for job in jobs:
        result = {}
        with tempfile.TemporaryDirectory() as work_dir:
            rehearse(job, place, work_dir, lambda doing: None, result)
        results.append(result)
    Path(sys.argv[2]).write_bytes(pickle.dumps(results))
    os._exit(0)
