"""Synchronised batch norm goes, its parameters and statistics stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from fresh_python import run

torch = pytest.importorskip("torch")
from mmfix.prove.plain_norm import without_sync_norm  # noqa: E402


def test_parameters_and_statistics_stay() -> None:
    synchronised = torch.nn.SyncBatchNorm(3)
    synchronised.running_mean.fill_(5)
    model = torch.nn.Sequential(torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1), synchronised), torch.nn.ReLU())
    before = dict(model.named_parameters())
    assert without_sync_norm(model)
    after = dict(model.named_parameters())
    assert list(before) == list(after)
    assert all(after[name] is parameter for name, parameter in before.items())
    model.eval()
    assert model[0][1](torch.full((1, 3, 2, 2), 5.0)).abs().max() < 1e-5
    model.train()
    assert model(torch.rand(2, 3, 4, 4)).shape == (2, 3, 4, 4)  # SyncBatchNorm refuses a CPU tensor here


def test_a_model_without_it_is_left_alone() -> None:
    model = torch.nn.Sequential(torch.nn.BatchNorm2d(3))
    norm = model[0]
    assert not without_sync_norm(model)
    assert model[0] is norm


OF_MMCV = """
from mmfix.prove import ops
ops.install()
import torch
from mmcv.ops import SyncBatchNorm
from mmfix.prove.plain_norm import without_sync_norm
torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
module = torch.nn.Sequential(SyncBatchNorm(3))
assert without_sync_norm(module)
print(tuple(module(torch.rand(2, 3, 4, 4)).shape), *sorted(name for name, _ in module.named_parameters()))
"""


@pytest.mark.zoo
def test_the_class_of_mmcv_goes_too(openmmlab: Path) -> None:
    assert run(OF_MMCV, openmmlab).split("\n")[0] == "(2, 3, 4, 4) 0.bias 0.weight"
