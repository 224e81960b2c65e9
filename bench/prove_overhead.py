"""How much longer `mmfix prove` takes than a script that builds the same model and runs as many steps."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List

from prove_configs import folder_of
from prove_results import Results

CONFIG = "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py"
TIMES = 3
#: Three normal steps, two with one object, one that is measured; images without ground truth are filtered out.
STEPS = 6


def overhead(root: Path, results: Results) -> None:
    """Both, one after the other, some times over; wants a machine that does nothing else."""
    path = str(folder_of(root, "mmdet") / CONFIG)
    commands = {
        "prove": [sys.executable, "-W", "ignore", "-m", "mmfix", "prove", path],
        "by hand": [
            *(sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--nproc-per-node", "2"),
            *(str(Path(__file__).with_name("prove_by_hand.py")), path, str(STEPS)),
        ],
    }
    threads = str(max((os.cpu_count() or 1) // 2, 1))
    seconds: Dict[str, List[float]] = {name: [] for name in commands}
    for _ in range(TIMES):
        for name, command in commands.items():
            began = time.monotonic()
            done = subprocess.run(
                command,
                env={**os.environ, "OMP_NUM_THREADS": threads},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
            )
            if done.returncode:
                raise SystemExit(done.stdout[-3000:])
            seconds[name].append(round(time.monotonic() - began, 1))
            print(name, seconds[name], os.getloadavg(), flush=True)
    ratio = statistics.median(seconds["prove"]) / statistics.median(seconds["by hand"])
    results.put("overhead", CONFIG, {"seconds": seconds, "ratio": round(ratio, 2)})
    print(f"ratio {ratio:.2f}")
