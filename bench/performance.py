"""Speed and memory of `mmfix check`, as ratios measured in one run. Prints the table of docs/performance.md.

    python bench/performance.py FOLDER_OF_MMDET_3.3.0

FOLDER is the unpacked mmdet 3.3.0 wheel (`pip download --no-deps mmdet==3.3.0`, then unzip).
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

REPEATS = 5

# people run compiled bytecode; without it every start compiles all modules again
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

CHECK = """
import json, resource, sys, time
start = time.perf_counter()
import mmfix
report = mmfix.check(sys.argv[1])
print(json.dumps(dict(
    seconds=time.perf_counter() - start,
    megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    paths=[config.path for config in report.configs if config.status == "ok"],
)))
"""

MMENGINE = """
import json, logging, sys, time, warnings
warnings.simplefilter("ignore")
paths = json.load(sys.stdin)
start = time.perf_counter()
from mmengine.config import Config
for path in paths:
    Config.fromfile(path, import_custom_modules=False)
print(json.dumps(dict(seconds=time.perf_counter() - start)))
"""


def run(code: str, *arguments: str, stdin: str = "") -> dict:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], input=stdin, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def seconds(command: list) -> float:
    code = (
        "import subprocess, sys, time, json\n"
        "times = []\n"
        "for _ in range(int(sys.argv[1])):\n"
        "    start = time.perf_counter()\n"
        "    subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "    times.append(time.perf_counter() - start)\n"
        "print(json.dumps(min(times)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "15", *command], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def zoo_ratio(zoo: Path) -> list:
    """Whole zoo: mmfix and MMEngine in turns, so that a noisy machine hurts both."""
    ours, theirs, megabytes = [], [], []
    for repeat in range(REPEATS):
        result = run(CHECK, str(zoo))
        ours.append(result["seconds"])
        megabytes.append(result["megabytes"])
        if repeat < 2:  # MMEngine takes half a minute each time
            theirs.append(run(MMENGINE, stdin=json.dumps(result["paths"]))["seconds"])
    ratio = min(theirs) / min(ours)
    count = len(result["paths"])
    return [
        ("leaf configs checked", str(count), ""),
        ("`mmengine.Config.fromfile` on the same files", f"{min(theirs):.1f} s", ""),
        ("`mmfix.check` of the folder (median of 5)", f"{statistics.median(ours):.2f} s", ""),
        ("times faster", f"**{ratio:.0f}**", "at least 20, aim 40"),
        ("peak memory of the process", f"**{max(megabytes):.0f} MB**", "under 200 MB"),
    ]


def growth(zoo: Path) -> list:
    """Four copies of the zoo against one."""
    with tempfile.TemporaryDirectory() as scratch:
        for copy in range(4):
            shutil.copytree(zoo, Path(scratch) / "four" / f"zoo{copy}" / "configs")
        one = min(run(CHECK, str(zoo))["seconds"] for _ in range(REPEATS))
        four = min(run(CHECK, str(Path(scratch) / "four"))["seconds"] for _ in range(REPEATS))
    return [("time for 4 times the configs", f"**{four / one:.2f}** times", "at most 4.4")]


def start_up() -> list:
    """`mmfix check one.py` against `import click`."""
    config = Path(__file__).resolve().parents[1] / "configs" / "healthy"
    path = next(path for path in sorted(config.rglob("*.py")) if "_base_" not in path.parts)
    mmfix = str(Path(sys.executable).parent / "mmfix")
    click = seconds([sys.executable, "-c", "import click"])
    check = seconds([mmfix, "check", str(path)])
    return [
        ('`python -c "import click"`', f"{click * 1000:.0f} ms", ""),
        ("`mmfix check one.py`", f"{check * 1000:.0f} ms", ""),
        ("ratio", f"**{check / click:.2f}**", "at most 3"),
    ]


def main() -> None:
    zoo = Path(sys.argv[1]) / "mmdet" / ".mim" / "configs"
    print("| what | measured | bar |\n|---|---|---|")
    for row in (*zoo_ratio(zoo), *growth(zoo), *start_up()):
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
