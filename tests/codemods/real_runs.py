"""One of two gloo ranks: each model before and after its cure, under real DDP. Run as a script."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from typing import Any, Dict, List

import torch
import torch.distributed as dist
from mmengine.registry import MODELS

#: What DDP says, by outcome (torch ``reducer.cpp``).
SIGNS = {
    "READY_TWICE": "mark a variable ready only once",
    "UNUSED": "finished reduction in the prior iteration",
}


#: Models that were wrapped. One that goes takes its group along while it holds the lock of Python, and
#: torch waits for a thread of the group that waits for the lock (``ProcessGroupGloo::~ProcessGroupGloo``).
_KEPT: List[Any] = []


def made(path: str) -> Any:
    """The model of a file, the same numbers in it whenever it is made."""
    MODELS.module_dict.pop("Net", None)
    spec = importlib.util.spec_from_file_location(f"net_{abs(hash(path))}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    torch.manual_seed(0)
    return module.Net()


def batch(number: int) -> torch.Tensor:
    return torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(number))


def gradients(model: Any) -> Dict[str, torch.Tensor]:
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def begin(model: Any, initialised: bool) -> None:
    """What the runner does between the wrap and the first step."""
    if initialised:
        torch.manual_seed(1)
        model.init_weights()
    model.train()


def alone(path: str, initialised: bool) -> Dict[str, torch.Tensor]:
    """The gradients of one step without DDP."""
    model = made(path)
    begin(model, initialised)
    model(batch(0))["loss"].backward()
    return gradients(model)


def together(path: str, store: str, rank: int, find_unused: bool, initialised: bool) -> Any:
    """Outcome of three steps, and the gradients of the first; wrapped before ``train()``, as runners do."""
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    try:
        model = made(path)
        ddp = torch.nn.parallel.DistributedDataParallel(model, find_unused_parameters=find_unused)
        _KEPT.append(ddp)
        begin(model, initialised)
        first: Dict[str, torch.Tensor] = {}
        for number in range(3):
            ddp.zero_grad(set_to_none=True)
            ddp(batch(number))["loss"].backward()
            first = first or gradients(model)
        return "OK", first
    except RuntimeError as error:
        return next((name for name, sign in SIGNS.items() if sign in str(error)), str(error)), {}
    finally:
        dist.destroy_process_group()


def furthest(one: Dict[str, torch.Tensor], other: Dict[str, torch.Tensor]) -> float:
    if one.keys() != other.keys():
        return float("inf")
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def main() -> None:
    rank, jobs = int(sys.argv[1]), json.loads(sys.argv[2])
    torch.set_num_threads(1)
    for job in jobs:
        before, after = (alone(job[which], job["initialised"]) for which in ("before", "after"))
        outcomes = [
            together(job[which], f"{job['store']}-{which}", rank, job["find_unused"], job["initialised"])
            for which in ("before", "after")
        ]
        print(json.dumps({
            "name": job["name"],
            "outcomes": [outcome for outcome, _ in outcomes],
            "difference": furthest(before, after),
            "under_ddp": furthest(after, outcomes[1][1]),
        }), flush=True)  # fmt: skip
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
