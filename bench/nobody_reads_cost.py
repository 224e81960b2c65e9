"""What the rules about what nobody reads (MMF2xx) cost: CPU seconds of a warm `mmfix check`, with them and without.

    python bench/nobody_reads_cost.py FOLDER [--every 8] [--turns 10] [--before CHECKOUT]

FOLDER holds unpacked releases, `mmdet-3.3.0` among them (`~/.cache/mmfix/zoo`, as the tests keep them). Every eighth of
its configs is checked in one process, in turns with the rules, without them, and by another checkout of mmfix, each
with a cache of its own that the first turn fills. The lowest and the median of the others are printed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

from mmfix.config.family import walk

CONFIGS = "mmdet-3.3.0/mmdet/.mim/configs"
SOURCE = Path(__file__).resolve().parents[1] / "src"
CODE = """
import resource, sys
sys.path.insert(0, sys.argv[1])
import mmfix.rules
if sys.argv[2] == "without":
    mmfix.rules.RULES = tuple(rule for rule in mmfix.rules.RULES if rule.code < "MMF201")
from mmfix.cli import main
sys.argv = ["mmfix", "check", "--jobs", "1", "--format", "json", *sys.stdin.read().split("\\n")]
try:
    main()
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, file=sys.stderr)
"""


def seconds(source: Path, rules: str, paths: str, cache: str) -> float:
    """CPU seconds of one `check` of all configs."""
    environment = {**os.environ, "MMFIX_CACHE_DIR": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", CODE, str(source), rules]
    done = subprocess.run(
        command,
        input=paths,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        check=False,
    )
    return float(done.stderr.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=8)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--before", type=Path, help="a checkout of an earlier mmfix")
    given = parser.parse_args()
    leaves = [path for path in walk(str(given.folder / CONFIGS)) if "_base_" not in path]
    paths = leaves[:: given.every]
    runs = {"with the rules": (SOURCE, "with"), "without them": (SOURCE, "without")}
    if given.before:
        runs["before"] = (given.before.resolve() / "src", "with")
    with tempfile.TemporaryDirectory() as scratch:
        taken: Dict[str, List[float]] = {name: [] for name in runs}
        for _ in range(given.turns + 1):
            for name, run in runs.items():
                taken[name].append(seconds(*run, "\n".join(paths), f"{scratch}/{name}"))
    print(f"{len(paths)} configs")
    for name, each in taken.items():
        warm = each[1:]
        print(f"{name}: lowest {min(warm):.2f} s, median {statistics.median(warm):.2f} s")


if __name__ == "__main__":
    main()
