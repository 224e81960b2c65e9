"""The order of a model's parameters as it is read from source, against the same source run by torch.

Each row is the body of a constructor. ``EQUAL``: the order is read, and is torch's. ``NONE``: it is not
certain, so there must be none; a wrong one would name the wrong parameter for every index behind it.
"""

from __future__ import annotations

import importlib.util
import textwrap
from pathlib import Path
from typing import Any, Optional, Tuple

import pytest

from mmfix.model.reading import read_model
from mmfix.repository.library import Library

HEADER = """
import copy
import os
import torch
import torch.nn as nn
from collections import OrderedDict
from mmengine.model import BaseModel, BaseModule, ModuleList, Sequential
from mmengine.registry import MODELS


class Block(BaseModule):
    def __init__(self, width=2):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))
        self.fc = nn.Linear(width, width)
        self.shift = nn.Parameter(torch.ones(width))


"""
MODEL = """
@MODELS.register_module(force=True)
class PlantedOrder(BaseModel):
    def __init__(self, option=None):
        super().__init__()
{body}
    def forward(self, inputs, data_samples=None, mode='loss'):
        return dict(loss=sum(p.sum() for p in self.parameters()))
"""
pytestmark = pytest.mark.filterwarnings("ignore")

EQUAL = {
    "own parameters come first": "self.a = Block()",
    "a name that was None moves to the end": "self.a = None; self.b = Block(); self.a = Block()",
    "a name that was a number moves to the end": "self.a = 1; self.b = Block(); del self.a; self.a = Block()",
    "a module replaced keeps its place": "self.a = Block(); self.b = Block(); self.a = nn.Linear(2, 2)",
    "None keeps the place of a module": "self.a = Block(); self.b = Block(); self.a = None; self.a = Block()",
    "None registered holds a place": """
        self.register_parameter('a', None)
        self.b = nn.Parameter(torch.ones(1))
        self.a = nn.Parameter(torch.ones(1))
        self.add_module('c', None)
        self.d = nn.Linear(1, 1)
        self.c = nn.Linear(1, 1)
    """,
    "a layer without a bias holds its place": """
        self.a = nn.Conv2d(1, 1, 1, bias=False)
        self.a.extra = nn.Parameter(torch.ones(1))
        self.a.bias = nn.Parameter(torch.ones(1))
    """,
    "deleted and made again": "self.a = Block(); self.b = Block(); del self.a; self.a = Block()",
    "deleted by name": "self.a = Block(); self.b = Block(); delattr(self, 'a'); self.a = Block()",
    "lists": """
        self.a = nn.ModuleList([nn.Linear(1, 1), None, nn.Linear(1, 1)])
        self.a.append(nn.Linear(1, 1))
        self.a.insert(1, nn.BatchNorm2d(1))
        self.a[0] = Block()
        self.a.extend([nn.Linear(1, 1) for _ in range(2)])
    """,
    "a part of a list is numbered anew": "a = nn.ModuleList(Block() for _ in range(3)); self.b = a[1:]",
    "a part of a sequence keeps its names": "a = nn.Sequential(*[Block() for _ in range(3)]); self.b = a[1:]",
    "a named sequence that grows": """
        self.a = nn.Sequential(OrderedDict([('x', Block()), ('y', Block())]))
        self.a.append(Block())
        self.a.add_module('z', Block())
    """,
    "dicts": """
        self.a = nn.ModuleDict({'z': Block(), 'a': Block()})
        self.a['k'] = nn.Linear(1, 1)
        self.a.update({'b': nn.Linear(1, 1)})
        self.a.update(nn.ModuleDict([('q', nn.Linear(1, 1))]))
    """,
    "lists and dicts of parameters": """
        self.a = nn.ParameterList([nn.Parameter(torch.ones(1)) for _ in range(3)])
        self.b = nn.ParameterDict({'a': nn.Parameter(torch.ones(1)), 'b': nn.Parameter(torch.ones(1))})
    """,
    "shared": """
        self.a, self.b = Block(), nn.Linear(2, 2)
        self.b.weight = self.a.fc.weight
        self.c = self.a
    """,
    "copied": "self.a = Block(); self.b = copy.deepcopy(self.a)",
    "frozen": """
        self.a, self.b, self.c = Block(), Block(), Block()
        self.a.requires_grad_(False)
        for name, param in self.b.named_parameters():
            if name.endswith('bias'):
                param.requires_grad = False
        self.c.scale.requires_grad_(False)
        self.d = nn.Parameter(torch.ones(1), requires_grad=False)
    """,
    "hidden": """
        object.__setattr__(self, 'a', Block())
        self.b = [Block()]
        self.c = (Block(),)
        self.d = Block()
    """,
    "attention": "self.a = nn.MultiheadAttention(4, 2); self.b = nn.MultiheadAttention(4, 2, bias=False)",
    "norms without a bias": """
        self.a = nn.LayerNorm(2, bias=False)
        self.b = nn.LayerNorm(2, 1e-5, True, False)
        self.c = nn.BatchNorm2d(2, affine=False)
        self.d = nn.GroupNorm(1, 2)
        self.e = nn.InstanceNorm2d(2)
    """,
    "the names mmcv gives to norms": """
        from mmcv.cnn import build_norm_layer
        for kind in ('BN', 'SyncBN', 'LN', 'IN'):
            self.add_module(*build_norm_layer(dict(type=kind, requires_grad=kind != 'LN'), 2, postfix=1))
    """,
    "what has no parameters may hang on anything": """
        self.act = nn.ReLU() if torch.cuda.is_available() else nn.GELU()
        self.a = Block()
    """,
    "a buffer and a tensor": """
        self.register_buffer('a', torch.ones(1))
        self.b = torch.ones(1)
        self.c = Block()
    """,
    "an unknown number": "self.width = os.environ.get('PLANTED_WIDTH', '2'); self.a = Block()",
}
NONE = {
    "made under an unknown condition": "self.a = Block()\nif torch.cuda.is_available(): self.b = Block()",
    "one of two": "self.a = Block() if torch.cuda.is_available() else nn.Linear(1, 1)",
    "frozen under an unknown condition": """
        self.a = Block()
        if os.environ.get('A'): self.a.requires_grad_(False)
    """,
    "an unknown number of them": """
        self.a = nn.ModuleList([Block() for _ in range(int(os.environ.get('A', 2)))])
    """,
    "a loop of unknown length": "for i in range(int(os.environ.get('A', 1))): self.add_module('a', Block())",
    "frozen in a loop of unknown length": """
        self.a = Block()
        for i in range(int(os.environ.get('A', 1))):
            self.a.scale.requires_grad = False
    """,
    "an unknown one is frozen": """
        self.a = nn.ModuleList([Block(), Block()])
        self.a[int(os.environ.get('A', 1))].requires_grad_(False)
    """,
    "an unknown parameter is frozen": """
        self.a = Block()
        [*self.parameters()][int(os.environ.get('A', 1))].requires_grad = False
    """,
    "a name made at run time": "self.add_module(os.environ.get('A', 'a'), Block())",
    "a recurrent layer": "self.a = nn.LSTM(2, 2)",
    "an attention of several inputs": "self.a = nn.MultiheadAttention(4, 2, kdim=3, vdim=5)",
    "an attention with more biases": "self.a = nn.MultiheadAttention(4, 2, add_bias_kv=True)",
    "a rewritten layer": "self.a = nn.utils.weight_norm(nn.Linear(2, 2)); self.b = Block()",
    "a changed list": "self.a = nn.ModuleList([Block(), Block()]); del self.a[0]",
    "a changed dict": "self.a = nn.ModuleDict({'a': Block(), 'b': Block()}); self.a.pop('a')",
    "put past torch": "self.__dict__['a'] = Block(); self.b = Block()",
    "put into torch's own dict": "self._modules['a'] = Block()",
    "made by a library": "self.a = nn.Embedding.from_pretrained(torch.ones(2, 2)); self.b = Block()",
    "a set": "for name in {'ab', 'cd', 'ef'}: self.add_module(name, Block())",
    "an error that is caught": """
        try:
            width = len(os.environ)
        except OSError:
            width, self.a = 2, Block()
        self.b = Block()
    """,
    "a sorted dict": """
        self.a = nn.ParameterDict({'b': nn.Parameter(torch.ones(1)), 'a': nn.Parameter(torch.ones(1))})
    """,
    "left out by DDP": "self.a = Block(); self._ddp_params_and_buffers_to_ignore = ['a.scale']",
}


def read(folder: Path, body: str) -> Tuple[Optional[Tuple[str, ...]], str, str]:
    """What is read of a model with this constructor, why not more, and its source."""
    source = HEADER + MODEL.format(body=textwrap.indent(textwrap.dedent(body).strip(), " " * 8))
    (folder / "planted_order.py").write_text(source, encoding="utf-8")
    reading = read_model({"type": "PlantedOrder"}, Library([str(folder)]), "mmengine", "mmengine")
    return reading.trainable, reading.unordered, source


@pytest.mark.parametrize("name", EQUAL)
def test_the_order_is_that_of_torch(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("mmcv") if "mmcv" in EQUAL[name] else None
    order, why, _ = read(tmp_path, EQUAL[name])
    spec = importlib.util.spec_from_file_location("planted_order", tmp_path / "planted_order.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    with torch.device("cpu"):
        spec.loader.exec_module(module)
        model = module.PlantedOrder()
    assert why == ""
    assert order == tuple(name for name, param in model.named_parameters() if param.requires_grad)


@pytest.mark.parametrize("name", NONE)
def test_what_is_not_certain_gives_no_order(name: str, tmp_path: Path) -> None:
    order, why, _ = read(tmp_path, NONE[name])
    assert order is None
    assert why
