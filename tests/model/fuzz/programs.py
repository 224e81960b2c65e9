"""A whole random model: its classes as text, and the config dict that names it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Dict, List

from .drawn import Drawn
from .flow import written
from .habits import furnish

HEADER = """\
import contextlib
import copy
import functools
import itertools
import random
from collections import OrderedDict

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import nn
from torch.utils.checkpoint import checkpoint


def make_layer(size=4, **kwargs):
    return nn.Linear(size, size, **kwargs)


def run_all(layers, x):
    for layer in layers:
        x = layer(x)
    return x


def run_scaled(layer, x, scale=1):
    return layer(x) * scale


def apply_to(x, function, *more):
    return function(x, *more)


def pair(x, y):
    return x, y


def each(values):
    for value in values:
        yield value * 2


def dropped(x, training=False, *, p=0.1):
    return x * (1 - p) if training else x


def touch(module):
    if isinstance(module, nn.Linear):
        module.weight.data.mul_(0.5)


class Scale(nn.Module):
    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale, dtype=torch.float))

    def forward(self, x):
        return x * self.scale


class Affine(nn.Module):
    def __init__(self, size, shift=True):
        super().__init__()
        self.factor = nn.Parameter(torch.ones(size))
        if shift:
            self.shift = nn.Parameter(torch.zeros(size))
        else:
            self.register_parameter('shift', None)

    def forward(self, x):
        x = x * self.factor
        return x if self.shift is None else x + self.shift
"""
OPTIONS = (
    "flag=True, off=False, depth=2, which='first', wanted=('a',), chosen=(0, 1), limits=None"  # of each class
)
KEPT = [
    "self.flag, self.off, self.depth, self.which = flag, off, depth, which",
    "self.wanted, self.chosen, self.limits = wanted, chosen, limits or {}", "self.last = None",
    "self.bias = nn.Parameter(torch.zeros(4))",
]  # fmt: skip
START = ["inputs, data_samples, mode = x, [{'flag': True, 'label': 0, 'boxes': x[:1]}] * len(x), 'loss'"]
TENSORS = ["v0, v1, v2 = inputs, inputs * 2, inputs + 1", "xs, d, losses = [inputs], {'a': inputs}, {}"]


@dataclass(frozen=True)
class Program:
    """A model as text, and the ``model`` of its config."""

    source: str
    model: Dict[str, Any]


def _inside(lines: List[str], level: int) -> List[str]:
    return ["    " * level + line if line else "" for text in lines for line in text.split("\n")]


def _class(
    c: Drawn, bases: str, forward: List[str], first: str = "super().__init__()", head: str = ""
) -> str:
    late = [
        "",
        "def train(self, mode=True):",
        "    super().train(mode)",
        *_inside(c.frozen, 1),
        "    return self",
    ]
    return "\n".join([
        *([head] if head else []), f"class {c.name}({bases}):", *_inside(c.body, 1),
        f"    def __init__(self, {OPTIONS}):",
        *_inside([first, *KEPT, *c.init, *c.ends], 2), *_inside(late if c.frozen else [], 1),
        *_inside(c.methods, 1), *_inside(forward, 1), "",
    ])  # fmt: skip


def _block(draw: random.Random, number: int) -> Drawn:
    c = Drawn(draw, f"Block{number}")
    furnish(c, draw.randint(1, 2), draw.randint(0, 1))
    return c


def _base(draw: random.Random) -> str:
    """A base class and a mixin, each with parts that its children may or may not use."""
    c = Drawn(draw, "Base")
    c.body = ["most = 2", "plan = {'a': 1, 'b': 2}"]
    c.init += ["self.base_layer = make_layer()", f"self.build(self.{draw.choice(['depth', 'most'])})"]
    c.methods += ["", "def build(self, count):", "    self.built = nn.ModuleList([make_layer() for _ in range(count)])",
                  "", "def extract(self, x):", f"    return {draw.choice(['self.base_layer(x)', 'run_all(self.built, x)', 'self.built[0](x) + self.base_layer(x)'])}",
                  "", "@staticmethod", "def doubled(x):", "    return x * 2",
                  "", "@classmethod", "def made(cls, *args, **kwargs):", "    return make_layer(*args, **kwargs)",
                  "", "def gather(self, x, losses):", "    losses = dict(losses)", "    losses['loss'] = x", "    return losses"]  # fmt: skip
    mixin = (
        "class Mixin:\n    def make_more(self):\n        self.more = make_layer()\n\n    def run_more(self, x):\n"
        "        return self.more(x)\n\n    def extract(self, x):\n        return super().extract(x) + self.run_more(x)\n"
    )
    return _class(c, "nn.Module", []) + "\n\n" + mixin


def program(seed: int) -> Program:
    """The model of that number."""
    draw = random.Random(seed)
    texts = [HEADER, _base(draw)]
    blocks = [_block(draw, number) for number in range(draw.randint(0, 2))]
    for block in blocks:
        forward = written(block, f"def forward(self, x{draw.choice(['', ', *args', ', scale=1, **kwargs'])}):", [*START, *TENSORS], False, draw.randint(1, 2))  # fmt: skip
        texts.append(_class(block, "nn.Module", forward, head="@MODELS.register_module(force=True)"))
    net = Drawn(draw, "Net")
    mixed = draw.random() < 0.4
    if mixed:
        net.init.append("self.make_more()")
    if draw.random() < 0.3:
        net.methods += ["", "def build(self, count):", draw.choice(["    super().build(count)", "    super().build(1)\n    self.own = self.made(4)"]), "", "def used_own(self, x):", "    return self.own(x) if hasattr(self, 'own') else x"]  # fmt: skip
        net.uses.append("self.used_own({x})")
    if draw.random() < 0.3:
        net.methods += ["", "def extract(self, x, *args):", "    x = super().extract(x)", f"    return {draw.choice(['x', 'x + self.bias', 'self.doubled(x)', 'x.detach()'])}"]  # fmt: skip
    net.uses += ["self.extract({x})", "self.doubled({x})", "self.base_layer({x})"]
    net.loops.append("for layer in self.built[:self.most]:\n    {v} = layer({v})")
    for block in blocks:
        _place(net, block)
    furnish(net, draw.randint(1, 4), draw.randint(0, 2))
    for number in range(draw.randint(0, 2)):
        net.methods += written(
            net, f"def help{number}(self, x):", [*START, *TENSORS], False, draw.randint(1, 2)
        )
        net.uses.append(f"self.help{number}({{x}})")
    forward = written(
        net, "def forward(self, inputs, data_samples=None, mode='loss'):", TENSORS, True, draw.randint(2, 5)
    )
    given = draw.choice(
        ["flag=flag, off=off, depth=depth", "depth=depth, flag=flag", "*(flag, off), depth=depth"]
    )
    first = draw.choice([f"super().__init__({given})", f"super(Net, self).__init__({given})"])
    texts.append(
        _class(net, "Mixin, Base" if mixed else "Base", forward, first, "@MODELS.register_module(force=True)")
    )
    return Program("\n\n".join(texts), _config(draw))


def _place(net: Drawn, block: Drawn) -> None:
    """Puts a block into the model, by one of the ways people do."""
    draw, a = net.draw, net.new("block")
    options = draw.choice(["", "flag=False", "depth=3", "off=True, depth=1", "wanted=('a', 'b')"])
    k = draw.randrange(5)
    if k == 0:
        net.init.append(f"self.{a} = {block.name}({options})")
    elif k == 1:
        net.init.append(
            f"self.{a} = MODELS.build(dict(type='{block.name}'{', ' + options if options else ''}))"
        )
    elif k == 2:
        net.init += [
            f"kinds = dict(first={block.name}, second=lambda **options: Affine(4))",
            f"self.{a} = kinds[which]({options})",
        ]
    elif k == 3:
        net.init.append(
            f"self.{a} = nn.ModuleList([{block.name}({'depth=i + 1' if draw.random() < 0.5 else options}) for i in range(2)])[{draw.choice(['0', '-1'])}]"
        )
    else:
        net.init += [f"self.{a} = nn.ModuleDict({{name: {block.name}({options}) for name in ('a', 'b')}})"]
        net.uses += [f"self.{a}['{draw.choice('ab')}']({{x}})"] * 2
        return
    net.uses += [f"self.{a}({{x}})"] * 3


def _config(draw: random.Random) -> Dict[str, Any]:
    model: Dict[str, Any] = {"type": "Net"}
    for name, values in (("flag", (True, False)), ("off", (True, False)), ("depth", (1, 2, 3)), ("which", ("first", "second")),
                         ("wanted", (["a"], ["a", "b"], ["b"])), ("chosen", ([0], [1], [0, 1], [])),
                         ("limits", ({"most": 2}, {"most": 1}, {}))):  # fmt: skip
        if draw.random() < 0.4:
            model[name] = draw.choice(values)
    return model
