"""`mmfix prove` on 20 configs of the maintained continuation (onedl-*). Writes a section of docs/accuracy.md.

    python bench/prove_onedl.py --output FILE
    python bench/prove_onedl.py --from FILE --write docs/accuracy.md

Run it with onedl-mmengine, onedl-mmcv (its Python part will do: the compiled operators get stand-ins), onedl-mmdetection,
onedl-mmsegmentation and onedl-mmpretrain: the config with the smallest backbone of each of the first 20 model folders,
eight of mmdet, eight of mmseg and four of mmpretrain. FILE has one JSON line a config; what it has is not measured again.
"""

from __future__ import annotations

import argparse
import importlib
import json
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, Tuple

from build_names import read, reason, short
from mmfix.prove.job import Job
from prove_configs import job_of, smallest
from prove_many import in_pairs
from sections import put

SHARES = {"mmdet": 8, "mmseg": 8, "mmpretrain": 4}
HEADING = "## Rehearsals of the maintained continuation (onedl)"
BEFORE = "## What is explained"
HEAD = f"""{HEADING}

Made by `bench/prove_onedl.py` from `bench/prove_onedl.jsonl`: the config with the smallest backbone of each of 20 model folders, two
gloo ranks on a CPU, two steps of each scenario. The configs are those of onedl's own packages. The table has what was measured so far;
the script goes on where it stopped.

"""


def main() -> None:
    """Rehearse them, or write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path)
    parser.add_argument("--from", dest="results", type=Path)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    if given.results:
        put(given.write, HEADING, section(read(given.results)), before=BEFORE)
        return
    have = {row["config"] for row in read(given.output)}
    wanted = [job for job in jobs() if short(job.config) not in have]
    for job, (found, seconds) in zip(wanted, in_pairs(wanted)):
        row: Dict[str, Any] = {"config": short(job.config), "outcome": found.outcome}
        row.update(parameters=found.trainable, seconds=round(seconds, 1), versions=dict(found.versions))
        if found.reason:
            row["why"] = reason(found.reason.splitlines()[0])
        with open(given.output, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(row["outcome"], row["config"], row.get("why", ""), flush=True)


def jobs() -> List[Job]:
    """Twenty of them, two steps each."""
    found: List[Job] = []
    for package, count in SHARES.items():
        root = Path(str(importlib.import_module(package).__file__)).parents[1]
        folders = [path for path in smallest(root, package).values() if path is not None]
        found += [job_of(path) for path in folders[:: max(len(folders) // count, 1)][:count]]
    return found


def section(rows: List[Dict[str, Any]]) -> str:
    """The table, and what was not proved."""
    lines = ["| package | configs | proved | outcomes |", "|---|---|---|---|"]
    packages = list(dict.fromkeys(row["config"].partition("/")[0] for row in rows))
    for package in [*packages, ""]:
        found = Counter(row["outcome"] for row in rows if row["config"].startswith(package))
        proved = sum(count for outcome, count in found.items() if outcome != "NOT_PROVED")
        told = ", ".join(f"{count} x {outcome}" for outcome, count in found.items())
        lines.append(f"| {package or 'all'} | {sum(found.values())} | {proved} | {told} |")
    versions: Dict[str, Tuple[str, ...]] = {}
    for row in rows:
        for name, version in row["versions"].items():
            versions[name] = tuple(dict.fromkeys((*versions.get(name, ()), version)))
    told = ", ".join(f"{name} {' and '.join(each)}" for name, each in versions.items())
    lines += ["", f"With {told}.", ""]
    lines += [f"- {row['outcome']}: {row['config']}: {row['why']}" for row in rows if "why" in row]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
