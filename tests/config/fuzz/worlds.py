"""Run what the generator writes while it writes it, so that most of its configs are loadable and go deep.

Each config is run in two worlds at once: the two outcomes that a test on the run (an argument, an environment
variable, a random number, the hash of a text) can have. A statement that fails in one of them is taken back.
"""

from __future__ import annotations

import builtins
import importlib
import pickle
import random
import signal
import threading
import types
import warnings
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping, Optional, Set, Tuple

#: What the run decides: off and on.
FLAGS = (0, 1)
#: Set, to anything, in the world where the flag is on.
VARIABLE = "MMFIX_FUZZ_FLAG"
#: A config with more nodes than this says nothing that a smaller one does not.
MAX_NODES = 1_500

_PURE = ("math", "copy", "itertools", "functools", "collections", "operator", "contextlib", "string")


def set_flag(flag: int) -> None:
    """Make this process the world of that flag; for a child that loads one config and ends."""
    import os
    import sys
    import time

    sys.argv = ["train.py", *["--resume"] * flag]
    os.environ.pop(VARIABLE, None)
    if flag:
        os.environ[VARIABLE] = "1"
    time.timezone = 3600 * flag  # type: ignore[misc]
    random.random = lambda: 0.25 + 0.5 * flag  # type: ignore[method-assign]


def _modules(flag: int) -> Dict[str, Any]:
    """The same as :func:`set_flag`, as modules that only a config of that world sees."""
    import os.path

    environ = {VARIABLE: "1"} if flag else {}
    stubs: Dict[str, Any] = {
        "sys": types.SimpleNamespace(argv=["train.py", *["--resume"] * flag], maxsize=2**63 - 1),
        "os": types.SimpleNamespace(environ=environ, getenv=environ.get, path=os.path),
        "os.path": os.path,
        "time": types.SimpleNamespace(timezone=3600 * flag),
        "random": types.SimpleNamespace(random=lambda: 0.25 + 0.5 * flag),
    }
    stubs.update((name, importlib.import_module(name)) for name in _PURE)
    return stubs


def _builtins(flag: int) -> Dict[str, Any]:
    modules = _modules(flag)

    def import_stub(name: str, *rest: Any) -> Any:
        fromlist = rest[2] if len(rest) > 2 else ()
        if name in modules:
            return modules[name if fromlist else name.split(".")[0]]
        raise ImportError(name)

    return {
        **vars(builtins),
        "__import__": import_stub,
        "print": lambda *args, **kwargs: None,
        "hash": lambda value: flag,
    }


class TooSlow(BaseException):
    """A statement runs for too long; no handler of a config may catch it."""


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """A time limit, where signals can be had."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: Any) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Worlds:
    """The names of a config as far as it is written, in both worlds.

    Args:
        start: The names that are there before the first line.
        imports: Lines that are run first, and are not of the config.
    """

    def __init__(self, start: Mapping[str, Any], imports: str = "") -> None:
        self._start = pickle.dumps(dict(start))  # a copy of it takes half the time that `deepcopy` does
        self._imports = imports
        self.lines: List[str] = []
        self.spaces: List[Dict[str, Any]] = []
        self._rebuild()

    def _rebuild(self) -> None:
        self.spaces = [{"__builtins__": _builtins(flag), **pickle.loads(self._start)} for flag in FLAGS]
        for line in [self._imports, *self.lines]:
            self._run(line)

    def _run(self, text: str) -> bool:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                code = compile(text, "<fuzz>", "exec")
            with _limited(0.5):
                for space in self.spaces:
                    exec(code, space)
                    if count_nodes(list(_config_names(space).values())) > MAX_NODES:
                        return False
        except (Exception, TooSlow, RecursionError, SystemExit, KeyboardInterrupt):
            return False
        return True

    def add(self, text: str) -> bool:
        """Append a statement; False, and nothing changed, where it fails."""
        if self._run(text):
            self.lines.append(text)
            return True
        self._rebuild()
        return False

    def names(self) -> List[Tuple[str, Any, Any]]:
        """(name, value in one world, value in the other) of the names that both have."""
        first, second = map(_config_names, self.spaces)
        return [(name, value, second[name]) for name, value in first.items() if name in second]


def _config_names(space: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in space.items() if not name.startswith("__")}


def count_nodes(value: Any, limit: int = MAX_NODES) -> int:
    """Nodes of a tree with its shared parts expanded; over the limit for one that holds itself."""
    return limit - _left(value, limit, set())


def _left(value: Any, left: int, path: Set[int]) -> int:
    """What is left of so many nodes; less than nothing where they do not do."""
    if isinstance(value, (str, bytes)):
        return left - 1 - len(value) // 20
    if isinstance(value, int):
        return left - 1 if abs(value) < 2**200 else -1
    if not isinstance(value, (dict, list, tuple, set, frozenset)):
        return left - 1
    if id(value) in path or len(path) > 40:
        return -1
    path.add(id(value))
    left -= 1
    for item in list(dict.values(value) if isinstance(value, dict) else value):
        left = _left(item, left, path)
        if left < 0:
            break
    path.discard(id(value))
    return left


def kind_of(value: Any) -> Optional[str]:
    """What the grammar calls a value."""
    if value is None:
        return "none"
    return _KINDS.get(type(value)) or ("dict" if isinstance(value, dict) else None)


_KINDS = {
    bool: "bool", int: "int", float: "float", str: "str", list: "list", tuple: "tuple", set: "set",
    types.FunctionType: "function", type: "class",
}  # fmt: skip
