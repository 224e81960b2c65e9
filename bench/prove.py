"""`mmfix prove` on real models: the zoos, mutants of their configs, cures, repeats and overhead.

    python bench/prove.py FOLDER [--only PART...] [--again] [--write docs/accuracy.md]

FOLDER holds mmdet 3.3.0, mmsegmentation 1.2.2, mmpretrain 1.2.0 and mmcv-lite 2.1.0 (or a compiled mmcv), as
`pip install --no-deps --target FOLDER mmdet==3.3.0 ...` puts them; torch and mmengine are those of this Python. Every result goes
to `bench/prove.json` as it comes, and what is there is not measured again (`--again`: it is). Takes about two hours on
two cores; the overhead wants a machine that does nothing else. --write puts the tables into a document.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Callable, Iterable

from mmfix.proofs.types import NOT_PROVED
from prove_results import Results, static_verdict, summary

RESULTS = Path(__file__).resolve().parent / "prove.json"
PARTS = ("mmdet", "mmseg", "mutants", "demo", "repeats", "overhead")


def sweep(root: Path, package: str, results: Results, only: Callable[[str], bool]) -> None:
    """Rehearse the smallest config of every model folder."""
    from prove_configs import folder_of, job_of, smallest
    from prove_many import rehearse_many

    top = folder_of(root, package)
    configs = [path for path in smallest(root, package).values() if path is not None]
    names = {path: path.relative_to(top).as_posix() for path in configs}
    left = [path for path in configs if only(names[path])]
    jobs = [job_of(path) for path in left]
    for place, rehearsal, seconds, alone in rehearse_many(jobs):
        name = names[left[place]]
        results.put(package, name, {**summary(rehearsal, seconds, alone), **static_verdict(left[place])})
        print(f"{package} {name} {rehearsal.outcome} {seconds:.0f} s {rehearsal.reason[:300]}", flush=True)
        print(rehearsal.detail if rehearsal.outcome == NOT_PROVED else "", end="", flush=True)


def run(part: str, root: Path, results: Results, again: bool, names: Iterable[str]) -> None:
    """Measure one part: what is named, else what is missing."""
    have, wanted = results.of(part), tuple(names)

    def only(name: str) -> bool:
        if wanted:
            return any(text in name for text in wanted)
        return again or name not in have

    if part in ("mmdet", "mmseg"):
        sweep(root, part, results, only)
    elif part == "mutants":
        from prove_mutants import mutants

        mutants(root, results, only)
    elif part == "demo":
        from prove_cures import cures

        cures(root, results, only)
    elif part == "repeats":
        from prove_cures import repeats

        repeats(root, results, only)
    else:
        from prove_overhead import overhead

        overhead(root, results)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, help="parts to measure; else all")
    parser.add_argument("--again", action="store_true", help="measure what is there, too")
    parser.add_argument(
        "--names", nargs="+", default=(), help="measure what has one of these texts in its name"
    )
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="put the tables into this file; measures nothing"
    )
    options = parser.parse_args()
    root, results = options.folder.resolve(), Results(RESULTS)
    if options.write:
        from prove_tables import HEADING, section
        from sections import ON_DDP, put

        put(options.write, HEADING, section(results, root), ON_DDP)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with the processes that were started
    sys.path.insert(0, str(root))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    for part in options.only or PARTS:
        run(part, root, results, options.again, options.names)


if __name__ == "__main__":
    main()
