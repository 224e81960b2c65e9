"""What torchrun prints around the errors of its processes. Not a test module."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from stage import free_port, scene
from torch.distributed.run import main

SCRIPT = str(Path(__file__).with_name("training_script.py"))


def torchrun(*arguments: str) -> None:
    main(["--nproc_per_node", "2", "--master_port", str(free_port()), *arguments])


@scene()
def torchrun_tee():
    os.environ.pop("OMP_NUM_THREADS")  # torchrun says what it sets it to
    torchrun("--tee", "3", "--log-dir", "logs", SCRIPT, "--distill")


@scene()
def torchrun_succeeds():
    torchrun(SCRIPT, "--alone")


@scene()
def torchrun_port_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        main(["--nproc_per_node", "2", "--master_port", str(taken.getsockname()[1]), SCRIPT])


@scene()
def torchrun_script_missing():
    torchrun("tools/trian.py", "configs/a.py")


@scene()
def torchrun_summary_alone():
    torchrun("--redirects", "3", "--log-dir", "redirected", "tools/trian.py", "configs/a.py")


@scene()
def torchrun_argument():
    torchrun("--nproc_per_gpu", "2", SCRIPT)
