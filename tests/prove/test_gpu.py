"""`mmfix prove` under torchrun on GPUs, as many ranks as there are: NCCL, and the same verdicts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.ddp,
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU that torch can use"),
]

TOY = Path(__file__).parent / "toy"


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        ("", "OK"),
        ("model = dict(unused='always')", "UNUSED"),
        ("model = dict(cp='reentrant')\nfind_unused_parameters = True", "READY_TWICE"),
        # with two ranks: on one of them alone, in the last scenario
        ("model = dict(trap='empty head')", "UNUSED"),
    ],
)
def test_nccl(tmp_path: Path, lines: str, outcome: str) -> None:
    for name in ("toy.py", "toy_graph.py", "toy_model.py"):
        shutil.copy(TOY / name, tmp_path)
    (tmp_path / "case.py").write_text(f"_base_ = './toy.py'\n{lines}\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", str(torch.cuda.device_count())),
            *("-m", "mmfix", "prove", "case.py", "--format", "json"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    found = json.loads(done.stdout[done.stdout.index("{") : done.stdout.rindex("}") + 1])
    assert (found["backend"], found["world_size"]) == ("nccl", torch.cuda.device_count())
    assert found["outcome"] == outcome, found
    assert not any(scenario["disagreement"] for scenario in found["scenarios"])
