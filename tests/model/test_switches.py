"""Which key of a config switches a checkpoint on, wherever the code asks for it."""

# ruff: noqa: E501 - a body is a line of the table

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Optional

import pytest

from mmfix.model.reading import read_model
from mmfix.repository.library import Library

SOURCE = """
from torch import nn
from torch.utils.checkpoint import checkpoint


def run(function, *args):
    return checkpoint(function, *args)


def apply(function, *args):
    return function(*args)


class Net(nn.Module):
    def __init__(self, use_checkpoint=False, all_outputs=False):
        super().__init__()
        self.stem, self.a = nn.Linear(4, 4), nn.Linear(4, 4)
        self.use_checkpoint, self.all_outputs = use_checkpoint, all_outputs

    def passed(self, x):
        return checkpoint(self.a, x)

    def block(self, x):
{body}

    def forward(self, x, data_samples=None, mode='loss'):
        return dict(loss=self.block(self.stem(x)).mean())
"""
CASES = {
    "around the call": ("if self.use_checkpoint:\n    return checkpoint(self.a, x)\nreturn self.a(x)", "use_checkpoint"),
    "in its line": ("if self.use_checkpoint: return checkpoint(self.a, x)\nreturn self.a(x)", "use_checkpoint"),
    "before it": ("if not self.use_checkpoint:\n    return self.a(x)\nreturn checkpoint(self.a, x)", "use_checkpoint"),
    "around a function": ("if self.use_checkpoint:\n    return run(self.a, x)\nreturn self.a(x)", "use_checkpoint"),
    "around a method": ("if self.use_checkpoint:\n    return self.passed(x)\nreturn self.a(x)", "use_checkpoint"),
    "before a method": ("if not self.use_checkpoint:\n    return self.a(x)\nreturn self.passed(x)", "use_checkpoint"),
    "as an expression": ("return checkpoint(self.a, x) if self.use_checkpoint else self.a(x)", "use_checkpoint"),
    "a function that is chosen": ("f = checkpoint if self.use_checkpoint else apply\nreturn f(self.a, x)", "use_checkpoint"),
    "the other way round": ("f = apply if not self.use_checkpoint else checkpoint\nreturn f(self.a, x)", "use_checkpoint"),
    "a function that is replaced": ("f = apply\nif self.use_checkpoint:\n    f = checkpoint\nreturn f(self.a, x)", "use_checkpoint"),
    "another function": ("g = apply if self.use_checkpoint else None\nf = checkpoint\nreturn f(self.a, x)", None),
    "nowhere": ("return checkpoint(self.a, x)", None),
    "for something else": ("if self.all_outputs:\n    return self.a(x)\nreturn checkpoint(self.a, x)", None),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), CASES.values(), ids=list(CASES))
def test_switch(body: str, expected: Optional[str], tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    (tmp_path / "shop" / "net.py").write_text(SOURCE.format(body=textwrap.indent(body, " " * 8)))
    model = {"type": "shop.net.Net", "use_checkpoint": True, "all_outputs": False}
    found = read_model(model, Library([str(tmp_path)]), "mmengine", "shop").checkpoints
    assert [use.switch for use in found] == [None if expected is None else ("model", expected)]
