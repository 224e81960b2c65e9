"""MMEngine's answers, from one warm child process that forks for each config.

The child imports MMEngine once, then answers requests on its standard input. A fork that loads a config has limits
of time, memory and file size, a folder of its own to work in, and ends after it.
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
from typing import Any, Sequence, Tuple

from fuzz.worlds import set_flag

#: Seconds that one config may take.
TIME_LIMIT = 10
_MEMORY = 2 << 30
_FILE_SIZE = 16 << 20


@dataclass(frozen=True)
class Foreign:
    """A value that no config file can hold: an object, a class, an iterator."""

    kind: str


@dataclass(frozen=True)
class Refused:
    """MMEngine stops at this config."""

    error: str


class Engine:
    """The child; a context manager."""

    def __init__(self) -> None:
        root = str(Path(__file__).resolve().parents[1])
        # another order of sets than in this process, whatever the seed of this one is
        environment = {**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": "20"}
        self._child = subprocess.Popen(
            [sys.executable, "-c", "from fuzz.engine import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """End the child."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        self._child.wait()
        self._child.stdout.close()

    def load(self, path: str, flags: Sequence[int]) -> Tuple[Any, ...]:
        """What MMEngine makes of the config in the world of each flag: its tree, or :class:`Refused`."""
        _send(self._child.stdin, (path, tuple(flags)))
        answer = _receive(self._child.stdout)
        if answer is None:
            raise RuntimeError("the process that runs MMEngine has ended")
        return tuple(pickle.loads(one) if one else Refused("killed: over a limit") for one in answer)


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


def main() -> None:
    """Answer requests until the input ends."""
    import gc

    from mmengine.config import Config

    _warm_up(Config)
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    gc.freeze()
    while True:
        request = _receive(sys.stdin.buffer)
        if request is None:
            return
        path, flags = request
        _send(stream, [_forked(Config, path, flag) for flag in flags])


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


def _forked(config: Any, path: str, flag: int) -> bytes:
    """The pickled answer of a fork; nothing where it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            answer = pickle.dumps(_load(config, path, flag))
            with os.fdopen(writing, "wb") as stream:
                stream.write(answer)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        answer = stream.read()
    os.waitpid(child, 0)
    return answer


def _load(config: Any, path: str, flag: int) -> Any:
    for limit, most in (
        (resource.RLIMIT_CPU, TIME_LIMIT),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_FSIZE, _FILE_SIZE),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    signal.alarm(TIME_LIMIT)
    os.setpgid(0, 0)
    folder = os.path.dirname(path)
    os.chdir(folder)
    tempfile.tempdir = folder
    warnings.simplefilter("ignore")
    set_flag(flag)
    try:
        loaded = config.fromfile(path, import_custom_modules=False).to_dict()
        # a lazy config keeps its functions, a classic one drops them: nothing that a run uses either way
        return {
            key: plain(value) for key, value in loaded.items() if not isinstance(value, types.FunctionType)
        }
    except BaseException as error:
        return Refused(f"{type(error).__name__}: {str(error)[:300]}")
