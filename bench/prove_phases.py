"""Where the CPU time of a rank goes in a rehearsal: ``torchrun --nproc-per-node 2 prove_phases.py CONFIG``.

What `mmfix prove` does in a rank, with the time at which each phase had ended. The first rank prints it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from typing import Any, Dict

from mmfix.prove.job import Job
from mmfix.prove.worker import result_of

#: What a rank says that it begins -> the phase that has ended then. The rest is steps.
_ENDS = {"build": "load", "normal batch": "build", "normal step without DDP": "steps"}


def main(path: str) -> None:
    """Rehearse a config whose data has no empty images."""
    ended: Dict[str, float] = {}

    def progress(doing: str) -> None:
        if doing in _ENDS:
            ended.setdefault(_ENDS[doing], time.process_time())

    result: Dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        result_of(Job(path, folder, scenarios=("normal", "single")), progress, result)
    ended["step without DDP"] = time.process_time()
    if os.environ["RANK"] == "0":
        print(result.get("reason", ""), json.dumps(ended), sep="\n", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
