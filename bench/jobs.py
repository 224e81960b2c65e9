"""`patch` of 1,000 configs, in one process and in two: a section of docs/performance.md.

    python bench/jobs.py [--configs 1000] [--write docs/performance.md]

Patched are heirs of the example `configs/cmt`, each with one error, in a temporary folder. CPU time is that of a
command with all its processes; with as many processors as jobs, and nothing else running, the clock shows that time
divided by the jobs at best. Outputs for different `--jobs` are compared, too.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator, NamedTuple, Sequence

from sections import put

ROOT = Path(__file__).resolve().parents[1]
LEAF = "cmt_aqr_voxel0100_r50_800x320_cbgs.py"


class Run(NamedTuple):
    """Seconds by the clock and of CPU, megabytes of the largest process, and what was written."""

    wall: float
    cpu: float
    megabytes: float
    out: bytes


def run(arguments: Sequence[str], folder: Path, cache: Path) -> Run:
    """One command; the child in between makes the peak of memory its own."""
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run([sys.executable, '-m', 'mmfix', *sys.argv[1:]], stderr=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(done.returncode, used.ru_maxrss / 1024, file=sys.stderr)\n"
    )
    env = {**os.environ, "MMFIX_CACHE_DIR": str(cache)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=folder, env=env, capture_output=True)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    exit_code, megabytes = done.stderr.split()[-2:]
    if exit_code not in (b"0", b"1", b"2"):
        sys.exit(done.stderr.decode(errors="replace"))
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Run(ended - began, cpu, float(megabytes), done.stdout)


def same(runs: Sequence[Run]) -> Sequence[Run]:
    """The runs, which must have written the same."""
    if any(one.out != runs[0].out for one in runs):
        sys.exit("the output is not the same for any number of jobs")
    return runs


def row(name: str, runs: Sequence[Run], bar: str) -> str:
    one, two = runs
    return (
        f"| {name} | {one.cpu:.1f} s | {one.wall:.1f} s | {two.cpu:.1f} s | {two.wall:.1f} s "
        f"| {max(one.megabytes, two.megabytes):.0f} MB | {bar} |"
    )


def patches(scratch: Path, count: int) -> Iterator[str]:
    """`patch` that shows, that verifies, and that writes."""
    cache = scratch / "cache"
    run(["check", "configs"], made(scratch / "warm", 1), cache)
    for name, options in (("--diff", ["--diff"]), ("--diff --verify", ["--diff", "--verify"]), ("", [])):
        runs = [
            run(["patch", *options, "configs", "--jobs", jobs], made(scratch / f"{name}{jobs}", count), cache)
            for jobs in ("1", "2")
        ]
        yield row(
            f"`patch {name}`".replace(" `", "`") + f" of {count:,}",
            same(runs),
            "20 s for 1,000" if name != "--diff" else "",
        )


def made(folder: Path, count: int) -> Path:
    """A folder with so many configs that need a patch."""
    shutil.copytree(ROOT / "configs/cmt", folder / "configs")
    text = (folder / "configs" / LEAF).read_text(encoding="utf-8")
    for number in range(count):
        heir = text.replace("samples_per_gpu=4", f"samples_per_gpu={number + 2}")
        (folder / "configs" / f"heir_{number:04}.py").write_text(heir, encoding="utf-8")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--configs", type=int, default=1000)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    heading = "## `patch` of many configs"
    lines = [
        heading,
        "",
        f"Made by `python bench/jobs.py --configs {given.configs}`: whole commands, CPU time of all their processes, and the",
        f"clock; {os.cpu_count()} processors, load {os.getloadavg()[0]:.0f} when it began. Memory is that of the largest process. The output",
        "was the same for one process and for two.",
        "",
        "| command | `--jobs 1`: CPU | clock | `--jobs 2`: CPU | clock | peak memory | bar |",
        "|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for line in patches(Path(scratch), given.configs):
            print(line, flush=True)
            lines.append(line)
    if given.write:
        put(given.write, heading, "\n".join(lines), "## `check` before and after the rooms were re-cut")


if __name__ == "__main__":
    main()
