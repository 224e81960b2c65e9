"""Read generated and mutated configs with both readers; makes the table of ``docs/reliability.md``.

    python bench/fuzz_config.py FOLDER --cases 100000

FOLDER keeps the counts of each five hundred cases, so that a run that was stopped goes on where it was. Half of the cases
are of the grammar, half are configs of the released zoos, mutated (``tests/wheels.py`` fetches them).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "config")]

from fuzz.compare import OUTCOMES  # noqa: E402

from wheels import unpack_zoo  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
CHUNK = 500
ZOOS = {
    "mmdet-3.3.0": "mmdet/.mim/configs",
    "mmdet-2.28.2": "mmdet/.mim/configs",
    "mmsegmentation-1.2.2": "mmseg/.mim/configs",
    "mmsegmentation-0.30.0": "mmseg/.mim/configs",
}
START, END = "<!-- fuzz: python bench/fuzz_config.py FOLDER -->", "<!-- end of fuzz -->"
GRAMMARS = {
    "alone": "a file without a base",
    "classic": "`_base_`, one or two levels",
    "lazy": "`with read_base():`",
    "zoo": "released configs, mutated",
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case of each kind")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--show", type=int, default=3, help="failing cases of five hundred to make small")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    zoos = [f"--zoo={unpack_zoo(name) / path}" for name, path in ZOOS.items()]
    chunks = [
        (kind, first, zoos if kind == "zoo" else [])
        for first in range(options.first, options.first + options.cases // 2, CHUNK)
        for kind in ("grammar", "zoo")
    ]
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda chunk: _chunk(options, *chunk), chunks))
    _write(options.folder)
    return 0


def _chunk(options: argparse.Namespace, kind: str, first: int, zoos: List[str]) -> None:
    """The counts of five hundred cases, unless they are there; what failed lies beside them."""
    target = options.folder / f"{kind}-{first:06d}.json"
    if target.exists():
        return
    count = min(CHUNK, options.first + options.cases // 2 - first)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "fuzz.run",
            f"--first={first}",
            f"--cases={count}",
            f"--show={options.show}",
            *zoos,
        ],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(TESTS / "config"), str(ROOT / "src"))),
            "PYTHONHASHSEED": "0",
        },
        capture_output=True,
        text=True,
    )
    target.with_suffix(".txt").write_text(done.stderr)
    json.loads(done.stdout)
    scratch = target.with_suffix(".part")
    scratch.write_text(done.stdout)
    scratch.rename(target)


def _write(folder: Path) -> None:
    total: Dict[str, Dict[str, int]] = {}
    for path in sorted(folder.glob("*.json")):
        for grammar, counts in json.loads(path.read_text()).items():
            into = total.setdefault(grammar, {})
            for key, value in {
                **counts["outcomes"],
                "leaves": counts["leaves"],
                "open": counts["unknown"],
            }.items():
                into[key] = into.get(key, 0) + value
    lines = [
        f"| grammar | cases | {' | '.join(OUTCOMES)} | values left open |",
        "|---|" + "---|" * (len(OUTCOMES) + 2),
    ]
    for grammar, what in GRAMMARS.items():
        counts = total.get(grammar)
        if counts is not None:
            cells = [f"{counts[outcome]:,}" for outcome in OUTCOMES]
            share = 100 * counts["open"] / max(1, counts["leaves"])
            cases = sum(counts[outcome] for outcome in OUTCOMES)
            lines.append(f"| {grammar}: {what} | {cases:,} | {' | '.join(cells)} | {share:.1f} % |")
    page = PAGE.read_text()
    before, rest = page.split(START)
    PAGE.write_text(before + START + "\n" + "\n".join(lines) + "\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    sys.exit(main())
