"""The order of the parameters is DDP's: the indices that torch prints are those of the names we have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from prove_ranks import rehearse_all, unused_by_ddp

from mmfix.jobs.explaining import ExplainOptions, explain_text
from mmfix.jobs.proving import order_by_building
from mmfix.proofs.types import Rehearsal
from mmfix.prove.job import Job

pytest.importorskip("torch")
pytestmark = [pytest.mark.ddp, pytest.mark.xdist_group("prove-order")]  # one start of the ranks for most

TOY = Path(__file__).parent / "toy"
#: ``frozen`` is frozen before the wrap, ``away.weight`` is kept from DDP; ``again`` and ``head.weight`` are
#: there already.
ODD = (
    *("root", "body.traffic light.weight", "body.traffic light.bias"),
    *("late.weight", "late.bias", "late.shift"),
    *("tied.weight", "head.bias", "away.bias", "last.weight", "last.bias"),
)
SEPARATE = {("model_wrapper_cfg",): {"type": "MMSeparateDistributedDataParallel"}}
#: name -> (overrides, names of unused parameters)
CASES: Dict[str, Tuple[Dict[Any, Any], Tuple[str, ...]]] = {
    "all used": ({}, ()),
    "of the model itself": ({("model", "left_out"): ["root"]}, ("root",)),
    "a name with a space": ({("model", "left_out"): ["light"]}, ODD[1:3]),
    "frozen later": ({("model", "left_out"): ["late"]}, ODD[3:6]),
    "tied": ({("model", "left_out"): ["tied"]}, ("tied.weight", "head.bias")),
    "one that DDP ignores": ({("model", "left_out"): ["away"]}, ("away.bias",)),
    "several": ({("model", "left_out"): ["root", "tied", "away"]}, ("root", *ODD[6:9])),
}


def job(overrides: Dict[Any, Any]) -> Job:
    odd = {("custom_imports", "imports"): ["toy_order"], ("model", "type"): "Odd", **overrides}
    return Job(str(TOY / "toy.py"), "", tuple(odd.items()), scenarios=("normal",))


@pytest.fixture(scope="module")
def rehearsed() -> Dict[str, Rehearsal]:
    jobs = {name: job(overrides) for name, (overrides, _) in CASES.items()}
    # its parts have no parameters of the model itself
    jobs["parts"] = job({**SEPARATE, ("model", "type"): "Toy", ("custom_imports", "imports"): ["toy_model"]})
    jobs["hook"] = job({("custom_hooks",): [{"type": "Broken"}]})
    jobs["one part"] = job({("model", "trap"): "one part", **SEPARATE})
    jobs["hook, one part"] = job(
        {("custom_hooks",): [{"type": "Broken"}], ("model", "trap"): "one part", **SEPARATE}
    )
    jobs["init_weights"] = job({("model", "trap"): "init_weights"})
    return dict(zip(jobs, rehearse_all(list(jobs.values()), TOY)))


@pytest.mark.parametrize("name", CASES)
def test_the_indices_of_ddp_are_the_names_of_the_rehearsal(
    name: str, rehearsed: Dict[str, Rehearsal]
) -> None:
    found, unused = rehearsed[name], CASES[name][1]
    assert found.parameters == ODD
    assert unused_by_ddp(found) == unused
    assert found.scenarios[0].unused == unused


def test_parts_that_are_wrapped_each_have_no_common_order(rehearsed: Dict[str, Rehearsal]) -> None:
    for name, trainable in (("parts", 14), ("one part", 2)):
        found = rehearsed[name]
        assert (found.outcome, found.trainable, found.parameters) == ("OK", trainable, ())


@pytest.mark.parametrize(
    ("name", "reason", "order"),
    [
        ("hook", "no such hook", ODD),  # the runner wraps before it makes hooks
        ("hook, one part", "no such hook", ()),
        ("init_weights", "no such weights", ODD),
    ],
)
def test_the_order_is_known_once_the_model_was_wrapped(
    name: str, reason: str, order: Tuple[str, ...], rehearsed: Dict[str, Rehearsal]
) -> None:
    found = rehearsed[name]
    assert found.outcome == "NOT_PROVED"
    assert reason in found.reason
    assert found.parameters == order


@pytest.mark.parametrize(
    ("lines", "order", "why"),
    [
        ("model = dict(type='Odd', trap='exit')", ODD, ""),  # it would, in the first step
        ("model = dict(type='Odd')\ndefault_scope = None", ODD, ""),  # as mmdet's lazy configs have it
        ("model = dict(type='Odd', data_preprocessor=dict(type='NotThere'))", (), "NotThere is not in the"),
        (
            "model = dict(type='Odd')\nrunner_type = 'FlexibleRunner'\nstrategy = dict(type='DDPStrategy')",
            ODD,
            "",
        ),
        (
            "model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')",
            (),
            "its parts are wrapped one by one, and each counts from 0",
        ),
        ("model = dict(type='mmdet3d.VoxelNet', _delete_=True)", (), "mmdet3d is not installed here"),
    ],
)
def test_order_by_building(
    lines: str, order: Tuple[str, ...], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.py"
    imports = "" if "Separate" in lines else "custom_imports = dict(imports=['toy_order'])"
    config.write_text(f"_base_ = {str(TOY / 'toy.py')!r}\n{imports}\n{lines}\n")
    where = filter(None, (str(TOY), os.environ.get("PYTHONPATH")))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(where))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    said: List[str] = []
    found = order_by_building(str(config), said.append)
    assert (found.parameters, len(said)) == (order, 1)
    assert why in found.reason
    assert bool(why) == bool(found.reason)


#: A model for which nobody can make a batch.
NO_BATCHES = """\
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import nn


@MODELS.register_module()
class Unserved(BaseModel):
    def __init__(self, broken=False, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        self.used, self.unused = nn.Linear(2, 2), nn.Linear(2, 2)
        if broken:
            raise ValueError("a broken constructor")

    def forward(self, inputs, data_samples=None, mode="tensor"):
        raise AssertionError("no step is asked for")
"""


@pytest.mark.parametrize(
    ("broken", "seconds", "said"),
    [(False, 120, ""), (True, 120, "a broken constructor"), (False, 1, "the time limit of 1 s came")],
)
def test_explain_names_an_index_by_building(
    broken: bool, seconds: float, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.py"
    (tmp_path / "unserved.py").write_text(NO_BATCHES)
    imports = "custom_imports = dict(imports=['unserved'])"
    model = f"model = dict(type='Unserved', broken={broken})"
    config.write_text(f"_base_ = {str(TOY / 'toy.py')!r}\n{imports}\n{model}\n")
    where = filter(None, (str(tmp_path), os.environ.get("PYTHONPATH")))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(where))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    message = (
        "Expected to have finished reduction in the prior iteration before starting a new one.\n"
        "Parameter indices which did not receive grad for rank 0: 3\n"
    )

    found = explain_text(message, ExplainOptions(str(config), build=True, seconds=seconds))

    names = [item.name for item in found.parameters if item.name]
    notes = [note for note in found.notes if "--build" in note]
    assert said or (names, found.confidence) == (["unused.bias"], "proven")
    assert len(notes) == bool(said)
    assert not said or said in notes[0]
