"""What random models have shown to be read otherwise than torch runs it, each as small as it gets."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_nets import net, read, read_net

from mmfix.model.types import CANNOT_TELL, NEVER, SOMETIMES

#: what it shows, the forward method, the rest of ``__init__``, the parts that are not used throughout
CASES = [
    (
        "a raise that some steps reach, and its handler",
        "y = self.a(x)\ntry:\n    if x.sum() > 0:\n        raise ValueError\n    loss = self.b(x)\n"
        "except ValueError:\n    loss = y\nloss = loss + self.c(x)",
        "",
        {"a": SOMETIMES, "b": SOMETIMES},
    ),
    (
        "what was computed before the raise stays",
        "y = x\ntry:\n    y = self.a(x)\n    if x.sum() > 0:\n        raise KeyError(1)\n    y = self.b(y)\n"
        "except (ValueError, KeyError):\n    pass\nloss = self.c(y)",
        "",
        {"b": SOMETIMES},
    ),
    (
        "both sides of a raise do the same",
        "try:\n    if x.sum() > 0:\n        raise ValueError\n    y = self.a(x)\nexcept ValueError:\n"
        "    y = self.a(x) * 2\nloss = self.c(self.b(y))",
        "",
        {},
    ),
    (
        "a raise inside of a call",
        "try:\n    y = self.picky(x)\nexcept ValueError:\n    y = self.b(x)\nloss = self.c(y)",
        "",
        {"a": SOMETIMES, "b": SOMETIMES},
    ),
    (
        "a raise that no handler is for ends the run",
        "try:\n    if x.sum() > 0:\n        raise TypeError\n    y = self.a(x)\nexcept KeyError:\n    y = x\n"
        "loss = self.c(self.b(y))",
        "",
        {},
    ),
    (
        "what a step leaves to the next, of which there was nothing",
        "y = self.a(x)\nif self.kept is not None:\n    y = y + self.b(self.kept)\nself.kept = y.detach()\n"
        "loss = self.c(y)",
        "self.kept = None",
        {"b": SOMETIMES},
    ),
    (
        "a tensor changed in place has two names",
        "y = self.c(x)\nz, kept = y, [y]\nz += self.a(x)\nkept[0] += self.b(x)\nloss = y",
        "",
        {},
    ),
    (
        "a tensor changed in place is in a list in a dict, and an attribute",
        "y = self.c(x)\nd = {'k': [x, y]}\nself.kept = z = x * self.c(x)\ny += self.a(x)\nz += self.b(x)\n"
        "loss = d['k'][1] + self.kept",
        "",
        {},
    ),
    (
        "a number of one name is changed under that name alone",
        "n = m = 1\nn += self.a(x).sum()\nloss = self.c(self.b(x)) * m",
        "",
        {"a": NEVER},
    ),
    ("one of two is the largest", "loss = self.c(max([self.a(x).sum(), self.b(x).sum()]) * x)", "",
     {"a": SOMETIMES, "b": SOMETIMES}),
    (
        "a filter may leave nothing to loop over",
        "y = self.a(x)\nfor s in (s for s in data_samples if s.ok):\n    y = self.b(x)\nloss = self.c(y)",
        "",
        {"a": SOMETIMES, "b": SOMETIMES},
    ),
    (
        "there may be nothing behind the first",
        "y = self.a(x)\nfor s in data_samples[1:]:\n    y = self.b(x)\nloss = self.c(y)",
        "",
        {"a": CANNOT_TELL},
    ),
    (
        "a hook that is taken away",
        "loss = self.a(x) + self.c(x)",
        "handle = self.a.register_forward_hook(lambda m, i, o: o + self.b(o))\nhandle.remove()",
        {"b": NEVER},
    ),
    (
        "of two hooks one is taken away",
        "loss = self.a(x) + self.c(x)",
        "self.a.register_forward_hook(lambda m, i, o: o + self.b(o))\n"
        "handle = self.a.register_forward_pre_hook(lambda m, i: None)\nhandle.remove()",
        {},
    ),
    (
        "a hook that is there twice is taken away once, by a handle that is used twice",
        "loss = self.a(x) + self.c(x)",
        "hook = lambda m, i, o: o + self.b(o)\nself.a.register_forward_hook(hook)\n"
        "handle = self.a.register_forward_hook(hook)\nhandle.remove()\nhandle.remove()",
        {},
    ),
]  # fmt: skip
PICKY = "def picky(self, x):\n    if x.sum() > 0:\n        raise ValueError('no')\n    return self.a(x)"


@pytest.mark.parametrize(
    ("forward", "init", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_what_reaches_the_loss(forward: str, init: str, expected: dict, tmp_path: Path) -> None:
    assert read(tmp_path, net(forward, init, PICKY)) == expected


def test_a_list_of_losses_that_one_path_gives(tmp_path: Path) -> None:
    forward = (
        "losses = {'loss': self.c(x)}\nif x.sum() > 0:\n    losses['loss_a'] = [self.a(x), x]\n"
        "if x.sum() > 1:\n    losses['loss_b'] = self.b.weight\nreturn losses"
    )
    assert read(tmp_path, net(forward)) == {"a": SOMETIMES, "b": SOMETIMES}


def test_a_parameter_that_is_detached_in_place_is_frozen(tmp_path: Path) -> None:
    found = read_net(
        tmp_path, net("loss = self.b(self.a(x))", "for p in self.c.parameters():\n    p.detach_()")
    )
    assert found.trainable == ("a.weight", "b.weight")
    assert not found.submodules
