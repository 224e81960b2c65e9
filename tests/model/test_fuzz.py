"""Random models, trained by torch and read by the model reader: nothing that it says may be wrong.

`bench/fuzz_model.py` tries many more of them, and makes one that fails small.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("mmengine")
from mmfix.model.knowledge.torch import parts  # noqa: E402
from model.fuzz.compared import (  # noqa: E402
    WRONG_NEVER,
    WRONG_ONCE,
    WRONG_TRAINS,
    WRONG_TWICE,
    WRONG_USED,
    compared,
)
from model.fuzz.programs import Program, program  # noqa: E402
from model.fuzz.reduced import reduced  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.version_info < (3, 9), reason="the models are written in newer Python"),
    pytest.mark.filterwarnings("ignore"),
]
LOTS, LOT = 4, 40


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    torch.set_num_threads(threads)


def wrong(seeds: range, folder: Path) -> Dict[str, List[int]]:
    found: Dict[str, List[int]] = {}
    for seed in seeds:
        for kind in compared(program(seed), folder).wrong:
            found.setdefault(kind, []).append(seed)
    return found


@pytest.mark.parametrize("lot", range(LOTS))
def test_nothing_that_is_said_is_wrong(lot: int, tmp_path: Path) -> None:
    found = wrong(range(lot * LOT, (lot + 1) * LOT), tmp_path)
    for kind in (WRONG_NEVER, WRONG_TWICE, WRONG_ONCE, WRONG_TRAINS):
        assert not found.get(kind), f"python bench/fuzz_model.py --reduce '{kind}' {found[kind][0]}"
    # that a loop over what the trainer gives runs at least once is taken for granted
    assert len(found.get(WRONG_USED, [])) <= 2, found


def small(body: str, init: str = "") -> Program:
    return Program(
        "import torch\nfrom torch import nn\nfrom torch.utils.checkpoint import checkpoint\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))\n"
        f"        self.b = nn.Linear(4, 4)\n{init}\n"
        f"    def forward(self, inputs, data_samples=None, mode='loss'):\n        x = inputs\n{body}\n",
        {"type": "Net"},
    )


def test_what_is_seen_and_said_of_a_small_model(tmp_path: Path) -> None:
    chosen = small("        if x.sum() > 0:\n            x = self.a(x)\n        return dict(loss=self.b(x))")
    found = compared(chosen, tmp_path)
    assert (found.parts, found.exact, found.wrong) == (6, 6, {})


def _blind(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda m, module: real(m, module)[:1]


def test_a_wrong_reader_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small(
        "        y = x * 2\n        x = self.a(x) + y\n        return dict(loss=self.b(x), acc=x.sum())"
    )
    assert not compared(whole, tmp_path).wrong
    monkeypatch.setattr(parts, "elements", _blind(parts.elements))  # a container runs its first child alone
    assert compared(whole, tmp_path).wrong == {WRONG_NEVER: ["a.1.weight", "a.1.bias"]}
    made_small = reduced(whole, lambda smaller: WRONG_NEVER in compared(smaller, tmp_path).wrong)
    assert len(made_small.source) < len(whole.source) - 80
    assert "self.a(x)" in made_small.source
    assert "acc" not in made_small.source


def test_a_checkpoint_that_runs_twice_is_seen(tmp_path: Path) -> None:
    call = "x = checkpoint(self.a, x + self.b.bias, use_reentrant=True)"
    twice = small(f"        {call}\n        {call}\n        return dict(loss=self.b(x))")
    detached = small(
        f"        {call}\n        x = x.detach()\n        {call}\n        return dict(loss=self.b(x))"
    )
    assert not compared(twice, tmp_path).wrong
    assert not compared(detached, tmp_path).wrong
