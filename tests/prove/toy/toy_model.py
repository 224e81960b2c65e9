"""The toy for MMEngine, with traps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import torch
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from toy_graph import ToyInputs, Traits, numbers

from mmfix.prove.inputs import register


@MODELS.register_module()
class Toy(Traits, BaseModel):
    def __init__(self, data_preprocessor=None, init_cfg=None, **flags):
        BaseModel.__init__(self, data_preprocessor, init_cfg)
        self.add_layers(**flags)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = torch.stack(inputs) if isinstance(inputs, list) else inputs
        self.spring(data_samples)
        return {"loss": self.loss_of(x, data_samples[0])}

    def spring(self, data_samples):
        import torch.distributed as dist

        if self.trap == "raise":
            raise ValueError("the model does not like this")
        if self.trap == "hang" and dist.get_rank() == 0:
            dist.recv(torch.zeros(1), 1)  # nobody sends
        if self.trap == "diverge" and dist.get_rank() == 1:
            self.head.weight.data.add_(1)
        if self.trap == "mismatch" and dist.get_rank() == 0:
            dist.all_reduce(torch.zeros(1))
        if self.trap == "silent" and dist.get_rank() == 1:
            import __main__  # the rank's own program

            __main__.leave = lambda *_: None
        if self.trap == "busy" and not data_samples[0]:
            while True:
                pass
        if self.trap == "alone" and dist.get_rank() == 0:
            raise ValueError("only this rank fails")
        if self.trap == "alone":
            subprocess.run(["sleep", "1000"])  # like NCCL: waits, and does not see that rank 0 is gone
        if self.trap == "leave":
            sys.exit(0)
        if self.trap == "memory":
            self.hoard = torch.ones(2**29)
        if self.trap == "exit":
            os._exit(9)
        if self.trap == "killed" and dist.get_rank() == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.trap == "killed":
            time.sleep(1000)  # like NCCL: waits, and does not see that rank 1 is gone
        if self.trap == "killed once" and dist.get_rank() == 1 and not Path("killed").exists():
            Path("killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)


class Samples(ToyInputs):
    def batch(self, request):
        inputs, objects = numbers(request)
        return {"inputs": inputs, "data_samples": [objects] * request.batch_size}


register("mmengine", Samples())
