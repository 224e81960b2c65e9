"""Errors that have nothing to do with DDP and its config keys. Not a test module."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import pickle
import signal

import torch
import torch.distributed as dist
import yaml
from stage import scene
from torch import nn
from torch.utils.data import DataLoader


@scene()
def import_error():
    from torch.nn import TransformerDecoderLayers  # noqa: F401


@scene()
def module_not_found():
    import mmcv_extension._ext  # noqa: F401


@scene()
def shape_mismatch():
    nn.Linear(4, 2)(torch.randn(3, 5))


@scene()
def size_mismatch():
    torch.zeros(2, 4) + torch.zeros(2, 3)


@scene()
def channel_mismatch():
    nn.Conv2d(3, 8, 3)(torch.randn(1, 4, 8, 8))


@scene()
def state_dict_mismatch():
    head = nn.ModuleDict({"decode_head": nn.Conv2d(4, 150, 1), "backbone": nn.Linear(2, 2)})
    head.load_state_dict(
        {"decode_head.weight": torch.zeros(19, 4, 1, 1), "backbone.weights": torch.zeros(2, 2)}
    )


@scene()
def key_error():
    results = {"img": 1}
    results["gt_bboxes_labels"]


@scene()
def key_error_of_model():
    {"backbone": 1, "type": "ResNet"}["model"]


@scene()
def forgotten_argument():
    def loss(pred, target, weight):
        return pred * target * weight

    loss(1, 2)


@scene()
def unexpected_argument_of_a_function():
    def forward(inputs, mode="tensor"):
        return inputs

    forward(1, data_samples=2)


@scene()
def file_not_found():
    with open("data/coco/annotations/instances_train2017.json", encoding="utf-8"):
        pass


@scene()
def json_decode():
    json.loads('{"images": [{"id": 1, }]}')


@scene()
def embedding_index():
    nn.Embedding(3, 2)(torch.tensor([5]))


@scene()
def target_out_of_bounds():
    nn.functional.cross_entropy(torch.randn(2, 3), torch.tensor([1, 19]))


@scene()
def nan_loss():
    loss = torch.tensor(float("nan"))
    assert torch.isfinite(loss), f"Loss is {loss}, stopping training: {{'loss_cls': nan, 'loss_bbox': nan}}"


class Killed:
    def __len__(self):
        return 2

    def __getitem__(self, index):
        os.kill(os.getpid(), signal.SIGKILL)


@scene()
def worker_killed():
    next(iter(DataLoader(Killed(), num_workers=1)))


@scene()
def keyboard_interrupt():
    signal.alarm(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
    os.kill(os.getpid(), signal.SIGINT)


@scene()
def arguments():
    parser = argparse.ArgumentParser(prog="train.py", description="Train a detector")
    parser.add_argument("config", help="train config file path")
    parser.add_argument("--launcher", choices=["none", "pytorch", "slurm", "mpi"], default="none")
    parser.parse_args(["config.py", "--launcher", "torch"])


@scene()
def yaml_syntax():
    yaml.safe_load("model:\n  type: ResNet\n find_unused_parameters: true\n")


@scene()
def no_gradient():
    torch.zeros(2).sum().backward()


@scene()
def backward_twice():
    loss = nn.Linear(2, 1)(torch.randn(3, 2)).square().sum()
    loss.backward()
    loss.backward()


@scene()
def inplace_without_ddp():
    weight = torch.ones(2, requires_grad=True)
    out = torch.sigmoid(weight)
    total = out.square().sum()
    out.mul_(2)
    total.backward()


@scene()
def leaf_in_place():
    torch.ones(2, requires_grad=True).add_(1)


@scene()
def pickling():
    pickle.dumps(lambda x: x)


@scene()
def two_devices():
    nn.Linear(2, 2, device="meta")(torch.zeros(1, 2))


@scene()
def two_types():
    nn.Linear(2, 2)(torch.zeros(1, 2, dtype=torch.double))


@scene()
def collate():
    next(iter(DataLoader([torch.zeros(3, 4), torch.zeros(3, 5)], batch_size=2)))


@scene()
def disk_full():
    with open("/dev/full", "w", encoding="utf-8") as file:
        file.write("checkpoint" * 10000)


@scene()
def recursion():
    def build(cfg):
        return build(cfg)

    build({})


@scene()
def launched_without_torchrun():
    dist.init_process_group("gloo")


@scene()
def host_memory():
    torch.empty(2**50)


@scene()
def none_image():
    image = None
    image.shape


@scene()
def weights_only():
    with open("model.pth", "wb") as file:
        file.write(pickle.dumps({"meta": argparse.Namespace(a=1)}))
    torch.load("model.pth")


@scene()
def unicode_config():
    b"\xff\xfe# config".decode("utf-8")


@scene()
def spawn_without_main():
    multiprocessing.get_context("spawn").Process(target=lambda: None).start()


@scene()
def batchnorm_channels():
    nn.BatchNorm2d(64)(torch.randn(2, 32, 4, 4))


@scene(ranks=2)
def every_rank_the_same_error():
    dist.init_process_group("gloo")
    dist.barrier()
    nn.Linear(4, 2)(torch.randn(3, 5 + dist.get_rank()))


@scene()
def checkpoint_warning():
    from torch.utils.checkpoint import checkpoint

    checkpoint(nn.Linear(2, 2), torch.zeros(1, 2, requires_grad=True)).sum().backward()
    print("Epoch [1][10/20] loss: 0.1")


@scene()
def scheduler_order():
    optimizer = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
    torch.optim.lr_scheduler.StepLR(optimizer, 1).step()
    print("Epoch [1][10/20] loss: 0.1")
