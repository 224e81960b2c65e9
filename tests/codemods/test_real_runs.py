"""Under two gloo ranks: what stopped runs after the cure, with the same gradients."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest
from code_repository import IN_INIT, IN_TRAIN, PARTIAL, WRAPPER, freezing, repository

import mmfix

pytest.importorskip("torch")
pytestmark = pytest.mark.ddp

GUARDED = """def inner(y):
                return self.a(y) + y
            x = cp.checkpoint(inner, x) if x.requires_grad else inner(x)"""
#: Body and imports of a model, by what it shows.
CHECKPOINTS = {
    "a block": ("x = cp.checkpoint(self.a, x)", ""),
    "guarded, as in ResNet": (GUARDED, ""),
    "it says True": ("x = cp.checkpoint(self.a, x, use_reentrant=True)", ""),
    "through a function": ("x = run(self.a, x)", WRAPPER),
    "through a partial": ("x = run(self.a, x)", PARTIAL + "\n"),
    "a sequence": ("x = cp.checkpoint_sequential(nn.Sequential(self.a, self.b), 2, x)", ""),
    "one in another": ("x = cp.checkpoint(lambda y: cp.checkpoint(self.a, y), x)", ""),
}


def job(folder: Path, name: str, config: str, remedy: str = "non-reentrant-in-code") -> Dict[str, Any]:
    """The model as it is, and as the cure leaves it."""
    (edit,) = mmfix.patch(config, remedy).edits
    after = folder / "after.py"
    after.write_bytes(edit.after)
    assert Path(edit.path).read_bytes() == edit.before
    return {
        "name": name,
        "before": edit.path,
        "after": str(after),
        "store": str(folder / "store"),
        "find_unused": remedy == "non-reentrant-in-code",
        "initialised": name == "in init_weights()",
    }


def measured(jobs: List[Dict[str, Any]]) -> Dict[str, Any]:
    command = [sys.executable, str(Path(__file__).with_name("real_runs.py"))]
    ranks = [
        subprocess.Popen(
            [*command, str(rank), json.dumps(jobs)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for rank in range(2)
    ]
    try:
        said = [process.communicate(timeout=180) for process in ranks]
    finally:
        for process in ranks:
            process.kill()
            process.wait()
    rows = [[json.loads(line) for line in out.splitlines() if line.startswith("{")] for out, _ in said]
    assert [len(each) for each in rows] == [len(jobs)] * 2, said[0][1][-2000:]
    assert [row["outcomes"] for row in rows[0]] == [row["outcomes"] for row in rows[1]]
    return {row["name"]: row for row in rows[0]}


def test_what_stopped_runs_with_the_same_gradients(tmp_path: Path) -> None:
    jobs = []
    for name, (body, imports) in CHECKPOINTS.items():
        folder = tmp_path / str(len(jobs))
        folder.mkdir()
        jobs.append(job(folder, name, repository(folder, body, imports)))
    for name, where in {"in train()": IN_TRAIN, "in init_weights()": IN_INIT}.items():
        folder = tmp_path / str(len(jobs))
        folder.mkdir()
        jobs.append(job(folder, name, freezing(folder, where), "freeze-before-wrap"))
    found = measured(jobs)
    late = {"in train()", "in init_weights()"}
    assert {name: row["outcomes"] for name, row in found.items()} == {
        each["name"]: ["UNUSED" if each["name"] in late else "READY_TWICE", "OK"] for each in jobs
    }
    assert max(row["difference"] for row in found.values()) == 0.0
    assert max(row["under_ddp"] for row in found.values()) < 1e-6
