"""The child process that loads configs with their framework. Run as a script by :mod:`mmfix.patches.verify`.

Requests and replies are JSON lines. A config may print, read its standard input, call ``sys.exit`` or
change the working directory; none of that reaches the parent.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import hashlib
import io
import json
import os
import pickle
import signal
import sys
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

if TYPE_CHECKING:
    from mmfix.patches.loaders import Loader

#: Resolved originals kept, so that several patches of one file load it once.
_KEPT = 8


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
        self.originals: OrderedDict[Tuple[str, str], Any] = OrderedDict()

    def load(self, path: str, data: bytes) -> Any:
        """The config as plain data, if the file at ``path`` had these bytes."""
        with _contained(), overlaid({path: data}):
            return self.loader.load(path)

    def original(self, path: str, data: bytes, fresh: bool = False) -> Any:
        """As :meth:`load`, remembered by path and content."""
        key = (path, hashlib.sha256(data).hexdigest())
        if fresh or key not in self.originals:
            self.originals[key] = self.load(path, data)
            while len(self.originals) > _KEPT:
                self.originals.popitem(last=False)
        self.originals.move_to_end(key)
        return self.originals[key]

    def compare(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Load both texts; say where their difference is not the declared one."""
        from mmfix.patches.difference import with_overrides

        path, target = request["path"], request["target"]
        before, after = base64.b64decode(request["before"]), base64.b64decode(request["after"])
        overrides = pickle.loads(base64.b64decode(request["overrides"]))
        try:
            original = self.original(path, before)
        except BaseException as error:
            return {"failed": "original", "error": _one_line(error)}
        try:
            patched = self.load(target, after)
        except BaseException as error:
            return {"failed": "patched", "error": _one_line(error)}
        found = self._found(with_overrides(original, overrides), patched)
        if found:
            # A base may have been edited since the original was remembered; and a value may differ at
            # every load (a date in `work_dir`), which is not the patch's doing.
            again, once_more = self.original(path, before, fresh=True), self.load(path, before)
            restless = {tuple(item["key"]) for item in self._found(again, once_more)}
            found = self._found(with_overrides(again, overrides), patched)
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
        try:
            if "path" in request:
                send(comparers[request["era"]].compare(request))
            else:
                send(_with_loader(request["era"], comparers))
        except BaseException as error:
            send({"failed": "comparison", "error": _one_line(error)})


def _with_loader(era: str, comparers: Dict[str, Comparer]) -> Dict[str, Any]:
    """Find the loader of an era, and say which it is, or why there is none."""
    from mmfix.patches.loaders import NoLoader, find

    try:
        loader = find(era)
    except NoLoader as error:
        return {"failed": "loader", "error": str(error)}
    comparers[era] = Comparer(loader)
    return {"loader": loader.name}


if __name__ == "__main__":
    # Python put this folder first; the config must see the path a training script would.
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != folder]
    package_root = os.path.dirname(os.path.dirname(folder))
    if package_root not in sys.path:
        sys.path.append(package_root)
    _serve()
