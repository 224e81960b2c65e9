"""Jobs in forks of one warm child, each with what it cost.

The child imports mmfix once. Each job runs in a fork of it, whose CPU time and largest memory are its own.
"""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List

#: A fork that needs more is ended: far over what is allowed, so that the test can say by how much.
_SECONDS, _BYTES = 9, 2 << 30


@dataclass(frozen=True)
class Cost:
    """How a job ended.

    Attributes:
        how: ``result``, or what was said: one line or a traceback.
        seconds: CPU time.
        megabytes: The most memory that it had at one time, with all of mmfix.
    """

    how: str
    seconds: float
    megabytes: float


class Child:
    """The warm child; a context manager."""

    def __init__(self) -> None:
        root = str(Path(__file__).resolve().parents[1])
        self._child = subprocess.Popen(
            [sys.executable, "-c", "from work.child import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": root},
            text=True,
        )

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: Any) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        self._child.wait()
        self._child.stdout.close()

    def cost(self, job: str, *arguments: str) -> Cost:
        """What a job costs: one of :data:`JOBS`."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        print(json.dumps([job, *arguments]), file=self._child.stdin, flush=True)
        return Cost(*json.loads(self._child.stdout.readline()))


def _read(path: str, text: str) -> str:
    from mmfix.config.reader import Reader
    from mmfix.errors import ConfigError

    try:
        Reader().load(path, text)
    except ConfigError as error:
        return str(error)
    return "result"


def _read_unpaid(path: str, text: str, method: str) -> str:
    """The same with a method of lists that costs nothing."""
    from mmfix.config.interpreter import limits

    limits._OF_LIST[method] = lambda owner, args: 0
    return _read(path, text)


def _command(*arguments: str) -> str:
    """A command, given as on a command line: what it says where it does not end well."""
    from mmfix.cli import main as mmfix

    sys.argv[1:] = arguments
    result, problems = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(result), redirect_stderr(problems):
            mmfix()
    except SystemExit as ended:
        if ended.code not in (0, 1):
            return problems.getvalue().strip() or result.getvalue().strip()
    return "result"


def _model(folder: str, name: str) -> str:
    from mmfix.model.reading import read_model
    from mmfix.repository.library import Library

    reading = read_model({"type": name}, Library([folder]), "mmengine", name.partition(".")[0])
    return str(reading.gave_up) if reading.gave_up else "result"


#: A text as a config of that path; a command line; a model class below a folder.
JOBS: Dict[str, Callable[..., str]] = {
    "read": _read,
    "read_unpaid": _read_unpaid,
    "command": _command,
    "model": _model,
}


def main() -> None:
    """Answer requests on standard input until it ends."""
    import mmfix.cli
    import mmfix.config.classic
    import mmfix.config.data
    import mmfix.config.lazy
    import mmfix.jobs
    import mmfix.model.reading  # noqa: F401

    for line in sys.stdin:
        print(json.dumps(_forked(json.loads(line))), flush=True)


def _forked(request: List[str]) -> List[Any]:
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 1))
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
        try:
            how = JOBS[request[0]](*request[1:])
        except BaseException as error:
            how = f"{type(error).__name__} was not caught: {str(error)[:200]}"
        os.write(writing, how[:2000].encode())
        os._exit(0)
    os.close(writing)
    said = b""
    while True:
        some = os.read(reading, 4096)
        if not some:
            break
        said += some
    os.close(reading)
    _, status, used = os.wait4(pid, 0)
    how = said.decode() or f"killed, status {status}"
    return [how, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]
