"""Models of a few lines, for tests of one construct each."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Dict

from mmfix.model.reading import read_model
from mmfix.model.types import ModelReading
from mmfix.repository.library import Library

HEADER = """
import copy
import functools
import torch
from contextlib import nullcontext
from torch import nn
from torch.utils.checkpoint import checkpoint


def conv():
    return nn.Conv2d(3, 3, 1, bias=False)


"""


def read(folder: Path, source: str, head: str = "") -> Dict[str, str]:
    """Verdict by name for the parts of ``Net`` that are not used throughout."""
    return {part.name: part.verdict for part in read_net(folder, source, head).submodules}


def read_net(folder: Path, source: str, head: str = "") -> ModelReading:
    """What is read of ``Net``."""
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "net.py").write_text(HEADER + textwrap.dedent(head) + textwrap.dedent(source))
    reading = read_model({"type": "shop.net.Net"}, Library([str(folder)]), "mmengine", "shop")
    assert not reading.gave_up, reading.gave_up
    return reading


def net(forward: str, init: str = "", methods: str = "") -> str:
    """A model with convolutions ``a``, ``b`` and ``c``; ``forward`` gives ``loss``."""
    body = textwrap.indent(textwrap.dedent(forward).strip(), "        ")
    more = textwrap.indent(textwrap.dedent(init).strip(), "        ")
    rest = textwrap.indent(textwrap.dedent(methods).strip(), "    ")
    return (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a, self.b, self.c = conv(), conv(), conv()\n"
        f"{more}\n\n{rest}\n\n    def forward(self, x, data_samples=None, mode='loss'):\n{body}\n"
        "        return dict(loss=loss)\n"
    )
