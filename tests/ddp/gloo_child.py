"""One rank of a two-process gloo run: trains small models, prints what each cell did as JSON lines.

Run as ``python gloo_child.py RANK PORT SECONDS < cells.json``. Each cell is a dict with the fields of
``mmfix.ddp.Settings`` and ``mmfix.ddp.Traits`` and its name. Not a test module.
"""

from __future__ import annotations

import contextlib
import datetime
import faulthandler
import json
import os
import sys
import warnings

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

WIDTH = 4
STEPS = 4


class Block(nn.Module):
    """A residual block, checkpointed the mmcv way (``guarded``) or without looking at its input."""

    def __init__(self, mode: str, guarded: bool) -> None:
        super().__init__()
        self.layer = nn.Linear(WIDTH, WIDTH)
        self.mode = mode
        self.guarded = guarded

    def forward(self, x):
        def inner(x):
            return x + torch.tanh(self.layer(x))

        if self.mode == "none" or (self.guarded and not x.requires_grad):
            return inner(x)
        if self.mode == "non-reentrant":
            return checkpoint(inner, x, use_reentrant=False)
        return checkpoint(inner, x)  # no use_reentrant: as the zoos write it


class Net(nn.Module):
    """Stem, three blocks, head; with what the traits ask for."""

    def __init__(self, traits: dict) -> None:
        super().__init__()
        self.traits = traits
        guarded = traits["input_has_grad"]
        self.stem = nn.Linear(WIDTH, WIDTH)
        self.blocks = nn.ModuleList(Block(traits["checkpoint"], guarded) for _ in range(3))
        self.head = nn.Linear(WIDTH, 1)
        if traits["unused"] != "never":
            self.extra = nn.Linear(WIDTH, WIDTH)
        if not traits["input_has_grad"]:
            self.stem.requires_grad_(False)
        if traits["late_freeze"]:
            self.late = nn.Linear(WIDTH, WIDTH)

    def train(self, mode: bool = True):
        super().train(mode)
        if self.traits["late_freeze"]:
            self.late.requires_grad_(False)
        return self

    def forward(self, x, step: int):
        if self.traits["late_freeze"]:
            x = self.late(x)
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        if self.traits["reused"]:
            x = self.blocks[-1](x)
        if self.traits["unused"] == "sometimes" and step % 2 == 0:
            x = x + self.extra(x)
        return self.head(x).square().mean()

    def train_step(self, *inputs):
        return self.forward(*inputs)


class StepsPastForward(DistributedDataParallel):
    """A training step that does not go through ``DDP.forward``, as mmcv 1.x has it."""

    def train_step(self, *inputs):
        self.reducer._rebuild_buckets()
        loss = self.module.train_step(*inputs)
        self.reducer.prepare_for_backward([loss] if self.find_unused_parameters else [])
        return loss


def error_kind(error: BaseException) -> str:
    text = str(error)
    if "ready only once" in text:
        return "READY_TWICE"
    if "expected to have finished reduction" in text.lower() or "training graph has changed" in text:
        return "UNUSED"
    if "expect_autograd_hooks_ INTERNAL ASSERT FAILED" in text:
        return "NO_SYNC_ASSERT"
    return f"{type(error).__name__}: {text[:200]}"


def ranks_agree(model: nn.Module) -> bool:
    mine = torch.cat([p.detach().flatten() for p in model.parameters()])
    both = [torch.empty_like(mine) for _ in range(dist.get_world_size())]
    dist.all_gather(both, mine)
    return bool(torch.equal(both[0], both[1]))


def run_cell(cell: dict, rank: int) -> str:
    torch.manual_seed(0)
    net = Net(cell)
    initial = {name: p.detach().clone() for name, p in net.named_parameters()}
    cls = StepsPastForward if cell["bypasses_forward"] else DistributedDataParallel
    model = cls(net, find_unused_parameters=cell["find_unused_parameters"], static_graph=cell["static_graph"])
    model.train()
    every = cell["accumulation"]
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.05)
    torch.manual_seed(100 + rank)
    problem = None
    try:
        for step in range(STEPS):
            sync = (step + 1) % every == 0
            quiet = every > 1 and not sync and not cell["bypasses_forward"]
            with model.no_sync() if quiet else contextlib.nullcontext():
                x = torch.randn(3, WIDTH)
                loss = model.train_step(x, step) if cell["bypasses_forward"] else model(x, step)
                loss.backward()
            if sync:
                optimizer.step()
                optimizer.zero_grad()
    except RuntimeError as error:
        problem = error_kind(error)
    if problem is not None:
        return problem
    if not ranks_agree(net):
        return "DIVERGED"
    stuck = [
        name
        for name, p in net.named_parameters()
        if p.requires_grad and not name.startswith("extra") and torch.equal(p.detach(), initial[name])
    ]
    return "UNTRAINED" if stuck else "OK"


def main() -> None:
    rank, port, seconds = (int(argument) for argument in sys.argv[1:4])
    faulthandler.dump_traceback_later(seconds, exit=True)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    dist.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=2,
        timeout=datetime.timedelta(seconds=60),
    )
    for cell in json.load(sys.stdin):
        if cell.get("flip_default"):
            import mmfix.nonreentrant_checkpoint  # noqa: F401  (what custom_imports does)
        print(json.dumps({"name": cell["name"], "outcome": run_cell(cell, rank)}), flush=True)
    dist.destroy_process_group()
    os._exit(0)  # not a normal exit: torch's threads may be running yet, and then it aborts


if __name__ == "__main__":
    main()
