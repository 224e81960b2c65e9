"""What people write to see whether a model trains under DDP: ``torchrun --nproc-per-node 2 prove_by_hand.py CFG STEPS``.

The yardstick of `prove_overhead.py`: no verdict, no counting, no scenarios. Two images of 128 x 128 with some boxes.
It ends as a rank of a rehearsal does, without taking Python and torch down: that alone takes 1.6 s of CPU time a rank, and
says nothing of what is compared. Its last line is the CPU seconds of the first rank when each phase had ended.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any, Dict

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.model import MMDistributedDataParallel, revert_sync_batchnorm
from mmengine.registry import MODELS, init_default_scope
from mmengine.structures import InstanceData

from mmfix.prove import ops


def batch(size: int = 128) -> Dict[str, Any]:
    """Two images with three boxes each."""
    from mmdet.structures import DetDataSample
    from mmdet.structures.bbox import HorizontalBoxes

    samples = []
    for _ in range(2):
        corner = torch.rand(3, 2) * size / 2
        boxes = HorizontalBoxes(torch.cat([corner, corner + 16 + torch.rand(3, 2) * size / 4], dim=1))
        sample = DetDataSample(metainfo={"img_shape": (size, size), "batch_input_shape": (size, size)})
        sample.gt_instances = InstanceData(bboxes=boxes, labels=torch.randint(0, 80, (3,)))
        samples.append(sample)
    return {
        "inputs": [torch.randint(0, 256, (3, size, size)).byte() for _ in range(2)],
        "data_samples": samples,
    }


def main(path: str, steps: int) -> None:
    """Build, wrap, train."""
    ended = {}
    ops.install()  # mmcv-lite has no compiled ops
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    torch.manual_seed(0)
    config = Config.fromfile(path)
    init_default_scope("mmdet")
    from mmdet.utils import register_all_modules
    from mmengine.optim import build_optim_wrapper

    register_all_modules(init_default_scope=False)
    ended["load"] = time.process_time()
    config.model.backbone.init_cfg = None
    model = revert_sync_batchnorm(MODELS.build(config.model))
    wrapped = MMDistributedDataParallel(model)
    model.init_weights()
    optimizer = build_optim_wrapper(model, config.optim_wrapper)
    warm_up = config.param_scheduler[0]  # without it the loss explodes at once
    for group in optimizer.optimizer.param_groups:
        group["lr"] *= warm_up.get("start_factor", warm_up.get("factor"))  # of LinearLR, of ConstantLR
    wrapped.train()
    ended["build"] = time.process_time()
    for step in range(steps):
        losses = wrapped.train_step(batch(), optimizer)
        if rank == 0:
            print(step, losses["loss"].item())
    ended["steps"] = time.process_time()
    dist.destroy_process_group()
    if rank == 0:
        print(json.dumps(ended), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
