"""Calls that Python would refuse, and names bound where they are easily missed."""

from __future__ import annotations

from pathlib import Path
from typing import Dict

import pytest

from mmfix.model.reading import read_model
from mmfix.model.types import CANNOT_TELL, NEVER
from mmfix.repository.library import Library

SOURCE = """
from contextlib import suppress

from torch import nn

with suppress(ImportError):
    from .parts import make as conv

{define}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = conv(), conv()

    def forward(self, x, data_samples=None, mode='loss'):
        return dict(loss={loss})
"""


def read(folder: Path, define: str, loss: str) -> Dict[str, str]:
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "parts.py").write_text(
        "from torch import nn\n\n\ndef make():\n    return nn.Conv2d(3, 3, 1, bias=False)\n"
    )
    (package / "net.py").write_text(SOURCE.format(define=define, loss=loss))
    reading = read_model({"type": "shop.net.Net"}, Library([str(folder)]), "mmengine", "shop")
    return {part.name: part.verdict for part in reading.submodules}


def test_an_import_in_a_with_block_is_followed(tmp_path: Path) -> None:
    assert read(tmp_path, "", "self.a(x)") == {"b": NEVER}


@pytest.mark.parametrize(
    ("define", "loss"),
    [
        ("def first(x, y=0): return x", "first(self.a(x), x=self.b(x))"),
        ("def first(x, /): return x", "first(self.a(x), y=self.b(x))"),
        ("def first(x, /, y=0): return y", "first(self.a(x), x=self.b(x)) + self.a(x)"),
        ("def first(x): return x", "first(self.a(x), self.b(x))"),
    ],
    ids=["twice", "unknown", "positional only", "too many"],
)
def test_an_argument_that_python_refuses_may_be_used(tmp_path: Path, define: str, loss: str) -> None:
    assert read(tmp_path, define, loss) == {"b": CANNOT_TELL}
