"""What reading a config costs at most; makes the section "What reading costs at most" of ``docs/reliability.md``.

    python bench/bounds.py --write docs/reliability.md

Every builtin, method, operator and form of code that the reader knows (``tests/config/work``) is done again and again
with operands of 100,000 and of 1,000,000 elements, each in a child of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import List

from sections import put

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "config")]

from work.child import Child, Cost  # noqa: E402
from work.samples import BASE, Program, programs  # noqa: E402

HEADING = "## What reading costs at most"
SIZES = (100_000, 1_000_000)
SECONDS, MEGABYTES = 2, 300


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", type=Path, help="the page to put the section into")
    parser.add_argument("--times", type=int, default=100_000, help="how often each is done")
    parser.add_argument("--few", action="store_true", help="a few programs for each name instead of all")
    options = parser.parse_args()
    found = programs(all_of_them=not options.few)
    rows = [row(size, options.times, found) for size in SIZES]
    flags = f"{' --few' if options.few else ''} --times {options.times}"
    text = section(rows, len(found), options.times, flags)
    print(text)
    if options.write:
        put(options.write, HEADING, text)
    return any(int(one.split("|")[5]) for one in rows)


def row(size: int, times: int, found: List[Program]) -> str:
    """A row of the table; what is over a bound is printed."""
    costs: List[Cost] = []
    over = 0
    with tempfile.TemporaryDirectory() as folder, Child() as child:
        (Path(folder) / "base.py").write_text(BASE)
        for program in found:
            cost = child.cost("read", str(Path(folder) / "c.py"), program.text(size, times))
            costs.append(cost)
            told = cost.how == "result" or cost.how.startswith(folder)
            if not told or cost.seconds >= SECONDS or cost.megabytes >= MEGABYTES:
                over += 1
                print(f"{program.name}: {program.code!r}: {cost}", file=sys.stderr)
    result = sum(cost.how == "result" for cost in costs)
    seconds, megabytes = max(cost.seconds for cost in costs), max(cost.megabytes for cost in costs)
    cells = (f"{size:,}", f"{len(costs):,}", f"{result:,}", f"{len(costs) - result - over:,}", over)
    return f"| {' | '.join(map(str, cells))} | {seconds:.1f} | {megabytes:.0f} |"


def section(rows: List[str], tried: int, times: int, flags: str) -> str:
    """The section of the page."""
    return "\n".join(
        [
            HEADING,
            "",
            f"Made by `python bench/bounds.py{flags} --write docs/reliability.md`. {tried:,} programs, made from the reader's own tables "
            "of builtins, methods, operators and kinds of code, each do one thing "
            f"{times:,} times with operands of that size, or with one that is in itself 2^40 times. What an operation costs "
            "is computed from its operands and taken from the file's budget (300,000 steps) before it is done "
            "(`interpreter/limits.py`, `python/bounds.py`); what nobody has thought of costs a walk through all operands.",
            "",
            "| elements | programs | ended with a result | ended with one line | over 2 s or 300 MB | worst: seconds | worst: MB |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
            "Seconds of CPU time, and the largest memory of the child with all of mmfix in it.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
