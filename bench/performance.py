"""Speed and memory of `mmfix check`, as ratios measured in one run: the first tables of docs/performance.md.

    python bench/performance.py ZOOS [--every 1] [--repository FOLDER]... [--write docs/performance.md]

ZOOS holds the unpacked wheels mmdet-3.3.0 and mmsegmentation-1.2.2, as the tests keep them in the user cache
(`~/.cache/mmfix/zoo`). `--every 4` takes one model folder of four. `--repository` names a clone of somebody's repository, which is
looked at as a whole. A first look has an empty cache. Seconds of CPU
are user and system time of a command with all its processes; what else the machine does still makes them more, and
MMEngine's with them, so mmfix and MMEngine are measured in turns. With `--every 8` it takes two minutes of CPU time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Iterator, List, Sequence

import jobs
from sections import put

ZOOS = {"mmdet-3.3.0": "mmdet/.mim/configs", "mmsegmentation-1.2.2": "mmseg/.mim/configs"}
HEADING = "## `check`, the first time and later"
WARM_RUNS = 3
STARTS = 15

# people run compiled bytecode; without it every start compiles all modules again
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

MMENGINE = """
import json, resource, sys, warnings
warnings.simplefilter("ignore")
paths = json.load(sys.stdin)
from mmengine.config import Config
for path in paths:
    try:
        Config.fromfile(path, import_custom_modules=False)
    except Exception:
        pass  # a base, or a package, that is not there: mmfix reads the rest
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps(used.ru_utime + used.ru_stime))
"""

#: The first look once more, in one process, for what each model takes.
LONGEST = """
import json, sys, time
import mmfix
from mmfix.model import reading
read, taken = reading.read_model, []
def timed(*args):
    began = time.process_time()
    try:
        return read(*args)
    finally:
        taken.append(time.process_time() - began)
reading.read_model = timed
for path in json.load(sys.stdin):
    mmfix.check(path)
print(json.dumps([len(taken), max(taken)]))
"""

START = """
import json, subprocess, sys, time
times = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    times.append(time.perf_counter() - start)
print(json.dumps(min(times)))
"""


def run(code: str, *arguments: str, given: Any = None, cache: str = "") -> Any:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MMFIX_CACHE_DIR": cache} if cache else None,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def chosen(zoo: Path, every: int) -> List[str]:
    """The model folders that are looked at."""
    folders = sorted(path.name for path in zoo.iterdir() if path.is_dir() and not path.name.startswith("_"))
    return folders[::every]


def judged(out: bytes, zoo: Path) -> List[str]:
    """The configs that a report in JSON has judged."""
    found = (item for item in json.loads(out)["configs"] if item["status"] == "ok")
    return [str(zoo / item["path"]) for item in found]


def looks(zoo: Path, name: str, folders: Sequence[str], scratch: Path) -> Iterator[Sequence[str]]:
    """The first look and later ones, in turns with MMEngine; the name goes before the number of configs."""
    caches = [scratch / f"{zoo.name}{zoo.stat().st_ino}-{count}" for count in (1, 2)]

    def look(cache: Path, count: int) -> jobs.Run:
        return jobs.run(["check", *folders, "--format", "json", "--jobs", str(count)], zoo, cache)

    first = look(caches[0], 1)
    paths = judged(first.out, zoo)
    theirs = [run(MMENGINE, given=paths)]
    two = look(caches[1], 2)
    theirs.append(run(MMENGINE, given=paths))
    later = [look(caches[0], 1) for _ in range(WARM_RUNS)]
    jobs.same([first, two, *later])
    loaded, warm = min(theirs), min(later, key=lambda one: one.cpu)
    yield f"{name}: configs judged", str(len(paths)), ""
    yield "`mmengine.Config.fromfile` of the same files: CPU", f"{loaded:.1f} s", ""
    for many, one in (("`--jobs 1`", first), ("`--jobs 2`", two)):
        yield f"first look, {many}: CPU, by the clock", f"{one.cpu:.1f} s, {one.wall:.1f} s", ""
        bar = "at most 2.0, aim 1.0" if one is first else ""
        yield f"first look, {many}: times MMEngine's CPU", f"**{one.cpu / loaded:.2f}**", bar
    yield "later, `--jobs 1`: CPU, by the clock", f"{warm.cpu:.2f} s, {warm.wall:.2f} s", ""
    yield "later: times faster than MMEngine, CPU", f"**{loaded / warm.cpu:.1f}**", "at least 15"
    yield "peak memory of a first look", f"**{max(first.megabytes, two.megabytes):.0f} MB**", "under 300 MB"
    yield "peak memory of a later one", f"**{warm.megabytes:.0f} MB**", "under 200 MB"


def longest(zoo: Path, name: str, folders: Sequence[str], scratch: Path) -> Iterator[Sequence[str]]:
    """What the model takes that takes longest."""
    paths = [str(zoo / folder) for folder in folders]
    count, seconds = run(LONGEST, given=paths, cache=str(scratch / f"{zoo.name}{zoo.stat().st_ino}-each"))
    yield f"the longest of the {count} models that were read: CPU", f"**{seconds:.2f} s**", "under 2 s"


def start_up() -> Iterator[Sequence[str]]:
    """`mmfix check one.py` against `import click`."""
    configs = Path(__file__).resolve().parents[1] / "configs" / "healthy"
    path = next(path for path in sorted(configs.rglob("*.py")) if "_base_" not in path.parts)
    mmfix = str(Path(sys.executable).parent / "mmfix")
    click = run(START, str(STARTS), sys.executable, "-c", "import click")
    check = run(START, str(STARTS), mmfix, "check", str(path))
    yield '`python -c "import click"`', f"{click * 1000:.0f} ms", ""
    yield "`mmfix check one.py`, later", f"{check * 1000:.0f} ms", ""
    yield "ratio", f"**{check / click:.2f}**", "at most 3"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("zoos", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--repository", type=Path, action="append", default=[])
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    command = "python bench/performance.py ZOOS" + (f" --every {given.every}" if given.every > 1 else "")
    command += " --repository FOLDER" * len(given.repository)
    part = f", one model folder of {given.every}" if given.every > 1 else ""
    measured = [
        (given.zoos / name / folder, f"{name}{part}", chosen(given.zoos / name / folder, given.every))
        for name, folder in ZOOS.items()
    ]
    measured += [(folder, folder.resolve().name, ["."]) for folder in given.repository]
    lines = [
        HEADING,
        "",
        f"Made by `{command}`: whole commands, CPU time of all their processes, in turns with MMEngine;",
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.0f} when it began. Read the ratios, not the seconds: other work makes all of them more.",
        "The output was the same for the first look, for later ones, and for one process and two. The bars are for a whole zoo on",
        "an idle machine: in a part of one, the start and what is read once for all configs weigh more.",
        "",
        "| what | measured | bar |",
        "|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for zoo, name, folders in measured:
            for table in (looks, longest):
                for row in table(zoo, name, folders, Path(scratch)):
                    lines.append("| " + " | ".join(row) + " |")
                    print(lines[-1], flush=True)
    for row in start_up():
        lines.append("| " + " | ".join(row) + " |")
        print(lines[-1], flush=True)
    if given.write:
        put(given.write, HEADING, "\n".join(lines))


if __name__ == "__main__":
    main()
