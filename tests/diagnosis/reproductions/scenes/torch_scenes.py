"""What torch alone says. Each scene is a small training script. Not a test module."""

from __future__ import annotations

import contextlib
import datetime
import time

import torch
import torch.distributed as dist
from stage import scene
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, Dataset

WIDTH = 4
NAMES = {"TORCH_DISTRIBUTED_DEBUG": "INFO", "TORCH_CPP_LOG_LEVEL": "INFO"}


class Net(nn.Module):
    """A stem, a backbone of two layers, a head; and distillation, which takes part when it is told to."""

    def __init__(self, extra: int = 1) -> None:
        super().__init__()
        self.stem = nn.Linear(WIDTH, WIDTH)
        self.backbone = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH))
        self.distill = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(extra))
        self.head = nn.Linear(WIDTH, 1)

    def forward(self, x, distilled=()):
        x = self.backbone(self.stem(x))
        for index in distilled:
            x = self.distill[index](x)
        return self.head(x).square().mean()


class Checkpointed(Net):
    """Its backbone goes through a reentrant checkpoint, as often as it is told."""

    guarded = True

    def forward(self, x, times=1):
        x = self.stem(x) if self.guarded else x
        for _ in range(times):
            x = checkpoint(self.backbone, x, use_reentrant=True)
        return self.head(x).square().mean()


def join(seconds: float = 30) -> int:
    dist.init_process_group("gloo", timeout=datetime.timedelta(seconds=seconds))
    return dist.get_rank()


def train(net, *others, steps=3, **settings):
    model = DistributedDataParallel(net, **settings)
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.01)
    for step in range(steps):
        given = [other(step) for other in others]
        model(torch.randn(2, WIDTH), *given).backward()
        optimizer.step()
        optimizer.zero_grad()
    print("done", flush=True)


@scene(ranks=2)
def unused_off():
    join()
    train(Net())


@scene(ranks=2)
def unused_backward_to_some():
    join()
    model = DistributedDataParallel(Net(), find_unused_parameters=True)
    for _ in range(2):
        model(torch.randn(2, WIDTH), [0]).backward(inputs=list(model.module.backbone.parameters()))


@scene(ranks=2)
def unused_many():
    join()
    train(Net(extra=60))


@scene(ranks=2, **NAMES)
def unused_names():
    join()
    train(Net())


@scene(ranks=2)
def unused_differently():
    rank = join()
    train(Net(extra=3), lambda step: (rank,))


@scene(ranks=2)
def unused_at_one_rank():
    """The other rank waits in its backward pass for gradients that never come."""
    rank = join()
    train(Net(), lambda step: () if rank == 1 and step == 2 else (0,), steps=5)


@scene(ranks=2)
def twice_find_unused():
    join()
    train(Checkpointed(extra=0), find_unused_parameters=True)


@scene(ranks=2)
def twice_used_twice():
    join()
    train(Checkpointed(extra=0), lambda step: 2)


@scene(ranks=2, **NAMES)
def twice_names():
    join()
    train(Checkpointed(extra=0), find_unused_parameters=True)


@scene(ranks=2)
def static_no_sync():
    join()
    model = DistributedDataParallel(Net(extra=0), static_graph=True)
    for step in range(4):
        if step % 2:
            model(torch.randn(2, WIDTH)).backward()
        else:
            with model.no_sync():
                loss = model(torch.randn(2, WIDTH))
            loss.backward()


@scene(ranks=2)
def static_used_later():
    join()
    train(Net(), lambda step: () if step == 0 else (0,), static_graph=True)


@scene(ranks=2)
def static_unused_later():
    join()
    train(Net(), lambda step: (0,) if step == 0 else (), static_graph=True)


@scene()
def untrained():
    net = Checkpointed(extra=0)
    net.guarded = False
    net(torch.randn(2, WIDTH)).backward()


@scene()
def nothing_to_train():
    """All that is left to train lies behind a frozen stem, in a checkpoint."""
    stem, part = nn.Linear(WIDTH, WIDTH).requires_grad_(False), nn.Linear(WIDTH, WIDTH)
    checkpoint(part, stem(torch.randn(2, WIDTH)), use_reentrant=True).sum().backward()


@scene(ranks=2)
def untrained_ddp():
    join()
    net = Checkpointed(extra=0)
    net.guarded = False
    del net.stem
    train(net)


@scene(ranks=2)
def find_unused_for_nothing():
    join()
    train(Net(extra=0), find_unused_parameters=True)


class Normalised(nn.Module):
    def __init__(self, norm) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.norm = norm

    def forward(self, x):
        return self.norm(self.conv(x)).square().mean()


@scene(ranks=2)
def sync_batchnorm_wrapped():
    join()
    DistributedDataParallel(Normalised(nn.SyncBatchNorm(4)))


@scene(ranks=1)
def sync_batchnorm_input():
    join()
    Normalised(nn.SyncBatchNorm(4))(torch.randn(2, 3, 4, 4)).backward()


@scene()
def default_group():
    dist.get_world_size(dist.group.WORLD)


@scene()
def default_group_reduce():
    dist.all_reduce(torch.zeros(1))


@scene()
def one_value():
    Normalised(nn.BatchNorm2d(4))(torch.randn(1, 3, 1, 1)).backward()


@scene()
def one_value_instance():
    Normalised(nn.InstanceNorm2d(4))(torch.randn(1, 3, 1, 1)).backward()


class Scaled(nn.Module):
    """Multiplies with a buffer, as a norm layer in eval mode does."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(WIDTH, WIDTH)
        self.register_buffer("scale", torch.ones(WIDTH))

    def forward(self, x):
        return (self.layer(x) * self.scale).square().mean()


@scene(ranks=2)
def inplace_buffer():
    # torch 2.13 hides from autograd that the broadcast has written to the buffers; older ones do not
    torch.autograd._unsafe_preserve_version_counter = lambda tensors: contextlib.nullcontext()
    join()
    model = DistributedDataParallel(Scaled())
    (model(torch.randn(2, WIDTH)) + model(torch.randn(2, WIDTH))).backward()


class Annotated(Dataset):
    """One image has no label."""

    def __init__(self, broken: bool) -> None:
        self.items = [{"img": torch.randn(WIDTH), "gt_label": 0} for _ in range(6)]
        if broken:
            self.items[4].pop("gt_label")

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]["img"] + self.items[index]["gt_label"]


def train_on_data(workers: int) -> None:
    rank = dist.get_rank()
    model = DistributedDataParallel(Net(extra=0))
    for batch in DataLoader(Annotated(rank == 1), batch_size=2, num_workers=workers):
        model(batch).backward()
    print("done", flush=True)


@scene(ranks=2)
def rank_died():
    join()
    train_on_data(workers=0)


@scene(ranks=2)
def rank_died_in_worker():
    join()
    train_on_data(workers=1)


@scene(ranks=2)
def timed_out():
    rank = join(seconds=0.5)
    dist.barrier()
    if rank == 1:
        time.sleep(1)  # evaluates for a long time
    dist.all_reduce(torch.zeros(1))


@scene(ranks=2)
def monitored_barrier():
    rank = join()
    dist.barrier()
    if rank == 1:
        time.sleep(1)
    dist.monitored_barrier(timeout=datetime.timedelta(seconds=0.4), wait_all_ranks=True)


@scene()
def other_node_missing():
    timeout = datetime.timedelta(seconds=0.5)
    dist.init_process_group("gloo", init_method="tcp://127.0.0.1:0", rank=0, world_size=2, timeout=timeout)


@scene()
def key_never_set():
    dist.TCPStore("127.0.0.1", 0, 1, True, timeout=datetime.timedelta(seconds=0.2)).wait(["a key"])


@scene()
def persistent_workers():
    DataLoader([1, 2], num_workers=0, persistent_workers=True)


@scene()
def prefetch_factor():
    DataLoader([1, 2], num_workers=0, prefetch_factor=2)


@scene(ranks=1)
def port_argument():
    dist_params = dict(backend="gloo", port=29500)
    dist.init_process_group(**dist_params)
