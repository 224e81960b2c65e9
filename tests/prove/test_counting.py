"""The first instrument sees behind a forward pass what DDP sees, and in a checkpoint what autograd does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Iterator

import pytest

torch = pytest.importorskip("torch")

from mmfix.prove.counting import Counters  # noqa: E402


@dataclass
class Losses:
    """What a model of the user's may return."""

    loss: Any


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[None]:
    """A process group of this process alone."""
    store = torch.distributed.FileStore(str(tmp_path / "store"), 1)
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.ddp
@pytest.mark.parametrize(
    ("pack", "unpack", "found"),
    [
        (lambda loss: loss, lambda packed: packed, True),
        (lambda loss: {"losses": [{"loss": (loss,)}]}, lambda packed: packed["losses"][0]["loss"][0], True),
        (Losses, lambda packed: packed.loss, True),
        (lambda loss: [Losses({"a": loss})], lambda packed: packed[0].loss["a"], True),
        # mmengine's InstanceData is such an object
        (lambda loss: SimpleNamespace(loss=loss), lambda packed: packed.loss, False),
    ],
    ids=["tensor", "nested", "dataclass", "nested dataclass", "other object"],
)
def test_what_is_reachable_is_what_ddp_finds(
    alone: None, pack: Callable[[Any], Any], unpack: Callable[[Any], Any], found: bool
) -> None:
    class Model(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)

        def forward(self, values: Any) -> Any:
            return pack(self.layer(values).sum())

    counters, model = Counters(), Model()
    counters.watch(list(model.parameters()))
    ddp = torch.nn.parallel.DistributedDataParallel(model, find_unused_parameters=True)
    ddp.register_forward_hook(counters.after_forward)
    loss = unpack(ddp(torch.ones(1, 2)))
    if found:
        loss.backward()
    else:  # DDP has taken both parameters for unused ones
        with pytest.raises(RuntimeError, match="ready only once"):
            loss.backward()
    assert counters.take(True).reachable == ({0, 1} if found else set())


@pytest.mark.parametrize(
    ("arguments", "cut_off"),
    [
        (lambda: (torch.ones(1, 2, requires_grad=True),), False),
        (lambda: (torch.ones(1, 2),), True),
        (lambda: ([torch.ones(1, 2, requires_grad=True)],), True),
    ],
    ids=["gradient", "no gradient", "gradient inside of a list"],
)
def test_a_reentrant_checkpoint_needs_an_argument_with_a_gradient(
    arguments: Callable[[], Any], cut_off: bool
) -> None:
    layer, outer, counters = torch.nn.Linear(2, 1), torch.nn.Linear(1, 1), Counters()
    counters.watch([*layer.parameters(), *outer.parameters()])

    def run(value: Any) -> Any:
        return layer(value[0] if isinstance(value, list) else value)

    with counters.watching_checkpoints():
        outer(torch.utils.checkpoint.checkpoint(run, *arguments(), use_reentrant=True)).sum().backward()
    counts = counters.take(True)
    assert counts.cut_off == ({0, 1} if cut_off else set())
    assert set(counts.ready) == ({2, 3} if cut_off else {0, 1, 2, 3})
    assert counts.reentrant
