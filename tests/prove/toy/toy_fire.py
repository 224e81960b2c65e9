"""A toy that does what no model should: it starts processes that get away, or ends in odd ways."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time

import torch
import torch.distributed as dist
from mmengine.registry import MODELS
from toy_model import Toy

#: What gets away, with the folder of the repository in its arguments.
SLEEP = [sys.executable, "-c", "import time; time.sleep(1014)", os.getcwd()]


def session():
    subprocess.Popen(SLEEP, start_new_session=True)


def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 1024)
            os.chdir("/")
            os.execve(SLEEP[0], SLEEP, {})
        os._exit(0)


def fork():
    """The child goes on as if it were the rank."""
    os.fork()


def fork_that_exits():
    if os.fork() == 0:
        sys.exit(3)


def fork_that_raises():
    if os.fork() == 0:
        raise ValueError("in the child")


def folders():
    """With what its owner may not even list."""
    folder = tempfile.mkdtemp()
    open(os.path.join(folder, "file"), "w").close()
    os.chmod(folder, 0)


def shared_memory():
    torch.zeros(10_000).share_memory_()


class Odd(BaseException):
    pass


def odd():
    raise Odd("no Exception")


def exit_one():
    if dist.get_rank() == 1:
        os._exit(0)


def system_exit():
    raise SystemExit("enough")


def waits():
    open("waits", "w").close()
    time.sleep(1000)


def kills_the_launcher():
    if dist.get_rank() == 0:
        session()
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(1000)


@MODELS.register_module()
class Fire(Toy):
    def __init__(self, build="", step="", **flags):
        super().__init__(**flags)
        self.step = step
        for name in filter(None, build.split(", ")):
            globals()[name]()

    def spring(self, data_samples):
        for name in filter(None, self.step.split(", ")):
            globals()[name]()
        self.step = ""
