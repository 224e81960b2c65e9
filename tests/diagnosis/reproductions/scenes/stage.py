"""Plays scenes: each in processes of its own that end as a training script ends. Not a test module.

Run as ``stage.main()`` with ``FOLDER MODULE ...`` as arguments. What a scene's processes print goes to ``FOLDER/<scene>.txt``, in the
order in which it is printed. Processes are forked from one that has imported what the module imports: importing torch
anew for each rank would take most of the time.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib
import os
import signal
import socket
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Dict, List, Optional

SECONDS = 60


@dataclass(frozen=True)
class Scene:
    """One program: what runs in each of its ranks, and the environment variables that its user has set."""

    act: Callable[[], Any]
    ranks: int = 0
    environment: Dict[str, str] = field(default_factory=dict)


SCENES: Dict[str, Scene] = {}


def scene(ranks: int = 0, **environment: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Makes a function a scene, in one process without a launcher or in some ranks."""

    def note(act: Callable[[], Any]) -> Callable[[], Any]:
        SCENES[act.__name__] = Scene(act, ranks, environment)
        return act

    return note


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write(path: str, text: str) -> None:
    """Write a file that all ranks write at the same time, and that none must read half written."""
    scratch = Path(f"{path}.{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)


def main() -> None:
    folder, *modules = sys.argv[1:]
    for module in modules:
        importlib.import_module(module)
    for name, each in SCENES.items():
        play(each, Path(folder) / f"{name}.txt")


def play(each: Scene, path: Path) -> None:
    """Start the processes of a scene and wait for them; none is left."""
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "GLOO_SOCKET_IFNAME": "lo"}
    started: List[int] = []
    try:
        for rank in range(max(each.ranks, 1)):
            ranks = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(each.ranks)}
            environment = {**each.environment, **({**place, **ranks} if each.ranks else {})}
            pid = os.fork()
            if not pid:
                perform(each.act, environment, path)
            started.append(pid)
        while started:
            os.waitpid(started[0], 0)
            started.pop(0)
    finally:
        for pid in started:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def perform(act: Callable[[], Any], environment: Dict[str, str], path: Path) -> None:
    """One process of a scene: does what the interpreter does with a script, the words at its end included."""
    code = 1
    try:
        signal.alarm(SECONDS)
        output = os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(str(path.parent))
        os.environ.update(environment)
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(line_buffering=True, write_through=True)  # as `python -u`, which torchrun uses
        warnings.resetwarnings()
        for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", category)
        if "torch" in sys.modules:
            read_environment(sys.modules["torch"])
        act()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException as error:
        its_own = behind_this_file(error.__traceback__)
        sys.excepthook(type(error), error.with_traceback(its_own), its_own)
    finally:
        with contextlib.suppress(Exception):
            atexit._run_exitfuncs()  # ends the workers of data loaders
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def read_environment(torch: Any) -> None:
    """What torch does once, when it is imported: ``TORCH_DISTRIBUTED_DEBUG`` and ``TORCH_CPP_LOG_LEVEL``."""
    torch.distributed.set_debug_level_from_env()
    for library in Path(torch.__file__).parent.glob("lib/libc10.*"):
        ctypes.CDLL(str(library))._ZN3c1011initLoggingEv()  # c10::initLogging()


def behind_this_file(trace: Optional[TracebackType]) -> Optional[TracebackType]:
    """A traceback without the frames of this file, which stands in for the interpreter."""
    while trace and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace
