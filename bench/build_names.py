"""Index to name with `explain --build`: models that are built and wrapped, without a batch, against torch itself.

    python bench/build_names.py --output FILE PACKAGE...
    python bench/build_names.py --from FILE --write docs/accuracy.md

One config of each model folder of each PACKAGE (mmdet, mmseg, mmpretrain, mmpose, mmdet3d), as installed; mmcv-lite will do.
The ranks write down what DDP counts at the wrap, as for `--build`, several configs in one pair of processes; what is not named
there is built once more alone, by `--build`'s own function. The truth is `[name for name, p in model.named_parameters() if
p.requires_grad]` of the model that the registry builds in another process, on torch's `meta` device where that is possible.
FILE has one JSON line a config; what it has is not measured again.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterator, List

from mmfix.prove import ops
from parameter_order import chosen, real_order
from sections import put

HEADING = "## Names by building"
BEFORE = "## What is rehearsed"
NAMED, NONE, WRONG, NO_TRUTH = "named", "not named", "WRONG", "named, truth not built"
_MOST = 200
#: Begins the lines of the child that are ours: models print.
MARK = "order: "

HEAD = f"""{HEADING}

Made by `bench/build_names.py` from `bench/build_names.jsonl`: one config of each model folder, torch 2.13.0, mmengine 0.10.7, mmcv-lite 2.1.0 with the stand-ins.
`explain --build` builds and wraps the model and takes no step, so it needs no batch and no data. The table has what was measured
so far; the script goes on where it stopped. *Wrong* is any difference, in names or
in their order, from `named_parameters()` of the model as the registry builds it.

"""


def main() -> int:
    """Measure, or write the table; 1 if a name is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--from", dest="results", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--truth", nargs="*", help="for the child process: configs of which to say the order")
    given = parser.parse_args()
    if given.truth:
        tell_truths(given.truth)
        return 0
    if given.results:
        rows = read(given.results)
        put(given.write, HEADING, section(rows), before=BEFORE)
        return int(any(row["result"] == WRONG for row in rows))
    output = given.output.resolve()
    have = {row["config"] for row in read(output)}
    for package in given.packages:
        # as in its repository: some configs open others from there
        os.chdir(Path(str(importlib.import_module(package).__file__)).parent / ".mim")
        left = [path for path in chosen(package, 1) if short(path) not in have]
        for row in measured(package, left):
            with open(output, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print(row["result"], row["config"], row.get("why", ""), flush=True)
    return int(any(row["result"] == WRONG for row in read(output)))


def read(file: Path) -> List[Dict[str, Any]]:
    """The lines of a file; none where there is no such file."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return [json.loads(line) for line in lines]


def short(path: str) -> str:
    """``mmdet/faster_rcnn/x.py``."""
    package, _, rest = path.partition("/.mim/configs/")
    return f"{Path(package).name}/{rest}"


def measured(package: str, paths: List[str]) -> Iterator[Dict[str, Any]]:
    """What became of each config."""
    from mmfix.jobs.proving import order_by_building
    from mmfix.prove.job import Job
    from prove_many import in_pairs

    jobs = [Job(path, "", scenarios=("normal",), steps=False) for path in paths]
    for path, truth, (rehearsal, seconds) in zip(paths, truths(paths), in_pairs(jobs)):
        names, why = rehearsal.parameters, rehearsal.reason
        if not names:
            names, why = order_by_building(path)
        row: Dict[str, Any] = {"package": package, "config": short(path), "seconds": round(seconds, 1)}
        if not names:
            yield {**row, "result": NONE, "why": reason(why.splitlines()[0])}
        elif isinstance(truth, str):
            yield {**row, "parameters": len(names), "result": NO_TRUTH, "why": truth[:_MOST]}
        else:
            right = truth == list(names)
            yield {**row, "parameters": len(names), "result": NAMED if right else WRONG}


def truths(paths: List[str]) -> Iterator[Any]:
    """The real order of each, from one process that builds them one after another; a text: why there is none."""
    command = [sys.executable, "-W", "ignore", os.path.abspath(__file__), "--truth", *paths]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.startswith(MARK):
                yield json.loads(line[len(MARK) :])
    while True:
        yield "the process that builds them ended"


def tell_truths(paths: List[str]) -> None:
    """The child's part of :func:`truths`."""
    ops.install()
    for path in paths:
        try:
            found: Any = real_order(path)
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        print(MARK + json.dumps(found), flush=True)


def section(rows: List[Dict[str, Any]]) -> str:
    """The table, and what was not named."""
    lines = [
        "| package | configs | named | wrong | named, and no other way to build it | not named |",
        "|---|---|---|---|---|---|",
    ]
    packages = list(dict.fromkeys(row["package"] for row in rows))
    for package in [*packages, ""]:
        found = Counter(row["result"] for row in rows if package in ("", row["package"]))
        named = found[NAMED] + found[NO_TRUTH]
        cells = [sum(found.values()), named, found[WRONG], found[NO_TRUTH], found[NONE]]
        lines.append(" | ".join([f"| {package or 'all'}", *map(str, cells)]) + " |")
    reasons: Dict[str, List[str]] = {}
    for row in rows:
        if row["result"] == NONE:
            reasons.setdefault(reason(row["why"]), []).append(row["config"])
    lines += ["", "Not named:", ""]
    for why, configs in sorted(reasons.items(), key=lambda item: -len(item[1])):
        lines.append(f"- {len(configs)}: {why} ({configs[0]}{', ...' if len(configs) > 1 else ''})")
    return HEAD + "\n".join(lines) + "\n"


def reason(why: str) -> str:
    """A reason without the path of the machine."""
    return " ".join(re.sub(r"(?<![\w.:/])/(?:[^\s/]+/)+", "", why).split())[:_MOST]


if __name__ == "__main__":
    sys.exit(main())
