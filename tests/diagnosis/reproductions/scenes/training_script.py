"""A user's training script, for torchrun: with a progress bar and in colours. Not a test module."""

from __future__ import annotations

import sys
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel


class Net(nn.Module):
    def __init__(self, distill: bool) -> None:
        super().__init__()
        self.backbone = nn.Linear(4, 4)
        if distill:
            self.distill = nn.Linear(4, 4)
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.backbone(x)).square().mean()


def main() -> None:
    dist.init_process_group("gloo")
    model = Net(distill="--distill" in sys.argv)
    if "--alone" not in sys.argv:  # DDP's constructor imports for seconds
        model = DistributedDataParallel(model)
    print(f"\x1b[32m[info]\x1b[0m rank {dist.get_rank()} of {dist.get_world_size()} trains", flush=True)
    started = time.time()
    for step in range(5):
        loss = model(torch.randn(2, 4))
        loss.backward()
        bar = f"\rEpoch 1:  {20 * step + 20:3}%|{'█' * (2 * step + 2):<10}| {step + 1}/5 [00:0{int(time.time() - started)}<00:00]"
        print(f"{bar}, loss=\x1b[1m{loss.item():.3f}\x1b[0m", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
