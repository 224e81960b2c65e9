"""Twelve toy rehearsals again and again on a loaded machine: each must end with the same verdict every time.

    python bench/prove_repeats.py FILE [--repeats 100] [--load 2] [--minutes 60] [--write docs/reliability.md]

Each runs in processes of its own, as `mmfix prove` does it, while `--load` processes compute for nothing. FILE keeps what was
seen, so that a run that was stopped goes on; `--minutes` stops it. A verdict is the outcome and that of each scenario.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple

from mmfix.config.reader import Reader
from mmfix.jobs.proving import settings_of_script
from mmfix.proofs.types import Rehearsal
from mmfix.prove.job import Job
from mmfix.prove.supervise import Ranks, rehearse
from mmfix.training import read
from sections import put

HEADING = "## The same rehearsal again and again"
TESTS = Path(__file__).resolve().parents[1] / "tests"
TOY = TESTS / "prove" / "toy"
_PATH = os.environ.get("PYTHONPATH", "")
sys.path.insert(0, str(TESTS))


class Toy(NamedTuple):
    """One rehearsal, and how it must end.

    Attributes:
        outcome: What is right.
        overrides: Of the toy config.
        era: Which of the two.
    """

    outcome: str
    overrides: Dict[str, Any]
    era: str = "mmengine"


_CP = {"model.cp": "reentrant"}
_FIND = {"find_unused_parameters": True}
_STATIC = {"model_wrapper_cfg": {"type": "MMDistributedDataParallel", "static_graph": True}}
_NONREENTRANT = {
    "model.cp": "default",
    "custom_imports": {"imports": ["toy_model", "mmfix.nonreentrant_checkpoint"]},
}
TOYS: Dict[str, Toy] = {
    "healthy": Toy("OK", {}),
    "a module that nothing uses": Toy("UNUSED", {"model.unused": "always"}),
    "reentrant checkpoint, find_unused_parameters": Toy("READY_TWICE", {**_CP, **_FIND}),
    "its input has no gradient": Toy("UNTRAINED", {**_CP, **_FIND, "model.input_has_grad": False}),
    "static graph, accumulation": Toy("NO_SYNC_ASSERT", {**_STATIC, "optim_wrapper.accumulative_counts": 2}),
    "one rank changes a weight": Toy("DIVERGED", {"model.trap": "diverge"}),
    "a collective that one rank leaves out": Toy("HANG", {"model.trap": "mismatch"}),
    "the model raises": Toy("NOT_PROVED", {"model.trap": "raise"}),
    "cure: checkpoint off": Toy("OK", {**_FIND, "model.cp": "none"}),
    "cure: non-reentrant checkpoint": Toy("OK", {**_FIND, **_NONREENTRANT}),
    "mmcv 1.x: reentrant checkpoint, find_unused_parameters": Toy("READY_TWICE", {**_CP, **_FIND}, "mmcv1"),
    "mmcv 1.x, cure: find_unused_parameters": Toy("OK", {**_FIND, "model.unused": "always"}, "mmcv1"),
}


def job_of(toy: Toy) -> Job:
    given = tuple((tuple(key.split(".")), value) for key, value in toy.overrides.items())
    if toy.era == "mmengine":
        return Job(str(TOY / "toy.py"), "", given)
    path = str(TOY / "toy1.py")
    settings = settings_of_script(read(Reader().load(path)), given)
    return Job(path, "", given, era="mmcv1", settings=settings)


def verdict(found: Rehearsal) -> str:
    return " ".join([found.outcome, *(f"{each.name}={each.outcome}" for each in found.scenarios)])


@contextlib.contextmanager
def load(number: int) -> Iterator[None]:
    """Processes that compute for nothing, as long as this one lives."""
    script = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(100_000))"
    busy = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(number)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--load", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    seen: Dict[str, List[Dict[str, Any]]] = (
        json.loads(options.file.read_text()) if options.file.exists() else {}
    )
    with load(options.load):
        for number in range(options.repeats):
            for name, toy in TOYS.items():
                kept = seen.setdefault(name, [])
                if len(kept) <= number and time.monotonic() < until:
                    kept.append(one(name, toy))
                    options.file.write_text(json.dumps(seen, indent=1))
    lines = table(seen, options.load)
    if options.write:
        put(options.write, HEADING, "\n".join(lines))
    print("\n".join(lines))
    return int(any(odd(name, kept) for name, kept in seen.items()))


def one(name: str, toy: Toy) -> Dict[str, Any]:
    from openmmlab_packages import openmmlab1_folder

    folders = [str(TOY)] + ([str(openmmlab1_folder())] if toy.era == "mmcv1" else [])
    os.environ["PYTHONPATH"] = os.pathsep.join([*folders, *filter(None, [_PATH])])
    began = time.monotonic()
    found = rehearse(job_of(toy), Ranks(2))
    told = {"verdict": verdict(found), "reason": found.reason, "seconds": time.monotonic() - began}
    print(f"{name}: {told['verdict']} {told['seconds']:.0f} s", flush=True)
    return told


def odd(name: str, kept: List[Dict[str, Any]]) -> int:
    """How many are not as they must be, or not as most are."""
    verdicts = Counter(each["verdict"] for each in kept)
    most = verdicts.most_common(1)[0][0] if verdicts else ""
    right = most.partition(" ")[0] == TOYS[name].outcome
    return len(kept) - (verdicts[most] if right else 0)


def table(seen: Dict[str, List[Dict[str, Any]]], load: int) -> List[str]:
    lines = [
        f"{HEADING}\n",
        "Toy rehearsals, each in fresh processes with two gloo ranks and all scenarios, on two cores that others use at the same time",
        f"({load} more processes that compute for nothing). *Odd*: another outcome, of the whole or of a scenario, than that of the",
        "others, or a wrong one. Made by `python bench/prove_repeats.py FILE --write docs/reliability.md`; 100 repeats are meant.\n",
        "| rehearsal | outcome | repeats | odd | seconds: median, longest |",
        "|---|---|---|---|---|",
    ]
    for name, kept in seen.items():
        if kept:
            seconds = [each["seconds"] for each in kept]
            spent = f"{statistics.median(seconds):.0f}, {max(seconds):.0f}"
            lines.append(f"| {name} | {TOYS[name].outcome} | {len(kept)} | {odd(name, kept)} | {spent} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
