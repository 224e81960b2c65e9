"""The command line on cases that fail: before and after each cure; and the same proof many times over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict

from mmfix.proofs.types import Rehearsal
from mmfix.prove.supervise import Ranks, rehearse
from prove_configs import job_of
from prove_mutants import CP, FIND, RETINA, SHORTER, STATIC, SWIN, TWO_STEPS, Mutant, frozen, written
from prove_results import Results

REPEATS = 20
TOY = Path(__file__).resolve().parents[1] / "tests" / "prove" / "toy"
#: The two cases of the example configs, which are of mmcv 1.x, with detectors of mmdet; and what else must fail.
CASES: Dict[str, Mutant] = {
    "1: a stage that nothing reads": Mutant(
        "mmdet", RETINA, {**SHORTER, "model.neck.in_channels": [64, 128, 256]}
    ),
    "2: checkpoint and find_unused_parameters": Mutant("mmdet", RETINA, {**CP, **FIND}),
    "3: static graph and accumulation": Mutant("mmdet", RETINA, {**STATIC, **TWO_STEPS}),
    "4: Swin, two stages frozen": Mutant("mmdet", SWIN, frozen(2)),
    "5: Swin, two stages frozen, checkpoint and find_unused_parameters": Mutant(
        "mmdet", SWIN, {**CP, **frozen(2), **FIND}
    ),
}
TOYS = {"toy, OK": "", "toy, READY_TWICE": "model = dict(cp='default')\nfind_unused_parameters = True\n"}


def cures(root: Path, results: Results, only: Callable[[str], bool]) -> None:
    """Every case with `mmfix prove --all-remedies`."""
    for name, mutant in CASES.items():
        if only(name):
            with tempfile.TemporaryDirectory(prefix="mmfix-cases-") as scratch:
                path = written(root, mutant, Path(scratch) / "case.py")
                found = prove(path, "--all-remedies")
            results.put("demo", name, {**_kept(found), "of": mutant.name})
            table = [(remedy["name"], remedy["outcome"]) for remedy in found["remedies"]]
            print(name, found["outcome"], table, f"{found['seconds']:.0f} s", flush=True)


def repeats(root: Path, results: Results, only: Callable[[str], bool]) -> None:
    """The same rehearsals many times over, each in fresh processes: a toy, and the model of the first cases."""
    real = {
        "RetinaNet R18, OK": Mutant("mmdet", RETINA, {}),
        "RetinaNet R18, READY_TWICE": CASES["2: checkpoint and find_unused_parameters"],
    }
    os.environ["PYTHONPATH"] = os.pathsep.join((str(TOY), os.environ.get("PYTHONPATH", "")))
    for name in (*TOYS, *real):
        if not only(name):
            continue
        with tempfile.TemporaryDirectory(prefix="mmfix-repeats-") as scratch:
            path = Path(scratch) / "same.py"
            if name in real:
                written(root, real[name], path)
            else:
                path.write_text(f"_base_ = [{str(TOY / 'toy.py')!r}]\n{TOYS[name]}", encoding="utf-8")
            job = job_of(path)
            seen = Counter(verdict(rehearse(job, Ranks(2))) for _ in range(REPEATS))
        results.put("repeats", name, dict(seen))
        print(name, dict(seen), flush=True)


def verdict(found: Rehearsal) -> str:
    """What must not differ between repeats: outcomes, and how many parameters are behind them."""
    told = (
        f"{item.name} {item.outcome} {len(item.unused)} {len(item.ready_twice)}" for item in found.scenarios
    )
    return f"{found.outcome}: " + ", ".join(told)


def prove(path: Path, *options: str) -> Dict[str, Any]:
    """`mmfix prove --format json`."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "mmfix", "prove", "--format", "json", *options, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TOY), os.environ.get("PYTHONPATH", "")))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode not in (0, 1, 2) or not done.stdout:
        raise SystemExit(done.stderr[-3000:])
    found: Dict[str, Any] = json.loads(done.stdout)
    return found


def _kept(found: Dict[str, Any]) -> Dict[str, Any]:
    keys = ("outcome", "reason", "remedies", "seconds", "activation_bytes", "step_seconds")
    kept = {key: found.get(key) for key in keys}
    kept["scenarios"] = [
        {**{key: item[key] for key in ("name", "outcome")}, "error": (item["error"] or "")[:200]}
        for item in found["scenarios"]
    ]
    return kept
