"""Conditions that are not known: which take the same side, and what is told apart by them."""

# ruff: noqa: E501 - a body of forward() is a line of the tables

from __future__ import annotations

import random
import sys
import textwrap
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Set

import pytest

from mmfix.model.reading import read_model
from mmfix.model.types import NEVER, SOMETIMES, ModelReading
from mmfix.repository.library import Library

HEADER = """
import random
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def linear():
    return nn.Linear(4, 4, bias=False)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.a, self.b = linear(), linear(), linear()
        self.flag = None

    def encode(self, x):
        return checkpoint(self.a, x, use_reentrant=True)

    def one(self, x, flag):
        if flag:
            return self.a(x)
        return self.b(x)

    def zeros(self, flag):
        return 0.0 * (self.b if flag else self.a).weight.sum()

    def forward(self, inputs, data_samples=None, mode='loss'):
        x = self.stem(inputs)
        n = len(data_samples)
"""


def source(body: str) -> str:
    """A model whose ``forward`` is ``body``."""
    return HEADER + textwrap.indent(body, " " * 8) + "\n        return dict(loss=x.sum())\n"


def read(folder: Path, body: str) -> ModelReading:
    """What is read of it."""
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "net.py").write_text(source(body))
    reading = read_model({"type": "shop.net.Net"}, Library([str(folder)]), "mmengine", "shop")
    assert not reading.gave_up, reading.gave_up
    return reading


BOTH = {"a": SOMETIMES, "b": SOMETIMES}

#: what is asked, the body, the verdicts of what is not used throughout
VERDICTS = [
    ("a flag handed on", "f = x.sum() > 1\nx = self.one(x, f) + self.zeros(f)", {}),
    ("and what is not it", "f = x.sum() > 1\nx = self.one(x, f) + self.zeros(x[0] > 1)", BOTH),
    ("its opposite", "f = x.sum() > 1\nx = self.one(x, f) + self.zeros(not (not f))", {}),
    ("kept in an attribute", "self.flag = n > 3\nx = self.one(x, self.flag) + self.zeros(self.flag)", {}),
    ("changed in between", "f = x.sum() > 1\nx = self.one(x, f)\nf = x[0] > 1\nx = x + self.zeros(f)", BOTH),
    ("drawn twice", "x = self.one(x, random.random() > 0.5) + self.zeros(random.random() > 0.5)", BOTH),
    ("drawn once", "p = random.random()\nx = self.one(x, p > 0.5) + self.zeros(p > 0.5)", {}),
    ("tensors that other parameters make", "y = self.a(x)\nx = self.b(x if torch.equal(x, y) else x + y)", {}),
    ("a tensor and itself", "y = self.a(x)\nx = self.b(y if torch.equal(y, other=y) else x)", {}),
    ("tensors that may be equal", "x = self.one(x, torch.equal(x + 3, x + n))", BOTH),
    ("a tensor and itself, detached", "x = self.b(x if torch.equal(x, x.detach() + int(n > 3)) else self.a(x))", {"a": SOMETIMES}),
    (
        "what an unknown tensor holds, written to in between",
        "f = data_samples[0]\nx = self.one(x, f)\nf[0] = 1\nx = x + self.zeros(f)",
        BOTH,
    ),
    ("a count that is zero, or more", "x = self.one(x, n > 0) + self.zeros(not n == 0)", {}),
    (
        "None, or something",
        "y = self.a(x) if n > 3 else None\nx = x + self.b(x) + (y if y is not None else self.a.weight.sum() * 0)",
        {},
    ),
    (
        "a flag that a branch sets",
        "found = False\nif n > 3:\n    x, found = self.a(x), True\nif not found:\n    x = self.a(x)\nx = self.b(x)",
        {},
    ),
    (
        "both of two",
        "f, g = n > 3, x.sum() > 1\nif f and g:\n    x = self.a(x)\nif not (f and g):\n    x = self.a(x) + x\nx = self.b(x)",
        {},
    ),
    (
        "one of two, and both",
        "f, g = n > 3, x.sum() > 1\nif f and g:\n    x = self.a(x)\nif not f:\n    x = self.a(x)\nx = self.b(x)",
        {"a": SOMETIMES},
    ),
    (
        "inside of itself",
        "f = n > 3\nif f:\n    x = self.a(x)\n    if not f:\n        x = self.b(x)\nelse:\n    x = self.a(x)",
        {"b": NEVER},
    ),
    (
        "behind what has returned",
        "def early(x):\n    if n > 3:\n        return self.a(x)\n    if n > 3:\n        return self.b(x)\n"
        "    return self.a(x) + x\nx = early(x)",
        {"b": NEVER},
    ),
    (
        "behind a raise that is caught",
        "try:\n    if n > 3:\n        raise ValueError\n    x = self.a(x)\nexcept ValueError:\n    x = self.a(x)\n"
        "if n > 3:\n    x = self.b(x)",
        {"b": SOMETIMES},
    ),
    (
        "asked in every turn of a loop",
        "for item in data_samples:\n    f = item.sum() > 1\n    x = self.one(x, f) + self.zeros(f)",
        {},
    ),
    (
        "asked in the next turn",
        "f = False\nfor item in data_samples:\n    x = x + self.zeros(f)\n    f = item.sum() > 1\n    x = self.one(x, f)",
        {"b": SOMETIMES},
    ),
    (
        "the first turn",
        "for i in range(n):\n    x = self.a(x) if i == 0 else x + self.b(x)",
        {"b": SOMETIMES},
    ),
    ("the last turn", "for i in range(n):\n    if i >= n - 1:\n        x = self.a(x)\nx = self.b(x)", {}),
    ("not the last", "for i in range(n):\n    if i < n - 1:\n        x = self.a(x)\nx = self.b(x)", {"a": SOMETIMES}),
    ("the index after the loop", "for i in range(n):\n    x = self.b(x)\nif i == 0:\n    x = self.a(x)", {"a": SOMETIMES}),
    *(
        (
            f"begins as {start}, {guard}",
            f"y = self.a(x)\ns = {start}\nfor sample in data_samples:\n    if sample.sum() > 0:\n        continue\n"
            f"    s = y if s is None else s + y\n{guard}:\n    s = {other}\nx = self.b(x + s)",
            expected,
        )
        for start, guard, other, expected in (
            ("0", "if not torch.is_tensor(s)", "y * 0", {}),
            ("0", "if torch.is_tensor(s)", "y * 0", {"a": SOMETIMES}),
            ("0", "if not torch.is_tensor(s)", "x * 0", {"a": SOMETIMES}),
            ("0.0", "if not isinstance(s, torch.Tensor)", "y * 0", {}),
            ("0", "if isinstance(s, int)", "y * 0", {}),
            ("0", "if isinstance(s, (int, float))", "y * 0", {}),
            ("0", "if isinstance(s, float)", "y * 0", {"a": SOMETIMES}),
            ("None", "if s is None", "y * 0", {}),
            ("None", "if s is None", "x * 0", {"a": SOMETIMES}),
            ("None", "if not isinstance(s, torch.Tensor)", "y * 0", {}),
            ("0 if n > 1 else None", "if s is None", "y * 0", {"a": SOMETIMES}),
        )
    ),
    ("begins as 0 in a branch", "s = 0\nif n > 3:\n    s = s + self.a(x)\nif not torch.is_tensor(s):\n    s = self.a(x) * 0\nx = x + s + self.b(x)", {}),
    ("begins as 0, added in a branch", "s = 0\nfor sample in data_samples:\n    if sample.sum() > 0:\n        s = s + self.a(x)\nif isinstance(s, int):\n    s = self.a(x) * 0\nx = x + s + self.b(x)", {}),
    ("begins as 0, one of two parts", "s = 0\nfor sample in data_samples:\n    if sample.sum() > 0:\n        s = s + self.a(x)\n    elif sample.sum() < -3:\n        s = s + self.b(x)\nif isinstance(s, int):\n    s = self.a(x) * 0\nx = x + s", {"a": SOMETIMES, "b": SOMETIMES}),
    *(
        (zeros, f"if n > 3:\n    x = self.a(x)\nelse:\n    x = x + {zeros}\nx = self.b(x)", {})
        for zeros in (
            "self.a.weight.sum() * 0.",
            "0 * self.a.weight.sum()",
            "sum(p.sum() for p in self.a.parameters()) * 0",
            "torch.stack([p.sum() for _, p in self.a.named_parameters()]).sum().mul(0.0)",
            "self.a(x) * 0",
            "torch.zeros(1) * self.a(x)",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"), [case[1:] for case in VERDICTS], ids=[case[0] for case in VERDICTS]
)
def test_verdicts(tmp_path: Path, body: str, expected: Dict[str, str]) -> None:
    assert {part.name: part.verdict for part in read(tmp_path, body).submodules} == expected


def steps(body: str, count: int) -> Iterator[Any]:
    """The model after one training step, for several inputs that torch does not refuse."""
    torch = pytest.importorskip("torch")
    names: Dict[str, Any] = {}
    exec(compile(source(body), "net", "exec"), names)
    for seed in range(count):
        torch.manual_seed(seed)
        random.seed(seed)
        model = names["Net"]()
        try:
            loss = model(torch.randn(4) * 3, [torch.randn(4) * 3 for _ in range(1 + seed % 6)])["loss"]
            loss.backward()
        except RuntimeError:  # the truth of several numbers
            continue
        yield model


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "expected"), [case[1:] for case in VERDICTS], ids=[case[0] for case in VERDICTS]
)
def test_the_verdicts_are_measured(body: str, expected: Dict[str, str]) -> None:
    got: Dict[str, Set[bool]] = {"a": set(), "b": set()}
    for model in steps(body, 60):
        for name, found in got.items():
            found.add(getattr(model, name).weight.grad is not None)
    for name, found in got.items():
        verdict = {(True,): None, (False,): NEVER}.get(tuple(found), SOMETIMES)
        assert expected.get(name) == verdict


NEWER = pytest.mark.skipif(sys.version_info < (3, 10), reason="match")
#: the body, whether the checkpoint in encode() is used again in one step
PASSES = [
    ("x = self.encode(x)", False),
    ("x = self.encode(x) + self.encode(x * 2)", True),
    ("x = self.encode(x) + self.encode(x * 2).detach()", False),
    ("x = self.encode(x) + self.encode(x.detach() if n > 3 else x)", None),  # no gradient in, none out
    ("if x.shape[0] == 0:\n    x = self.encode(x)\nelif x[0, 0] > 0:\n    x = self.a(x)\nelse:\n    x = self.encode(self.encode(x))", None),
    ("x = self.encode(x) + self.encode(x * 2).data", False),
    ("y = self.encode(x * 2)\nx = self.encode(x) + y.mean().item()", False),
    ("with torch.no_grad():\n    y = self.encode(x)\nx = self.encode(x) + y", False),
    ("x = self.encode(x) if n > 3 else self.encode(x * 2)", False),
    ("if n > 3:\n    x = self.encode(x)\nelif n > 2:\n    x = self.encode(x + 1)\nelse:\n    x = self.encode(x * 2)", False),
    ("if n > 3:\n    x = self.encode(x)\nif n > 2:\n    x = self.encode(x + 1)", None),
    ("if n > 3:\n    x = self.encode(x)\nx = self.encode(x + 1)", None),
    ("if n > 3:\n    x = self.encode(self.encode(x))", None),
    ("f = n > 3\nfor g in (f, not f):\n    if g:\n        x = self.encode(x)", False),
    ("for g in (n > 3, n > 2):\n    if g:\n        x = self.encode(x)\n        break", False),
    ("for _ in range(2):\n    x = self.encode(x)", True),
    ("for m in (self.a, self.stem):\n    x = checkpoint(lambda y: m(y) * self.b.weight.sum(), x)", True),
    ("for m in (self.a, self.stem):\n    x = checkpoint(lambda y, w: m(y) * w.sum(), x, self.b.weight)", False),
    (
        "self.b.weight.requires_grad = False\n"
        "for m in (self.a, self.stem):\n    x = checkpoint(lambda y: m(y) * self.b.weight.sum(), x)",
        False,
    ),
    ("for _ in range(1):\n    x = self.encode(x)", False),
    ("for item in data_samples:\n    x = self.encode(x)", None),
    ("x = sum([self.encode(item) for item in x])", None),
    ("x = sum(map(self.encode, x))", None),
    ("while n > 0:\n    n -= 1\n    x = self.encode(x)", None),
    ("for i in range(n):\n    if i == 3:\n        x = self.encode(x)", False),
    ("for i in range(n):\n    if i == n - 1:\n        x = self.encode(x)", False),
    ("for i in range(n):\n    if i in (0, n - 1):\n        x = self.encode(x)", None),
    ("for i, item in enumerate(data_samples):\n    if i == 0:\n        x = self.encode(x)", False),
    ("for i in range(n):\n    if i == 0 or i == n - 1:\n        x = self.encode(x)", None),
    pytest.param(
        "match n:\n    case 1:\n        x = self.encode(x)\n    case 2:\n        x = self.encode(x + 1)\n"
        "    case _:\n        x = self.encode(x * 2)", False, marks=NEWER,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), PASSES)
def test_passes_through_a_checkpoint(tmp_path: Path, body: str, expected: Optional[bool]) -> None:
    found: List[Optional[bool]] = [use.reused for use in read(tmp_path, body).checkpoints]
    assert found == [expected]
