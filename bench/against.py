"""The cost of `mmfix check` now against an older revision: CPU time, run in turns. Prints a table.

    python bench/against.py REVISION FOLDER [--rounds 7]

FOLDER holds the unpacked wheels, as the tests keep them in the user cache (`~/.cache/mmfix/zoo`). Each round runs
both, so that a busy machine hurts both; the ratio is that of the medians. *Cold* reads one config of every third
model folder with an empty cache, *warm* all configs of the zoo with a full one, *start* a single config with a full one.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Dict, List, Tuple

ROOT = Path(__file__).resolve().parents[1]
ZOOS = {
    "mmdet-3.3.0": "mmdet/.mim/configs",
    "mmsegmentation-0.30.0": "mmseg/.mim/configs",
}


def cpu(source: Path, arguments: List[str], cache: str) -> float:
    """Seconds of user and system time of one `mmfix` with the code of `source`."""
    env = {**os.environ, "PYTHONPATH": str(source), "MMFIX_CACHE_DIR": cache}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "mmfix", *arguments],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    if b"internal error" in done.stderr:  # some configs of a zoo cannot be read: exit code 2 is no failure
        sys.exit(done.stderr.decode(errors="replace"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def first_of_each_folder(root: Path) -> List[str]:
    """One config of every third model folder."""
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("_"))
    configs = [sorted(folder.glob("*.py")) for folder in folders[::3]]
    return [str(found[0]) for found in configs if found]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("revision")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    archive = subprocess.run(
        ["git", "archive", given.revision, "src"], cwd=ROOT, stdout=subprocess.PIPE, check=True
    ).stdout
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(scratch)
        sources = {"before": Path(scratch) / "src", "now": ROOT / "src"}
        table = measure(sources, given.folder, given.rounds, Path(scratch))
    print(
        f"| `check`, CPU seconds, median of {given.rounds} | {given.revision} | now | ratio |\n|---|---|---|---|"
    )
    for name, times in table:
        old, new = (statistics.median(times[side]) for side in ("before", "now"))
        print(f"| {name} | {old:.2f} | {new:.2f} | **{new / old:.2f}** |")


def measure(
    sources: Dict[str, Path], folder: Path, rounds: int, scratch: Path
) -> List[Tuple[str, Dict[str, List[float]]]]:
    """Name and CPU times of each job, by side."""
    jobs: List[Tuple[str, List[str], bool]] = []
    for zoo, below in ZOOS.items():
        root = folder / zoo / below
        some = first_of_each_folder(root)
        jobs.append((f"{zoo}, cold, {len(some)} configs", ["check", *some], True))
        jobs.append((f"{zoo}, warm, all configs", ["check", str(root)], False))
    jobs.append(("start: one config, warm", ["check", some[0]], False))
    table = []
    for number, (name, arguments, cold) in enumerate(jobs):
        times: Dict[str, List[float]] = {side: [] for side in sources}
        for turn in range(rounds + 1):
            for side, source in sources.items():
                kept = str(scratch / f"{side}-{number}")
                cache = tempfile.mkdtemp(dir=scratch) if cold else kept
                seconds = cpu(source, arguments, cache)
                if turn:  # the first fills caches
                    times[side].append(seconds)
        table.append((name, times))
    return table


if __name__ == "__main__":
    main()
