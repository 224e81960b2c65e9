"""Code that ends in an exception: the other way is taken, and only what it had at hand is lost."""

import textwrap
from pathlib import Path
from typing import Dict

import pytest

from mmfix.model.reading import read_model
from mmfix.model.types import CANNOT_TELL, NEVER, SOMETIMES, ModelReading
from mmfix.repository.library import Library

HEADER = """
import random
import re
import torch
from torch import nn


def conv():
    return nn.Conv2d(3, 3, 1, bias=False)


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.e, self.f = conv(), conv()

    def forward(self, x):
        return self.e(x)


"""


def reading_of(folder: Path, forward: str, init: str = "", methods: str = "", head: str = "") -> ModelReading:
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    body, more = (textwrap.indent(textwrap.dedent(text).strip(), "        ") for text in (forward, init))
    source = (
        HEADER + textwrap.dedent(head) + "\n\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.a, self.b, self.c = conv(), conv(), conv()\n"
        f"{more}\n\n{textwrap.indent(textwrap.dedent(methods).strip(), '    ')}\n\n"
        f"    def forward(self, x, data_samples=None, mode='loss'):\n{body}\n        return dict(loss=loss)\n"
    )
    (package / "net.py").write_text(source)
    return read_model({"type": "shop.net.Net"}, Library([str(folder)]), "mmengine", "shop")


def read(folder: Path, *source: str) -> Dict[str, str]:
    """Verdict by name for the parts of ``Net`` that are not used throughout."""
    reading = reading_of(folder, *source)
    assert not reading.gave_up, reading.gave_up
    return {part.name: part.verdict for part in reading.submodules}


#: what it shows, the body of forward, more of __init__, methods, what stands before the class, verdicts
CASES = [
    (
        "a raise after a return that may have happened",
        "loss = self.a(x) + self.pick(x)",
        "",
        "def pick(self, x):\n    if x.sum() > 1: return self.b(x)\n    raise ValueError",
        "",
        {"c": NEVER},
    ),
    (
        "a raise after a loop that may have returned",
        "loss = self.pick(x, data_samples)",
        "",
        """
        def pick(self, x, samples):
            for sample in samples:
                if sample: return self.a(x)
            raise ValueError
        """,
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "a turn that ends in a raise unless it went on before",
        "loss = 0\nfor m in [self.a, self.b]:\n    loss = loss + m(x)\n    if x.sum() > 1: continue\n"
        "    raise ValueError",
        "",
        "",
        "",
        {"c": NEVER},
    ),
    (
        "a loop that ends in a raise unless it was left before",
        "loss = self.b(x)\nfor m in [self.a, self.c]:\n    loss = loss + self.a(x)\n"
        "    if x.sum() > 1: break\n    raise ValueError",
        "",
        "",
        "",
        {"c": NEVER},
    ),
    (
        "a raise in a branch of a loop over data",
        "loss = 0\nfor s in data_samples:\n    if s.sum() > 1: raise ValueError\n    loss = loss + self.a(s)",
        "",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "a check of what is not known",
        "assert len(data_samples) == 2\nassert x.ndim == 4, 'what is this'\nloss = self.a(x)",
        "",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "a function that would end every run",
        "self.check(self.part, x)\nloss = self.a(x)",
        "self.part = Part()",
        "def check(self, part, x):\n    if self.training: raise RuntimeError\n    return part.f(x)",
        "",
        {"b": CANNOT_TELL, "c": CANNOT_TELL, "part": CANNOT_TELL},
    ),
    (
        "a function beside the model that would end every run",
        "y = checked(self.part, self.b(x))\nloss = self.a(x) + y",
        "self.part = Part()",
        "",
        "def checked(part, x):\n    assert not part.training\n    return part(x)",
        {"b": CANNOT_TELL, "c": NEVER, "part": CANNOT_TELL},
    ),
    (
        "a part whose constructor would end every run",
        "loss = self.a(x) + self.part(x)",
        "self.part = Checked()",
        "",
        """
        class Checked(Part):
            def __init__(self):
                super().__init__()
                self.g = conv()
                if self.training: raise ValueError('not for training')
                self.h = conv()

            def forward(self, x):
                return self.h(self.e(x))
        """,
        {"b": NEVER, "c": NEVER, "part.f": CANNOT_TELL, "part.g": CANNOT_TELL},
    ),
    (
        "a part whose constructor checks what is not known",
        "loss = self.a(x) + self.part(x)",
        "self.part = Checked(torch.cuda.device_count())",
        "",
        """
        class Checked(Part):
            def __init__(self, count):
                super().__init__()
                if count > 8: raise ValueError('too many')
        """,
        {"b": NEVER, "c": NEVER, "part.f": NEVER},
    ),
    (
        "a function in a loop over data that would end every run",
        "loss = self.a(x)\nfor s in data_samples: loss = loss + checked(self.b, s)",
        "",
        "",
        "def checked(part, x):\n    assert not part.training\n    return part(x)",
        {"b": CANNOT_TELL, "c": NEVER},
    ),
    (
        "a branch that only raises",
        "if x.sum() > 1: loss = self.none(self.b(x))\nelse: loss = self.a(x)",
        "",
        "def none(self, x): raise NotImplementedError",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "three names for four values",
        "y = self.a(x)\nu, v, w = self.four(y)\nloss = y + self.b(u)",
        "",
        "def four(self, x): return x, x, x, self.c(x)",
        "",
        None,
    ),
    (
        "three names for four values inside of a part",
        "loss = self.a(x) + self.part(x)",
        "self.part = Odd()",
        "",
        """
        class Odd(Part):
            def four(self, x):
                return x, x, x, x

            def forward(self, x):
                u, v, w = self.four(self.e(x))
                return self.f(u)
        """,
        {"b": NEVER, "c": NEVER, "part": CANNOT_TELL},
    ),
    (
        "an argument that is missing",
        "loss = self.a(x) + self.part.other(x)",
        "self.part = Odd()",
        "",
        "class Odd(Part):\n    def other(self, x, scale):\n        return self.f(x) if scale == 3 else x",
        {"b": NEVER, "c": NEVER, "part": CANNOT_TELL},
    ),
    (
        "a raise that a handler takes",
        "try:\n    self.none()\n    y = self.b(x)\nexcept NotImplementedError:\n    y = self.a(x)\nloss = y",
        "",
        "def none(self): raise NotImplementedError",
        "",
        {"b": CANNOT_TELL, "c": NEVER},
    ),
    (
        "by chance",
        "loss = self.a(x)\nif random.random() > 0.5: loss = loss + self.b(x)",
        "",
        "",
        "",
        {"b": SOMETIMES, "c": NEVER},
    ),
    (
        "a way through numpy",
        "y = torch.from_numpy(self.b(x).detach().cpu().numpy()).to(x)\nloss = self.a(x) + y",
        "",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "a call with any number of arguments",
        "loss = self.run(x, *data_samples)",
        "",
        "def run(self, x, *others): return self.a(x) + sum(self.b(o) for o in others)",
        "",
        {"c": NEVER},
    ),
    (
        "a call with any number of arguments of a function beside the model",
        "loss = scaled(*[self.a(s) for s in data_samples]) + self.b(x)",
        "",
        "",
        "def scaled(first, *others):\n    return first * 2",
        {"c": NEVER},
    ),
    (
        "keyword arguments under unknown names",
        "loss = self.run(x, **data_samples)",
        "",
        "def run(self, x, scale=1, **others): return self.a(x) * scale",
        "",
        {"b": NEVER, "c": NEVER},
    ),
]


@pytest.mark.parametrize(("forward", "init", "methods", "head", "expected"), [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])  # fmt: skip
def test_raise(tmp_path, forward, init, methods, head, expected):
    if expected is None:
        assert "4 values" in reading_of(tmp_path, forward, init, methods, head).gave_up
    else:
        assert read(tmp_path, forward, init, methods, head) == expected


#: A loss that may be None, and what is done with it: None ends the run, so the dict is what comes out.
NONE = [
    ("it is all of the loss", "return self.losses(x)"),
    (
        "it updates a dict",
        "losses = dict(loss_a=self.a(x).sum())\nlosses.update(self.losses(x))\nreturn losses",
    ),
    ("a method of it is called", "losses = self.losses(x)\nlosses.pop('acc', 0)\nreturn losses"),
    ("one of it is taken", "loss = self.losses(x)['loss_b']"),
    ("its items are taken", "return {'b.' + key: value for key, value in self.losses(x).items()}"),
    ("it is unpacked", "loss, acc = self.pair(x)"),
    ("it is added to", "loss = sum([self.a(x)] + self.listed(x))"),
    ("it is called", "loss = self.a(x) + self.chosen(x)(x)"),
    ("it is iterated over", "loss = self.a(x).sum()\nfor part in self.pair(x): loss = loss + part"),
]


@pytest.mark.parametrize("forward", [case[1] for case in NONE], ids=[case[0] for case in NONE])
def test_none_in_the_place_of_losses_ends_the_run(tmp_path, forward):
    methods = """
    def losses(self, x):
        targets = self.targets(x)
        if targets is None:
            return None
        return dict(loss_b=(self.b(x) - targets).sum(), acc=x.sum())

    def targets(self, x):
        return None if x.sum() > 1 else x

    def pair(self, x):
        if x.sum() > 1: return None
        return self.b(x).sum(), x

    def listed(self, x):
        if x.sum() > 1: return None
        return [self.b(x)]

    def chosen(self, x):
        if x.sum() > 1: return None
        return self.b
    """
    found = read(tmp_path, forward, "", methods)
    assert found == {name: NEVER for name in "ac" if f"self.{name}(" not in forward}


def test_a_record_that_sets_and_gets_its_fields_itself(tmp_path):
    head = """
    class Crate:
        def __init__(self):
            self._slots = {}

        def __setattr__(self, name, value):
            if name.startswith('_'):
                super().__setattr__(name, value)
            else:
                self.put(name, value)

        def __getattr__(self, name):
            if name == '_slots' or name not in self._slots:
                raise AttributeError(name)
            return self._slots[name]

        def put(self, name, value):
            if len(self._slots):
                assert len(self) == len(value)
            self._slots[name] = value

        def has(self, name):
            return name in self._slots

        def __getitem__(self, item):
            made = Crate()
            for name, value in self._slots.items():
                made.put(name, value[item])
            return made

        def __len__(self):
            for value in self._slots.values():
                return len(value)
            raise NotImplementedError
    """
    forward = """
    crate = Crate()
    crate.feat = self.a(x)
    crate.query = self.b(x)
    kept = crate[crate.feat.sum() > 1]
    assert len(kept) and not kept.has('other')
    loss = kept.feat.mean() / max(len(kept), 1) + kept.query.sum()
    """
    assert read(tmp_path, forward, "", "", head) == {"c": NEVER}
