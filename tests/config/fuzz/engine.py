"""MMEngine's answers, from a warm child process for each world that forks workers.

A child imports MMEngine once; its workers, one after the other, answer requests on its standard input. A worker has
limits of time, memory and file size, works in the folder of the config, and ends after a number of configs or with one
that kills it. What one config leaves behind in its worker is no answer: a case that fails is loaded again by a fresh one.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import types
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Sequence, Tuple

from fuzz.worlds import FLAGS, set_flag

#: Seconds that one config may take.
TIME_LIMIT = 10
_MEMORY = 2 << 30
_FILE_SIZE = 16 << 20
#: Configs that one worker loads.
_SERVED = 50
#: How a worker ends when there are no more requests.
_ENDED = 3


@dataclass(frozen=True)
class Foreign:
    """A value that no config file can hold: an object, a class, an iterator."""

    kind: str


@dataclass(frozen=True)
class Refused:
    """MMEngine stops at this config."""

    error: str


#: The order of sets, and `hash('a') % 2`, in each world; another than in this process, whatever its own seed is.
_HASH_SEEDS = (4, 1)


class Engine:
    """One child for each world; a context manager."""

    def __init__(self) -> None:
        root = str(Path(__file__).resolve().parents[1])
        self._children = [
            subprocess.Popen(
                [sys.executable, "-c", f"from fuzz.engine import main; main({flag})"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": str(_HASH_SEEDS[flag])},
            )
            for flag in FLAGS
        ]

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """End the children."""
        for child in self._children:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.close()
            child.wait()
            child.stdout.close()

    def load(self, path: str, flags: Sequence[int]) -> Tuple[Any, ...]:
        """What MMEngine makes of the config in the world of each flag: its tree, or :class:`Refused`."""
        for flag in flags:
            _send(self._children[flag].stdin, path)
        return tuple(self._answer(flag) for flag in flags)

    def _answer(self, flag: int) -> Any:
        answer = _receive(self._children[flag].stdout)
        if answer is None:
            raise RuntimeError("the process that runs MMEngine has ended")
        return answer[0] if answer else Refused("killed: over a limit")

    def renew(self) -> None:
        """Let the next config be loaded by processes that have loaded none."""
        for child in self._children:
            _send(child.stdin, "")


def _send(stream: Any, value: Any) -> None:
    data = pickle.dumps(value)
    stream.write(struct.pack("!I", len(data)) + data)
    stream.flush()


def _receive(stream: Any) -> Any:
    head = stream.read(4)
    return pickle.loads(stream.read(struct.unpack("!I", head)[0])) if len(head) == 4 else None


def plain(value: Any, depth: int = 0) -> Any:
    """The value in Python's own containers, with everything else as :class:`Foreign`."""
    if value is None or value is ... or type(value) in (bool, int, float, str, bytes, complex, range):
        return value
    if depth > 250:
        return Foreign("deep")
    if isinstance(value, dict) and type(value).__module__ != "collections":
        return {plain(key, depth + 1): plain(item, depth + 1) for key, item in value.items()}
    if type(value) in (list, tuple, set, frozenset):
        return type(value)([plain(item, depth + 1) for item in value])
    if type(value) is slice:
        return slice(*(plain(part) for part in (value.start, value.stop, value.step)))
    return Foreign(type(value).__name__)


def main(flag: int) -> None:
    """Answer requests in the world of that flag until the input ends."""
    import gc

    from mmengine.config import Config

    _warm_up(Config)
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    gc.disable()  # a worker ends before it would matter
    gc.freeze()
    while True:
        worker = os.fork()
        if not worker:
            _serve(Config, stream, flag)
        _, status = os.waitpid(worker, 0)
        if status == _ENDED << 8:
            return
        if status:
            _send(stream, [])


def _serve(config: Any, stream: Any, flag: int) -> NoReturn:
    """A worker: answer some requests, and end; at once where that is asked."""
    status = 1
    try:
        os.setpgid(0, 0)
        for limit, most in (
            (resource.RLIMIT_AS, _MEMORY),
            (resource.RLIMIT_FSIZE, _FILE_SIZE),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(limit, (most, most))
        warnings.simplefilter("ignore")
        for _ in range(_SERVED):
            path = _receive(sys.stdin.buffer.raw)  # a buffer would take what the next worker needs
            if not path:
                status = _ENDED if path is None else 0
                break
            signal.alarm(TIME_LIMIT)
            answer = [_load(config, path, flag)]
            signal.alarm(0)
            _send(stream, answer)
        else:
            status = 0
    finally:
        os._exit(status)


def _warm_up(config: Any) -> None:
    """Read one config of each kind: what MMEngine imports at the first one need not be imported by each fork."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in _WARM.items():
            (Path(folder) / name).write_text(text)
        for name in _WARM:
            plain(config.fromfile(str(Path(folder) / name), import_custom_modules=False).to_dict())


_WARM = {
    "b.py": "model = dict(a=[1, dict(b=2)])\n",
    "c.py": "_base_ = 'b.py'\nimport os, random, copy, math, functools, collections, contextlib, itertools\nmodel = dict(c=1)\n",
    "d.py": "from mmengine.config import read_base\nfrom torch import nn\nwith read_base():\n    from .b import *\n",
}


def _load(config: Any, path: str, flag: int) -> Any:
    """One answer of MMEngine."""
    folder = os.path.dirname(path)
    os.chdir(folder)
    tempfile.tempdir = folder
    set_flag(flag)
    try:
        loaded = config.fromfile(path, import_custom_modules=False).to_dict()
        # a lazy config keeps its functions, a classic one drops them: nothing that a run uses either way
        return {
            key: plain(value) for key, value in loaded.items() if not isinstance(value, types.FunctionType)
        }
    except BaseException as error:
        return Refused(f"{type(error).__name__}: {str(error)[:300]}")
