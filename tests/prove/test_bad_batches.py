"""Makers that fail, batches of the wrong kind, losses that are no numbers: a reason, never an outcome."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict

import pytest
from prove_ranks import rehearse_all

from mmfix.proofs.types import Rehearsal
from mmfix.prove.job import Job

pytest.importorskip("torch")
pytestmark = [pytest.mark.ddp, pytest.mark.xdist_group("prove-bad-batches")]

TOY = Path(__file__).parent / "toy"
MODULE = """\
import torch
from toy_model import Samples

from mmfix.prove.inputs import register


class Bad(Samples):
    def {method}(self, *arguments):
        {body}


register("mmengine", Bad())
"""
#: name -> (method of the maker, its body, what is said)
BAD = {
    "size": ("size", "return 1 / 0", "Bad failed: ZeroDivisionError: division by zero"),
    "text": ("size", "return 'big'", "size gives two whole numbers, height and width, not 'big'"),
    "adapt": ("adapt", "raise KeyError('voxels')", "Bad failed: KeyError: 'voxels'"),
    "batch": ("batch", "import no_such_package", "Bad failed: ModuleNotFoundError: No module named"),
    "none": ("batch", "return None", "a batch is a dict or a list, not NoneType"),
    "other": ("batch", "return {'points': []}", "unexpected keyword argument 'points'"),
    "nan": (
        "batch",
        "return {**super().batch(*arguments), 'inputs': [float('nan') * torch.ones(4)] * 2}",
        "the losses are not finite",
    ),
}


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Rehearsal]:
    folder = tmp_path_factory.mktemp("makers")
    for name, (method, body, _) in BAD.items():
        (folder / f"bad_{name}.py").write_text(MODULE.format(method=method, body=body))
    jobs = [
        Job(
            str(TOY / "toy.py"),
            "",
            ((("custom_imports", "imports"), ["toy_model", f"bad_{name}"]),),
            scenarios=("normal", "empty"),
        )
        for name in BAD
    ]
    found = rehearse_all(jobs, os.pathsep.join((str(folder), str(TOY))))
    return dict(zip(BAD, found))


@pytest.mark.parametrize("name", BAD)
def test_a_reason_and_no_outcome(name: str, rehearsed: Dict[str, Rehearsal]) -> None:
    found = rehearsed[name]
    assert found.outcome == "NOT_PROVED"
    assert BAD[name][2] in found.reason
    assert "Traceback" not in found.reason
