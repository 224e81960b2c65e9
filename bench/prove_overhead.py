"""How much longer `mmfix prove` takes than a script that builds the same model and runs as many steps: CPU time.

As a script, ``python bench/prove_overhead.py FOLDER [TIMES]``, it measures the three models and prints them.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

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
            "by hand": _in_ranks("prove_by_hand.py", path, str(STEPS)),
        }
        seconds: Dict[str, List[float]] = {name: [] for name in commands}
        for _ in range(times):
            for name, command in commands.items():
                seconds[name].append(round(_run(command)[0], 1))
                print(config, name, seconds[name], os.getloadavg(), flush=True)
        ratio = statistics.median(seconds["prove"]) / statistics.median(seconds["by hand"])
        phases = {
            "prove": _phases(_in_ranks("prove_phases.py", path)),
            "by hand": _phases(commands["by hand"]),
        }
        found = {"seconds": seconds, "unit": UNIT, "ratio": round(ratio, 2), "phases": phases}
        results.put("overhead", config, found)
        print(f"{config} ratio {ratio:.2f}", flush=True)


def _in_ranks(script: str, *arguments: str) -> List[str]:
    """The command that runs a script of this folder in two ranks."""
    torchrun = (sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--nproc-per-node", "2")
    return [*torchrun, str(Path(__file__).with_name(script)), *arguments]


def _phases(command: List[str]) -> Dict[str, float]:
    """CPU seconds of the first rank in each phase, of a script whose last line has the times of their ends."""
    times: Dict[str, float] = json.loads(_run(command)[1].strip().splitlines()[-1])
    begins = [0.0, *times.values()]
    return {name: round(end - begin, 2) for (name, end), begin in zip(times.items(), begins)}


def _run(command: List[str]) -> Tuple[float, str]:
    """CPU seconds of a command and of all that it waits for, as the ranks' parents do; and its output."""
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
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, done.stdout


class _Nowhere:
    def put(self, *row: object) -> None:
        print(row, flush=True)


if __name__ == "__main__":
    overhead(Path(sys.argv[1]), _Nowhere(), int((sys.argv[2:] or [TIMES])[0]))  # type: ignore[arg-type]
