"""One value of every kind that the machine knows, and a machine to hand them to."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict

from mmfix.model.knowledge import answers
from mmfix.model.machine.machine import Machine
from mmfix.model.machine.values import (
    DATA,
    GIVEN,
    LOST,
    NUMBERS,
    TENSOR,
    UNKNOWN,
    Bound,
    Either,
    Instance,
    Method,
    NativeClass,
    NativeRef,
    Opaque,
    Partial,
    PyDict,
    PyList,
    Registry,
)
from mmfix.repository.library import Library

_SOURCE = """
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return self.conv(x)

    def __len__(self):
        return 3


class Plain:
    pass


def helper(x, y=None):
    return x


def refuses(x):
    raise ValueError(x)
"""


def machine(folder: Path, phase: str = "build") -> Machine:
    """A machine over a package of a few classes."""
    package = folder / "shop"
    if not package.exists():
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "net.py").write_text(_SOURCE)
    m = Machine(Library([str(folder)]), answers, None, "mmengine")
    m.phase, m.before_wrap = phase, phase == "build"
    return m


def named(m: Machine, name: str) -> Any:
    """What the package has under a name."""
    scope = m.module_scope("shop.net")
    assert scope is not None
    return scope.lookup(m, name)


def made(m: Machine, name: str, *args: Any) -> Any:
    """An object of a class of torch."""
    return m.call(NativeClass(f"torch.nn.{name}", True), list(args), {})


def _tensor(m: Machine, kind: str = TENSOR) -> Opaque:
    bit = m.new_param().bit
    return Opaque(bit, bit if kind == TENSOR else 0, kind)


def _net(m: Machine) -> Any:
    return m.call(named(m, "Net"), [], {})


def _lost_net(m: Machine) -> Any:
    net = _net(m)
    net.lost = "its base class was not found"
    return net


def _conv(m: Machine) -> Any:
    return made(m, "Conv2d", 3, 3, 1)


def _maybe(m: Machine) -> PyDict:
    found = PyDict({"a": 1, "type": "Conv2d"})
    found.maybe = frozenset({"a"})
    return found


#: A fresh value of each kind.
KINDS: Dict[str, Callable[[Machine], Any]] = {
    "tensor": lambda m: _tensor(m),
    "given": lambda m: Opaque(0, 0, GIVEN),
    "data": lambda m: _tensor(m, DATA),
    "lost": lambda m: _tensor(m, LOST),
    "unknown": lambda m: UNKNOWN,
    "numbers": lambda m: NUMBERS,
    "param": lambda m: m.new_param(),
    "module": lambda m: _net(m),
    "lost module": lambda m: _lost_net(m),
    "object": lambda m: m.call(named(m, "Plain"), [], {}),
    "layer": lambda m: _conv(m),
    "modules": lambda m: made(m, "ModuleList", PyList([_conv(m), _net(m)])),
    "no modules": lambda m: made(m, "ModuleList"),
    "sequence": lambda m: made(m, "Sequential", _conv(m), _net(m)),
    "module dict": lambda m: made(m, "ModuleDict", PyDict({"a": _conv(m)})),
    "bag": lambda m: Instance(NativeClass("mmengine.structures.InstanceData", False)),
    "list": lambda m: PyList([3, 1, 2]),
    "list of modules": lambda m: PyList([_conv(m), _net(m)]),
    "list of lists": lambda m: PyList([PyList([1]), PyList([_tensor(m)])]),
    "list of pairs": lambda m: PyList([("a", _tensor(m)), ("b", 2)]),
    "list of odd pairs": lambda m: PyList([(PyList([]), 1), (None, _conv(m)), (1, 2, 3), UNKNOWN]),
    "empty list": lambda m: PyList(),
    "open list": lambda m: PyList([_tensor(m)], True),
    "open empty list": lambda m: PyList([], True),
    "dict": lambda m: PyDict({"a": _tensor(m), 1: None}),
    "empty dict": lambda m: PyDict(),
    "dict with a rest": lambda m: PyDict({"type": "BN"}, None, _tensor(m)),
    "dict with a maybe": lambda m: _maybe(m),
    "config": lambda m: PyDict({"type": "Conv2d", "in_channels": 3, 4: 5}),
    "config of a list": lambda m: PyDict({"type": PyList([1])}),
    "config of a module": lambda m: PyDict({"type": "shop.net.Net"}),
    "config of an upsampling": lambda m: PyDict({"type": "deconv"}),
    "tensor or None": lambda m: Either((None, _tensor(m))),
    "one of two modules": lambda m: Either((_conv(m), _net(m))),
    "dict or list": lambda m: Either((PyDict({"a": 1}), PyList([1]))),
    "None": lambda m: None,
    "True": lambda m: True,
    "zero": lambda m: 0,
    "one": lambda m: 1,
    "minus one": lambda m: -1,
    "huge": lambda m: 10**400,
    "float": lambda m: 0.5,
    "nan": lambda m: float("nan"),
    "complex": lambda m: 2j,
    "name": lambda m: "conv",
    "text": lambda m: "a.b{} %s",
    "empty text": lambda m: "",
    "bytes": lambda m: b"a",
    "dots": lambda m: ...,
    "tuple": lambda m: (1, _tensor(m)),
    "tuple of modules": lambda m: (_conv(m), _net(m)),
    "empty tuple": lambda m: (),
    "range": lambda m: range(3),
    "set": lambda m: frozenset({1, "a"}),
    "function": lambda m: named(m, "helper"),
    "function that refuses": lambda m: named(m, "refuses"),
    "bound function": lambda m: Bound(named(m, "helper"), _net(m)),
    "method": lambda m: Method("append", PyList(), lambda m, receiver, object, /: None),
    "partial function": lambda m: Partial(named(m, "helper"), (1,), {"y": _tensor(m)}),
    "class": lambda m: named(m, "Net"),
    "library function": lambda m: NativeRef("torch.cat"),
    "builtin": lambda m: NativeRef("builtins.len"),
    "library class": lambda m: NativeClass("torch.nn.Conv2d", True),
    "registry": lambda m: Registry("MODELS", "shop"),
}
