"""Loops, lists and lists of modules whose length no source says; parts asked for by name."""

from pathlib import Path
from typing import Any, Dict

import pytest
from small_nets import HEADER, net, read, read_net

from mmfix.model.machine import calls
from mmfix.model.types import CANNOT_TELL, NEVER, SOMETIMES, USED

#: What is done, more of ``__init__``, the body of ``forward``, verdicts of what is not used throughout. There
#: are convolutions ``a``, ``b`` and ``c``.
_ALL = "self.all = nn.ModuleList([self.a, self.b, self.c])\nself.a = self.b = self.c = None"
LOOPS = [
    (
        "a loop over a dimension",
        _ALL,
        "loss = 0\nfor i in range(x.shape[0]): loss = loss + self.all[i](x)",
        {},
    ),
    (
        "from the second on",
        _ALL,
        "loss = 0\nfor i in range(1, len(x)): loss = loss + self.all[i](x)",
        {"all.0": NEVER},
    ),
    ("shifted", _ALL, "loss = 0\nfor i, y in enumerate(x, 1): loss = loss + self.all[i - 1](y)", {}),
    (
        "one more",
        _ALL,
        "loss = self.all[0](x)\nfor i, y in enumerate(x[1:]): loss = loss + self.all[1 + i](y)",
        {},
    ),
    ("in a comprehension", _ALL, "loss = sum([self.all[i](x) for i in range(x.size(0))])", {}),
    ("in a dict", _ALL, "loss = sum({i: self.all[i](x) for i in range(x.size(0))}.values())", {}),
    (
        "with a condition",
        _ALL,
        "loss = 0\nfor i in range(len(x)):\n    if i < 2: loss = loss + self.all[i](x)",
        {"all.2": NEVER},
    ),
    (
        "with an odd condition",
        _ALL,
        "loss = self.all[1](x)\nfor i in range(len(x)):\n    if i % 2 == 0: loss = loss + self.all[i](x)",
        {},
    ),
    (
        "until a break",
        _ALL,
        "loss = 0\nfor i in range(len(x)):\n    loss = loss + self.all[i](x)\n    if i == 1: break",
        {"all.2": NEVER},
    ),
    ("by what the data says", _ALL, "loss = self.all[int(x.sum()) % 3](x)", {"all": SOMETIMES}),
    (
        "backwards",
        _ALL,
        "loss = 0\nfor i in range(len(x) - 1, -1, -1): loss = loss + self.all[i](x)",
        {"all": SOMETIMES},
    ),
    (
        "a shorter list beside it",
        _ALL,
        "ys = [x, x + 1]\nloss = 0\nfor i in range(len(x[1:])): loss = loss + self.all[i](ys[i])",
        {"all.2": NEVER},
    ),
    (
        "numbers say nothing",
        _ALL,
        "w = [1, 2, 3, 4]\nloss = 0\nfor i in range(len(x)):\n    n = w[i]\n    loss = loss + self.all[i](x)",
        {},
    ),
    (
        "a list that it fills itself",
        _ALL,
        "ys = []\nfor i in range(len(x)):\n    ys.append(self.all[i](x))\n    y = ys[i]\nloss = sum(ys)",
        {},
    ),
    (
        "only the last counts",
        _ALL,
        "ys = []\nfor i in range(len(x)): ys.append(self.all[i](x))\nloss = ys[-1]",
        {"all.0": NEVER, "all.1": NEVER},
    ),
    (
        "a loop in a loop",
        _ALL,
        "loss = 0\nfor y in x:\n    for i in range(len(y)): loss = loss + self.all[i](y)",
        {},
    ),
    (
        "without gradients",
        _ALL,
        "with torch.no_grad():\n    for i in range(len(x)): y = self.all[i](x)\nloss = self.all[0](x)",
        {"all.1": NEVER, "all.2": NEVER},
    ),
]
_PIECES = "ys = list(torch.split(self.a(x), len(x)))\n"
LISTS = [
    ("appended", "", _PIECES + "ys.append(self.b(x))\nloss = self.c(ys[-1])", {"a": NEVER}),
    ("added", "", _PIECES + "ys = ys + [self.b(x)]\nloss = self.c(ys[-1])", {"a": NEVER}),
    ("added in place", "", _PIECES + "ys += [self.b(x), x]\nloss = self.c(ys[-2])", {"a": NEVER}),
    ("in a new list", "", _PIECES + "ys = [*ys, self.b(x)]\nloss = self.c(ys[-1])", {"a": NEVER}),
    (
        "the last two",
        "",
        _PIECES + "ys.extend([self.b(x), x])\ny, _ = ys[-2:]\nloss = self.c(y)",
        {"a": NEVER},
    ),
    ("taken out", "", _PIECES + "ys.append(self.b(x))\nloss = self.c(ys.pop())\nys = ys[-1]", {"a": NEVER}),
    ("all of them", "", _PIECES + "ys.append(self.b(x))\nloss = self.c(sum(ys))", {}),
    (
        "any of them",
        "",
        _PIECES + "ys.append(self.b(x))\nloss = self.c(ys[0])",
        {"a": SOMETIMES, "b": SOMETIMES},
    ),
    (
        "put in front",
        "",
        _PIECES + "ys.insert(0, self.b(x))\nloss = self.c(ys[-1])",
        {"a": SOMETIMES, "b": SOMETIMES},
    ),
    (
        "a known number",
        "",
        "p, q = self.a(x).chunk(2, dim=1)\nys = [p, q, self.b(x)]\nloss = self.c(ys[2])",
        {"a": NEVER},
    ),
    (
        "as many as there are sizes",
        "",
        "ys = list(self.a(x).split([len(x) - 2, len(x) - 1]))\nys.append(self.b(x))\nloss = self.c(ys[2])",
        {"a": NEVER},
    ),
]
_SHAPES = (
    "shapes = torch.{}([[1, 1], [len(x) - 1, 1]])\nys = list(self.a(x).split([p * q for p, q in shapes]))\n"
)
LISTS.extend(
    (f"as many as a tensor was made from, {how}", "", _SHAPES.format(how) + then, {"a": NEVER})
    for how in ("as_tensor", "tensor")
    for then in (
        "ys.append(self.b(x))\nloss = self.c(ys[2])",
        "zs = ys[:2]\nzs.append(self.b(x))\nzs.reverse()\nloss = self.c(zs[0])",
    )
)
_GROWN = "self.all = nn.ModuleList([self.a])\nself.a = None\nfor name in os.environ: self.all.append("
MODULES = [
    (
        "grown by nobody knows how many",
        _GROWN + "conv())",
        "loss = self.b(x) + self.c(x)\nfor part in self.all: loss = loss + part(x)",
        {},
    ),
    (
        "a part of it",
        _GROWN + "conv())",
        "loss = self.b(x) + self.c(x)\nfor p in self.all[1:]: loss = loss + p(x)",
        {"all": CANNOT_TELL},
    ),
    (
        "its length is not known",
        _GROWN + "conv())",
        "loss = self.b(x) + self.c(x) + sum(p(x) for p in self.all)\nif len(self.all) > 1: loss = self.c(x)",
        {"all": CANNOT_TELL, "b": SOMETIMES},
    ),
    (
        "children of something unknown",
        "self.all = nn.Sequential(self.a)\nself.a = None",
        "ys = nn.ModuleList()\nfor p in torch.load('parts').children(): ys.append(p)\n"
        "loss = self.all(x)\nfor p in ys: loss = loss + self.b(p(x))",
        {"c": NEVER},
    ),
    (
        "a list filled by all of them",
        _GROWN + "conv())",
        "ys = [self.b(x)]\nfor p in self.all: ys.append(self.c(p(x)))\nloss = sum(ys)",
        {},
    ),
    (
        "a product",
        "self.all = nn.Sequential(self.a) * 2\nself.a = None",
        "loss = self.c(self.b(self.all(x)))",
        {},
    ),
    (
        "a sum",
        "self.all = nn.ModuleList([self.a]) + [self.b]\nself.a = self.b = None",
        "loss = sum(p(x) for p in self.all) + self.c(x)",
        {},
    ),
    (
        "cleared",
        "self.all = nn.ModuleDict({'a': self.a})\nself.all.clear()\nself.a = None",
        "loss = self.b(x) + self.c(x)",
        {},
    ),
    (
        "cut off",
        "self.all = nn.Sequential(self.a, self.b, self.c)\nself.a = self.b = self.c = None\n"
        "del self.all[2]\nself.all.pop(0)",
        "loss = self.all(x)",
        {},
    ),
    (
        "parameters",
        "self.p = nn.ParameterList()\nself.p += [nn.Parameter(torch.ones(1)) for _ in range(2)]",
        "loss = self.a(x) * self.p[0] + self.b(x) * self.p[1] + self.c(x)",
        {},
    ),
    ("taken from torch's own dict", "", "loss = sum(part(x) for part in self._modules.values())", {}),
    ("deleted from torch's own dict", "del self._modules['c']", "loss = self.a(x) + self.b(x)", {}),
    (
        "a child that is not known",
        "self.all = nn.Sequential(self.a)\nself.all.add_module('x', torch.load('part'))\nself.a = None",
        "loss = self.c(self.b(self.all(x)))",
        {},
    ),
]
NAMES = [
    (
        "never set",
        "",
        "loss = self.a(x) + self.b(x)\nif x.sum() > 0 and hasattr(self, 'd'): loss = self.c(x)",
        {"c": NEVER},
    ),
    (
        "never set, the other way round",
        "",
        "loss = self.a(x) + self.b(x)\nif not (x.sum() > 0 or not hasattr(self, 'd')): loss = self.c(x)",
        {"c": NEVER},
    ),
    (
        "never set, asked by an error",
        "",
        "loss = self.a(x) + self.b(x)\ntry:\n    loss = loss + self.d(x)\nexcept AttributeError:\n"
        "    loss = loss + self.c(x)",
        {},
    ),
    ("a default", "", "loss = self.a(x) + getattr(self, 'd', self.b)(x) + getattr(self, 'c', self.b)(x)", {}),
    (
        "a name with a hole",
        "self.d_1, self.d_2 = self.a, self.b\nself.a = self.b = None",
        "loss = getattr(self, f'd_{1 + int(x.sum()) % 2}')(x)",
        {"d_1": CANNOT_TELL, "d_2": CANNOT_TELL, "c": NEVER},
    ),
    (
        "a name that is a hole",
        "",
        "loss = getattr(self, 'abc'[int(x.sum()) % 3])(x)",
        dict.fromkeys("abc", CANNOT_TELL),
    ),
    (
        "a name that nothing has",
        "",
        "loss = self.a(x) + getattr(self, f'd_{len(x)}', self.b)(x) + self.c(x)",
        {},
    ),
]


CASES = (*LOOPS, *LISTS, *MODULES, *NAMES)
EVERY_CASE = pytest.mark.parametrize(
    ("init", "forward", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
HEAD = "import os\n\n\n"


@EVERY_CASE
def test_verdicts(tmp_path: Path, init: str, forward: str, expected: Dict[str, str]) -> None:
    assert read(tmp_path, net(forward, init), HEAD) == expected


@EVERY_CASE
def test_measured(init: str, forward: str, expected: Dict[str, str]) -> None:
    torch = pytest.importorskip("torch")
    if "torch.load" in init + forward:
        pytest.skip("what is loaded is not there")
    names: Dict[str, Any] = {}
    exec(HEADER + HEAD + net(forward, init), names)
    torch.manual_seed(0)
    model = names["Net"]()
    model(torch.rand(3, 3, 3, 3))["loss"].sum().backward()
    for name, param in model.named_parameters():
        verdict = next((expected[part] for part in expected if f"{name}.".startswith(f"{part}.")), USED)
        if verdict in (USED, NEVER):
            assert (param.grad is not None) is (verdict == USED), name


_LOST = "a call with a number of arguments that is not known"
#: A line between two convolutions, and what is said to be lost.
STARS = [
    ("x = x * torch.ones(1).view(-1, *[1 for _ in range(len(x.shape) - 1)])", ""),
    ("x = x * torch.ones(*x.shape)", ""),
    ("x = x + torch.stack(torch.broadcast_tensors(*[y.mean() for y in x])).mean()", ""),
    ("x = x + sorted(*[[y.mean()] for y in x])[0]", _LOST),
    ("x = nn.Conv2d(*x.shape)(x)", _LOST),
]


@pytest.mark.parametrize(("line", "lost"), STARS)
def test_as_many_arguments_as_there_are_dimensions(tmp_path: Path, line: str, lost: str) -> None:
    """What comes after such a call is told as without it; what is lost is said."""
    reading = read_net(tmp_path, net(f"x = self.a(x)\n{line}\nloss = self.b(x)", "self.c = None"))
    assert [problem.reason for problem in reading.problems] == [lost] * bool(lost)
    verdicts = {item.name: item.verdict for item in reading.submodules}
    assert verdicts == {}


_CONVERT = """
def convert(value):
    if isinstance(value, (list, tuple)):
        found = []
        for item in value:
            found.append(convert(item))
        return found
    if isinstance(value, dict):
        found = {}
        for key, item in value.items():
            found[key] = convert(item)
        return found
    return value * 2


"""


def test_what_is_not_known_is_not_followed_through_all_depths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = []
    original = calls._run_function
    monkeypatch.setattr(calls, "_run_function", lambda *args: counted.append(1) or original(*args))
    source = net("loss = self.a(x) + sum(convert(part) for part in data_samples)")
    assert read(tmp_path, source, _CONVERT) == {"b": NEVER, "c": NEVER}
    assert len(counted) < 20
