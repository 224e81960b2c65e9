"""Speed and memory of `mmfix check`, as ratios measured in one run. Prints the table of docs/performance.md.

The first look at a folder, with an empty cache, comes first. Seconds are CPU time, user and system, of a fresh
process: what else the machine does makes little difference.

    python bench/performance.py FOLDER_OF_MMDET_3.3.0

FOLDER is the unpacked mmdet 3.3.0 wheel (`pip download --no-deps mmdet==3.3.0`, then unzip).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPEATS = 5
FIRST_LOOKS = 2

# people run compiled bytecode; without it every start compiles all modules again
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

CHECK = """
import json, resource, sys, time
import mmfix
report = mmfix.check(sys.argv[1])
print(json.dumps(dict(
    seconds=time.process_time(),
    megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    paths=[config.path for config in report.configs if config.status == "ok"],
)))
"""

MMENGINE = """
import json, logging, sys, time, warnings
warnings.simplefilter("ignore")
paths = json.load(sys.stdin)
from mmengine.config import Config
for path in paths:
    try:
        Config.fromfile(path, import_custom_modules=False)
    except Exception:
        pass  # a base, or a package, that is not there: mmfix reads the rest
print(json.dumps(dict(seconds=time.process_time())))
"""


def run(code: str, *arguments: str, stdin: str = "", cache: Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MMFIX_CACHE_DIR": str(cache)},
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


def zoo_ratio(zoo: Path, scratch: Path) -> list:
    """Whole zoo: mmfix and MMEngine in turns, so that a noisy machine hurts both."""
    first, theirs, ours = [], [], []
    for repeat in range(FIRST_LOOKS):  # MMEngine takes half a minute each time
        first.append(run(CHECK, str(zoo), cache=scratch / f"first{repeat}"))
        paths = json.dumps(first[-1]["paths"])
        theirs.append(run(MMENGINE, stdin=paths, cache=scratch)["seconds"])
    for _ in range(REPEATS):
        ours.append(run(CHECK, str(zoo), cache=scratch / "first0"))
    loaded = min(theirs)
    cold, warm = (min(result["seconds"] for result in results) for results in (first, ours))
    peaks = (max(result["megabytes"] for result in results) for results in (first, ours))
    return [
        ("leaf configs checked", str(len(first[0]["paths"])), ""),
        ("`mmengine.Config.fromfile` on the same files", f"{loaded:.1f} s", ""),
        ("first `mmfix.check` of the folder", f"{cold:.1f} s", ""),
        ("times what MMEngine takes", f"**{cold / loaded:.2f}**", "at most 2.0, aim 1.0"),
        ("every later `mmfix.check` of the folder", f"{warm:.2f} s", ""),
        ("times faster than MMEngine", f"**{loaded / warm:.1f}**", "at least 15"),
        ("times faster than the first", f"**{cold / warm:.0f}**", "at least 15"),
        *(
            (f"peak memory of the process, {when}", f"**{peak:.0f} MB**", bar)
            for when, peak, bar in zip(("first", "later"), peaks, ("under 300 MB", "under 200 MB"))
        ),
    ]


def growth(zoo: Path, scratch: Path) -> list:
    """Four copies of the zoo against one, when both have been looked at before."""
    for copy in range(4):
        shutil.copytree(zoo, scratch / "four" / f"zoo{copy}" / "configs")
    found = [
        min(run(CHECK, str(folder), cache=scratch / "first0")["seconds"] for _ in range(REPEATS))
        for folder in (zoo, scratch / "four")
    ]
    return [("time for 4 times the configs", f"**{found[1] / found[0]:.2f}** times", "at most 4.4")]


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
    with tempfile.TemporaryDirectory() as scratch:
        for part in (zoo_ratio, growth):
            for row in part(zoo, Path(scratch)):
                print("| " + " | ".join(row) + " |", flush=True)
    for row in start_up():
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
