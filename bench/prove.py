"""`mmfix prove` on real models: the zoos, mutants of their configs, cures, repeats and overhead.

    python bench/prove.py FOLDER [--only PART...] [--again] [--write docs/accuracy.md]

FOLDER holds mmdet 3.3.0, mmsegmentation 1.2.2, mmpretrain 1.2.0 and mmcv-lite 2.1.0 (or a compiled mmcv), as
`pip install --no-deps --target FOLDER mmdet==3.3.0 ...` puts them; torch and mmengine are those of this Python. Every result goes
to `bench/prove.json` as it comes, and what is there is not measured again (`--again`: it is). Takes about two hours on
two cores; the overhead wants a machine that does nothing else. --write puts the tables into a document.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Tuple

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "prove.json"
PARTS = ("mmdet", "mmseg", "mutants", "demo", "repeats", "overhead")


class Results:
    """What was measured, by part and name; a file that another process may write to, too."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, part: str) -> Dict[str, Any]:
        """All results of a part."""
        found: Dict[str, Any] = self._read().get(part, {})
        return found

    def put(self, part: str, name: str, result: Any) -> None:
        """Add one result."""
        everything = self._read()
        everything.setdefault(part, {})[name] = result
        scratch = self._path.with_suffix(f".{os.getpid()}")
        scratch.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        os.replace(scratch, self._path)

    def _read(self) -> Dict[str, Any]:
        if not self._path.exists():
            return {}
        found: Dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return found


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


def summary(rehearsal: Any, seconds: float, alone: bool) -> Dict[str, Any]:
    """What is kept of a rehearsal."""
    return {
        "outcome": rehearsal.outcome,
        "reason": rehearsal.reason[:600],
        "scenarios": {
            item.name: {
                "outcome": item.outcome,
                "unused": len(item.unused),
                "ready_twice": len(item.ready_twice),
                "error": item.error.strip()[:300] if item.outcome != "OK" else "",
                "disagreement": item.disagreement,
            }
            for item in rehearsal.scenarios
        },
        "groups": [f"{g.status}: {g.module or 'model'} ({g.class_name}), {g.size}" for g in rehearsal.groups[:4]],
        "trainable": rehearsal.trainable,
        "reentrant": rehearsal.reentrant,
        "replaced": [line for line in rehearsal.replaced if "compiled ops" in line],
        "activation_bytes": rehearsal.activation_bytes,
        "step_seconds": rehearsal.step_seconds,
        "seconds": round(seconds, 1),
        "alone": alone,
        "trace": rehearsal.detail[-1500:] if rehearsal.outcome in ("NOT_PROVED", "HANG") else "",
    }


def static_verdict(path: Path) -> Dict[str, Any]:
    """What `mmfix check` predicts for a config: the outcome of its worst finding."""
    from mmfix.config.reader import Reader
    from mmfix.findings import CONFIDENCES, SEVERITIES
    from mmfix.proofs.judged import predicted
    from mmfix.proofs.types import OUTCOMES
    from mmfix.rules import judge
    from mmfix.training import read

    setup = read(Reader().load(str(path)))
    found = [(finding, predicted(setup, finding)) for finding in judge(setup)]
    found = [(finding, outcome) for finding, outcome in found if outcome not in (None, "OK")]
    if not found:
        return {"static": "OK", "static_finding": "", "static_unread": setup.unread}

    def rank(item: Any) -> Tuple[int, int, int]:
        finding, outcome = item
        return SEVERITIES.index(finding.severity), CONFIDENCES.index(finding.confidence), -OUTCOMES.index(outcome)

    finding, outcome = min(found, key=rank)
    return {
        "static": outcome,
        "static_finding": f"{finding.code} {finding.confidence}",
        "static_unread": setup.unread,
        "static_all": [f"{f.code} {f.severity} {f.confidence} {o}" for f, o in found],
    }


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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, help="parts to measure; else all")
    parser.add_argument("--again", action="store_true", help="measure what is there, too")
    parser.add_argument("--names", nargs="+", default=(), help="measure what has one of these texts in its name")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables into this file; measures nothing")
    options = parser.parse_args()
    root, results = options.folder.resolve(), Results(RESULTS)
    if options.write:
        from prove_tables import write

        write(options.write, results)
        return
    sys.path.insert(0, str(root))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    for part in options.only or PARTS:
        run(part, root, results, options.again, options.names)


if __name__ == "__main__":
    main()
