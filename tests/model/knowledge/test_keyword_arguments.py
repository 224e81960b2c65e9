"""Arguments bind as in Python: which parts reach the loss, read from source and measured with torch."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import textwrap
from pathlib import Path
from typing import Any, Set, Tuple

import pytest

from mmfix.model.reading import read_model
from mmfix.model.types import NEVER, ModelReading
from mmfix.repository.library import Library

_HEAD = """
import copy
import functools
import itertools
from functools import partial

import torch
from mmengine.config import ConfigDict
from mmengine.model import BaseModule
from mmengine.registry import MODELS, build_from_cfg
from torch import nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential


class Part(nn.Module):
    def __init__(self, on=True, rank=0):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.on, self.rank = on, rank

    def forward(self, x):
        return self.conv(x) if self.on else x.sum()


class Net(nn.Module):
"""

#: what is called, the rest of the constructor, the body of ``forward``, the parts that never reach the loss
CASES = [
    (
        "enumerate",
        "",
        "loss = sum(p(x).sum() for i, p in enumerate(iterable=[self.a, self.b], start=1) if i > 1)",
        "ac",
    ),
    (
        "partial",
        "make = partial(Part, on=False); self.b = make(rank=2); self.c = make(on=True)",
        "loss = self.a(x).sum() + self.b(x) + self.c(x).sum()",
        "b",
    ),
    (
        "sorted by a key",
        "",
        "low, *_ = sorted([self.a, self.b, self.c], key=lambda p: p.rank)\nloss = low(x).sum()",
        "ab",
    ),
    (
        "sorted in reverse",
        "",
        "top, *_ = sorted([self.a, self.b, self.c], key=lambda p: p.rank, reverse=True)\nloss = top(x).sum()",
        "bc",
    ),
    (
        "sorted by an attribute of the class",
        "",
        "top = sorted([self.a, self.b], key=Net.order)[0]\nloss = top(x).sum()",
        "ac",
    ),
    (
        "list.sort",
        "self.parts = [self.a, self.b, self.c]\nself.parts.sort(key=lambda p: p.rank, reverse=True)",
        "loss = self.parts[1](x).sum()",
        "ac",
    ),
    ("max by a key", "", "loss = max([self.a, self.b, self.c], key=lambda p: p.rank)(x).sum()", "bc"),
    ("min of several", "", "loss = min(self.a, self.b, key=lambda p: p.rank)(x).sum()", "ac"),
    (
        "max with a default",
        "",
        "part = max([], key=lambda p: p.rank, default=self.b)\nloss = part(x).sum()",
        "ac",
    ),
    ("sum with a start", "", "loss = sum([self.b(x).sum()], start=self.a(x).sum())", "c"),
    (
        "zip, strict",
        "",
        "loss = 0\nfor p, w in zip([self.a, self.b], [1, 1], strict=True):\n    loss = loss + w * p(x).sum()",
        "c",
    ),
    ("map over two lists", "", "loss = sum(map(lambda p, w: w * p(x).sum(), [self.a, self.b], [1, 1]))", "c"),
    ("getattr with a default", "", "loss = getattr(self, 'd', self.b)(x).sum()", "ac"),
    (
        "next with a default",
        "",
        "part = next((p for p in [self.a] if p.rank > 9), self.c)\nloss = part(x).sum()",
        "ab",
    ),
    ("int with a base", "", "loss = [self.a, self.b, self.c][int('10', base=2)](x).sum()", "ab"),
    ("get of a ConfigDict", "", "loss = ConfigDict(b=1).get('x', default=self.c)(x).sum()", "ab"),
    (
        "setdefault of a pair",
        "",
        "found = {}\nfound.setdefault((0, 1), []).append(self.a)\n"
        "found.setdefault((0, 1), []).append(self.b)\nloss = sum(p(x).sum() for p in found[0, 1])",
        "c",
    ),
    ("dict of a dict and keywords", "", "loss = dict({'p': self.a}, p=self.b)['p'](x).sum()", "ac"),
    ("list.insert", "", "parts = [self.a, self.b]\nparts.insert(0, self.c)\nloss = parts[0](x).sum()", "ab"),
    ("str.join", "", "loss = getattr(self, ''.join(['', 'b']))(x).sum()", "ac"),
    (
        "product with repeat",
        "",
        "pair = list(itertools.product([self.a, self.b], repeat=2))[1]\nloss = pair[1](x).sum()",
        "ac",
    ),
    ("reduce", "", "loss = functools.reduce(lambda y, p: p(y), [self.a, self.b], x).sum()", "c"),
    (
        "reduce with a start alone",
        "",
        "loss = functools.reduce(lambda y, p: p(y), [], self.a(x)).sum()",
        "bc",
    ),
    (
        "register_buffer",
        "self.register_buffer(name='w', tensor=torch.ones(1), persistent=False)",
        "loss = self.w * self.a(x).sum()",
        "bc",
    ),
    (
        "add_module",
        "self.add_module(name='b', module=Part(on=False))",
        "loss = self.b(x) + self.a(x).sum()",
        "bc",
    ),
    ("register_module", "self.register_module(module=Part(), name='b')", "loss = self.b(x).sum()", "ac"),
    (
        "register_parameter",
        "del self.c\nself.register_parameter(name='c', param=nn.Parameter(torch.ones(1)))",
        "loss = self.a(x).sum()",
        "bc",
    ),
    (
        "apply",
        "self.apply(fn=lambda m: setattr(m, 'on', False))",
        "loss = self.a(x) + self.b.conv(x).sum()",
        "ac",
    ),
    ("requires_grad_", "self.b.requires_grad_(requires_grad=False)", "loss = self.a(x).sum()", "c"),
    (
        "parameters of its own only",
        "for p in self.parameters(recurse=False): p.requires_grad = False",
        "loss = self.a(x).sum()",
        "bc",
    ),
    (
        "names behind a prefix",
        "for name, p in self.named_parameters(prefix='m'):\n    p.requires_grad = name[:3] != 'm.b'",
        "loss = self.a(x).sum()",
        "c",
    ),
    (
        "append and extend",
        "self.parts = nn.ModuleList()\nself.parts.append(module=self.a)\nself.parts.extend(modules=[self.b])",
        "loss = (self.parts[0](x) + self.parts[1](x)).sum()",
        "c",
    ),
    (
        "insert into a sequence",
        "self.parts = nn.Sequential(self.a)\nself.parts.insert(index=0, module=self.b)",
        "loss = self.parts(x).sum()",
        "c",
    ),
    ("train", "", "self.b.train(mode=False)\nloss = (self.a if self.b.training else self.b)(x).sum()", "ac"),
    ("checkpoint", "", "loss = checkpoint(function=self.a, x=self.b(x), use_reentrant=False).sum()", "c"),
    (
        "checkpoint, reentrant",
        "",
        "loss = checkpoint(self.a, self.b(x), use_reentrant=True, preserve_rng_state=False).sum()",
        "c",
    ),
    (
        "checkpoint_sequential",
        "",
        "y = checkpoint_sequential(functions=[self.a, self.b], segments=2, input=x, use_reentrant=False)\n"
        "loss = y.sum()",
        "c",
    ),
    (
        "MODELS.build",
        "self.b = MODELS.build(cfg=dict(type=Part), default_args=dict(on=False))",
        "loss = self.b(x) + self.a(x).sum()",
        "bc",
    ),
    (
        "build_from_cfg",
        "self.b = build_from_cfg(registry=MODELS, cfg=dict(type=Part), default_args=dict(on=False))",
        "loss = self.b(x) + self.a(x).sum()",
        "bc",
    ),
    ("deepcopy", "self.b = copy.deepcopy(x=self.a)", "loss = self.b(x).sum()", "ac"),
]


def _source(init: str, forward: str) -> str:
    body = textwrap.indent(forward, "        ")
    return (
        f"{_HEAD}    def __init__(self):\n        super().__init__()\n"
        "        self.a, self.b, self.c = Part(rank=3), Part(rank=2), Part(rank=1)\n"
        f"{textwrap.indent(init, '        ')}\n\n"
        "    @staticmethod\n    def order(part):\n        return part.rank\n\n"
        f"    def forward(self, x, data_samples=None, mode='loss'):\n{body}\n        return dict(loss=loss)\n"
    )


def _write(folder: Path, source: str) -> Path:
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "net.py").write_text(source)
    return package / "net.py"


def _read(folder: Path, source: str) -> ModelReading:
    _write(folder, source)
    return read_model({"type": "shop.net.Net"}, Library([str(folder)]), "mmengine", "mmengine")


EVERY_CASE = pytest.mark.parametrize(
    ("init", "forward", "never"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)


@EVERY_CASE
def test_read(tmp_path: Path, init: str, forward: str, never: str) -> None:
    reading = _read(tmp_path, _source(init, forward))
    assert not reading.gave_up
    assert not reading.problems
    assert {part.name: part.verdict for part in reading.submodules} == dict.fromkeys(never, NEVER)


@EVERY_CASE
def test_measured(tmp_path: Path, init: str, forward: str, never: str) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("mmengine")
    if "strict=" in forward and sys.version_info < (3, 10):
        pytest.skip("zip() has no strict before Python 3.10")
    spec = importlib.util.spec_from_file_location("net_of_keywords", _write(tmp_path, _source(init, forward)))
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    net = module.Net()
    net(torch.randn(1, 3, 2, 2))["loss"].backward()
    without: Set[str] = set()
    for name in "abc":
        part = getattr(net, name)
        found = [part] if isinstance(part, torch.nn.Parameter) else list(part.parameters())
        trained = [param for param in found if param.requires_grad]
        if trained and all(param.grad is None for param in trained):
            without.add(name)
    assert without == set(never)


def test_builders_of_mmcv(tmp_path: Path) -> None:
    """Not measured: mmcv is not among the packages of the tests."""
    init = """
from mmcv.cnn import build_conv_layer, build_norm_layer, build_upsample_layer
name, norm = build_norm_layer(num_features=3, cfg=dict(type='BN', requires_grad=False), postfix=1)
self.add_module(name=name, module=norm)
self.b = build_conv_layer(cfg=None, in_channels=3, out_channels=3, kernel_size=1)
self.c = build_upsample_layer(cfg=dict(type='deconv'), in_channels=3, out_channels=3, kernel_size=1)
"""
    reading = _read(tmp_path, _source(init, "loss = self.a(self.bn1(x)).sum()"))
    assert not reading.problems
    assert reading.trainable is not None
    assert [name for name in reading.trainable if "a." not in name] == [
        "b.weight",
        "b.bias",
        "c.weight",
        "c.bias",
    ]
    assert {part.name: part.verdict for part in reading.submodules} == dict.fromkeys("bc", NEVER)


#: what is wrong, and the words for it
MISUSED: Tuple[Tuple[str, str], ...] = (
    ("enumerate(self.b, begin=1)", "builtins.enumerate"),
    ("partial(func=self.b)", "functools.partial"),
    ("sorted([self.b], lambda p: p.rank)", "builtins.sorted"),
    ("max(self.b, self.c, by=len)", "builtins.max"),
    ("[].append(object=self.b)", "append"),
    ("[].insert(self.b)", "insert"),
    ("self.apply(function=self.b)", "apply"),
    ("self.add_module('x', param=self.b)", "add_module"),
    ("checkpoint(use_reentrant=False, x=self.b)", "torch.utils.checkpoint.checkpoint"),
    ("MODELS.build(self.b, default=self.c)", "build"),
)


@pytest.mark.parametrize(("call", "name"), MISUSED, ids=[call for call, _ in MISUSED])
def test_arguments_that_do_not_fit(tmp_path: Path, call: str, name: str) -> None:
    """What is handed over may be used for anything: no word on it, and the reason is said."""
    reading = _read(tmp_path, _source("", f"y = {call}\nloss = self.a(x).sum()"))
    reason = f"a call of {name} with arguments that it does not take"
    assert reason in {problem.reason for problem in reading.problems}
    assert "b" not in {part.name for part in reading.submodules if part.verdict == NEVER}


def test_a_bug_of_a_handler_ends_nothing_but_its_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Any = importlib.import_module("mmfix.model.knowledge.calls")

    def broken(m: Any, obj: Any, /) -> Any:
        return [][1]

    monkeypatch.setitem(calls.CALLS, "builtins.len", broken)
    monkeypatch.delenv("MMFIX_DEBUG", raising=False)
    source = _source("", "n = len([self.b])\nloss = self.a(x).sum()")
    reading = _read(tmp_path, source)
    reasons = {problem.reason for problem in reading.problems}
    assert reasons == {"mmfix failed to follow a call of builtins.len (IndexError)"}
    assert {part.name: part.verdict for part in reading.submodules if part.verdict == NEVER} == {"c": NEVER}
    monkeypatch.setenv("MMFIX_DEBUG", "1")
    with pytest.raises(IndexError):
        read_model({"type": "shop.net.Net"}, Library([str(tmp_path)]), "mmengine", "mmengine")


def test_unknown_keyword_arguments_go_on_through_a_partial(tmp_path: Path) -> None:
    """``on`` may be among them: the part is not never used."""
    source = _source(
        "self.b = partial(Part, **torch.load('options'))(rank=2)", "loss = self.a(x).sum() + self.b(x).sum()"
    )
    verdicts = {part.name: part.verdict for part in _read(tmp_path, source).submodules}
    assert verdicts.pop("c") == NEVER
    assert NEVER not in verdicts.values()
    assert "b" in verdicts


def test_a_module_taken_out_of_a_list_is_not_never_used(tmp_path: Path) -> None:
    source = _source(
        "self.parts = nn.ModuleList([Part(), Part()])\nself.last = self.parts.pop(-1)",
        "loss = self.last(x).sum() + self.a(x).sum()",
    )
    verdicts = {part.name: part.verdict for part in _read(tmp_path, source).submodules}
    assert verdicts == dict.fromkeys(("b", "c", "parts"), NEVER)  # `parts` is what is left in the list
