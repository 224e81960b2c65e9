"""Where there is no GPU, a model that asks for one by name is built and trained all the same."""

from __future__ import annotations

from typing import Callable, Set

import pytest

torch = pytest.importorskip("torch")
from mmfix.prove.no_cuda import WORDS, built_on_cpu, cuda_is_cpu  # noqa: E402

ASKS = {
    "a tensor": lambda: torch.zeros(2).cuda(),
    "a module": lambda: torch.nn.Linear(2, 2).cuda().weight,
    "a factory": lambda: torch.zeros(2, device="cuda"),
    "a device": lambda: torch.zeros(2).to(torch.device("cuda:0")),
    "a layer": lambda: torch.nn.Linear(2, 2, device="cuda").weight,
}


@pytest.mark.parametrize("name", ASKS)
def test_a_model_that_asks_for_cuda(name: str) -> None:
    said: Set[str] = set()
    with cuda_is_cpu(True, said), built_on_cpu(True, said):
        assert ASKS[name]().device.type == "cpu"
    assert said == {WORDS}


def test_nobody_asks() -> None:
    said: Set[str] = set()
    before: Callable[..., object] = torch.Tensor.cuda
    with cuda_is_cpu(True, said), built_on_cpu(True, said):
        assert torch.nn.Linear(2, 2)(torch.zeros(1, 2)).shape == (1, 2)
    assert said == set()
    assert torch.Tensor.cuda is before
    with cuda_is_cpu(False, said), built_on_cpu(False, said):
        assert torch.Tensor.cuda is before
