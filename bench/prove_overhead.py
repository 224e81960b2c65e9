"""How much longer `mmfix prove` takes than a script that builds the same model and runs as many steps: CPU time.

As a script, ``python bench/prove_overhead.py FOLDER [TIMES]``, it measures the three models and prints them.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

from prove_configs import folder_of
from prove_results import Results

CONFIGS = (
    "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py",
    "retinanet/retinanet_r18_fpn_1x_coco.py",
    "fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py",
)
TIMES = 7
UNIT = "CPU seconds of all processes"
#: Three normal steps, two with one object, one that is measured; images without ground truth are filtered out.
STEPS = 6


def overhead(root: Path, results: Results, times: int = TIMES) -> None:
    """Both, one after the other, some times over: the CPU time of the processes and all that they start."""
    for config in CONFIGS:
        path = str(folder_of(root, "mmdet") / config)
        commands = {
            "prove": [sys.executable, "-W", "ignore", "-m", "mmfix", "prove", path],
            "by hand": [
                *(sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--nproc-per-node", "2"),
                *(str(Path(__file__).with_name("prove_by_hand.py")), path, str(STEPS)),
            ],
        }
        seconds: Dict[str, List[float]] = {name: [] for name in commands}
        for _ in range(times):
            for name, command in commands.items():
                seconds[name].append(round(_cpu_seconds(command), 1))
                print(config, name, seconds[name], os.getloadavg(), flush=True)
        ratio = statistics.median(seconds["prove"]) / statistics.median(seconds["by hand"])
        results.put("overhead", config, {"seconds": seconds, "unit": UNIT, "ratio": round(ratio, 2)})
        print(f"{config} ratio {ratio:.2f}", flush=True)


def _cpu_seconds(command: List[str]) -> float:
    """Of a command and of all that it waits for, as the ranks' parents do."""
    threads = str(max((os.cpu_count() or 1) // 2, 1))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
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
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class _Nowhere:
    def put(self, *row: object) -> None:
        print(row, flush=True)


if __name__ == "__main__":
    overhead(Path(sys.argv[1]), _Nowhere(), int((sys.argv[2:] or [TIMES])[0]))  # type: ignore[arg-type]
