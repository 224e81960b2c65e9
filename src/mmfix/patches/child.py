"""The child process that loads configs with their framework. Run as a script by :mod:`mmfix.patches.verify`.

Requests and replies are JSON lines. The framework is imported once, and each request is answered by a fork: a
config may print, read its standard input, call ``sys.exit``, change the working directory or the framework
itself; none of that reaches the parent or the next config. Where there is no fork (Windows), what a config
does to the framework stays for the next one.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import gc
import io
import json
import os
import pickle
import select
import signal
import sys
import tempfile
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List

if TYPE_CHECKING:
    from mmfix.patches.loaders import Loader

#: Seconds between two looks whether a fork that says nothing is still there.
_LOOK = 0.05


@contextlib.contextmanager
def overlaid(texts: Dict[str, bytes]) -> Iterator[None]:
    """Let ``open`` and ``os.path.isfile`` see the given bytes at the given paths, whatever is on disk.

    The framework's own loader then reads the text that would be written, at the path it would have
    (``{{ fileBasename }}``, relative bases), while the user's folder stays untouched. mmcv 1.x copies what it
    reads here into a temporary file and runs that (``mmcv/utils/config.py: _substitute_predefined_vars``).
    """
    real_open, real_isfile = builtins.open, os.path.isfile
    contents = {os.path.abspath(path): data for path, data in texts.items()}

    def content(file: Any) -> Any:
        if not isinstance(file, (str, os.PathLike)):
            return None
        return contents.get(os.path.abspath(os.fspath(file)))

    def open_(file: Any, mode: str = "r", buffering: int = -1, *args: Any, **kwargs: Any) -> Any:
        data = content(file)
        if data is None or set(mode) - set("rbt"):
            return real_open(file, mode, buffering, *args, **kwargs)
        stream = io.BytesIO(data)
        return stream if "b" in mode else io.TextIOWrapper(stream, *args, **kwargs)

    def isfile(path: Any) -> bool:
        return content(path) is not None or real_isfile(path)

    builtins.open, os.path.isfile = open_, isfile
    try:
        yield
    finally:
        builtins.open, os.path.isfile = real_open, real_isfile


@contextlib.contextmanager
def _contained() -> Iterator[None]:
    """Undo what a config may do to this process."""
    folder, environment, search = os.getcwd(), dict(os.environ), list(sys.path)
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:] = search


class Comparer:
    """Loads configs with one loader and compares them."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def load(self, path: str, texts: Dict[str, bytes]) -> Any:
        """The config as plain data, if files had these bytes."""
        with _contained(), overlaid(texts):
            return self.loader.load(path)

    def compare(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Load both texts; say where their difference is not the declared one."""
        from mmfix.patches.difference import with_overrides

        path, target = request["path"], request["target"]
        before, after = (
            {file: base64.b64decode(data) for file, data in request[name].items()}
            for name in ("before", "after")
        )
        overrides = pickle.loads(base64.b64decode(request["overrides"]))
        try:
            original = self.load(path, before)
        except BaseException as error:
            return {"failed": "original", "error": _one_line(error)}
        try:
            patched = self.load(target, after)
        except BaseException as error:
            return {"failed": "patched", "error": _one_line(error)}
        found = self._found(with_overrides(original, overrides), patched)
        if found:
            # a value may differ at every load (a date in `work_dir`), which is not the patch's doing
            restless = {tuple(item["key"]) for item in self._found(original, self.load(path, before))}
            found = [item for item in found if tuple(item["key"]) not in restless]
        return {"differences": found}

    @staticmethod
    def _found(expected: Any, got: Any) -> List[Dict[str, Any]]:
        from mmfix.patches.difference import differences, short

        return [
            {
                "key": [part if isinstance(part, (int, str)) else str(part) for part in item.key],
                "expected": short(item.before),
                "got": short(item.after),
            }
            for item in differences(expected, got)
        ]


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def _end_with(parent: int) -> None:
    """End when the parent is gone, with what the config has started: it may run for ever."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.killpg(0, signal.SIGKILL)


def _serve() -> None:
    """Answer requests until the parent closes the pipe."""
    requests = os.fdopen(os.dup(0), "r", encoding="ascii")
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    if os.name == "posix":  # where it leads a session of its own
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()

    def send(reply: Dict[str, Any]) -> None:
        replies.write(json.dumps(reply) + "\n")
        replies.flush()

    comparers: Dict[str, Comparer] = {}
    for line in requests:
        request = json.loads(line)
        if "path" not in request:
            send(_guarded(partial(_with_loader, comparers), request))
        else:
            comparer = comparers[request["era"]]
            forked = partial(_forked, comparer, [requests.fileno(), replies.fileno()])
            send(_guarded(forked if hasattr(os, "fork") else comparer.compare, request))


def _guarded(answer: Callable[[Dict[str, Any]], Dict[str, Any]], request: Dict[str, Any]) -> Dict[str, Any]:
    try:
        return answer(request)
    except BaseException as error:
        return {"failed": "comparison", "error": _one_line(error)}


def _forked(comparer: Comparer, ours: List[int], request: Dict[str, Any]) -> Dict[str, Any]:
    """The reply of a fork, which alone sees what the config does; it gets no descriptor of ``ours``."""
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            for descriptor in (source, *ours):
                os.close(descriptor)
            data = json.dumps(_guarded(comparer.compare, request)).encode("ascii") + b"\n"
            while data:
                data = data[os.write(sink, data) :]
        finally:
            os._exit(0)
    os.close(sink)
    data, gone = b"", False
    while not data.endswith(b"\n") and not gone:
        # what the config has started may hold the other end for ever
        gone = os.waitpid(pid, os.WNOHANG)[0] == pid
        while not data.endswith(b"\n") and select.select([source], [], [], 0 if gone else _LOOK)[0]:
            part = os.read(source, 1 << 16)
            if not part:
                break
            data += part
    os.close(source)
    if not gone:
        os.waitpid(pid, 0)
    reply: Dict[str, Any] = json.loads(data) if data.endswith(b"\n") else {"failed": "ended"}
    return reply


def _with_loader(comparers: Dict[str, Comparer], request: Dict[str, Any]) -> Dict[str, Any]:
    """Find the loader of an era, and say which it is, or why there is none."""
    from mmfix.patches.loaders import NoLoader, find

    era = request["era"]
    try:
        loader = find(era)
    except NoLoader as error:
        return {"failed": "loader", "error": str(error)}
    comparers[era] = Comparer(loader)
    _warm(comparers[era])
    return {"loader": loader.name}


def _warm(comparer: Comparer) -> None:
    """Import here what every fork would import, and spare forks to look for garbage in what they share."""
    import mmfix.patches.difference  # noqa: F401

    path = os.path.join(tempfile.gettempdir(), "warm.py")
    with contextlib.suppress(Exception):  # what is wrong with the loader, the first config will say
        comparer.load(path, {path: b"a = dict(b=1)\n"})
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    # Python put this folder first; the config must see the path a training script would.
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != folder]
    package_root = os.path.dirname(os.path.dirname(folder))
    if package_root not in sys.path:
        sys.path.append(package_root)
    _serve()
