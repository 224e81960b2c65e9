"""Promise: whatever the code of a model does with large or shared values, reading it is bounded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest
from work.child import Child

from mmfix.model.knowledge.python.containers import DICT, LIST
from mmfix.model.knowledge.python.functions import CALLS, PASSING

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in KB only there")

#: Far below the 20 seconds of CPU time after which a model is given up.
SECONDS, MEGABYTES = 8, 300
#: Of all that is called; CI runs one of them.
SHARDS, IN_CI = 4, (0,)

MODEL = """
import collections, copy, torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.used = nn.Conv2d(3, 3, 1)
        l, s, k = list(range(4900)) + list(range(4900)), 'a' * 90_000, 1 << 90_000
        t, d, x, y, kept = tuple(l), dict.fromkeys(l), (), [], []
        for i in range(60):
            x, y = (x, x), [y, y]
{code}

    def forward(self, x, data_samples=None, mode='loss'):
        return dict(loss=self.used(x))
"""
_LARGE = ("l", "s", "k", "t", "d", "x", "y")
_SIGNS = ("+", "*", "**", "%", "//", "<<", "|", "==", "<")
_SHOWN = ("[*{0}, *{0}]", "[q for q in {0}]", "{0}[::-1]", "f'{{{0}}}'")


def calls() -> Iterator[Tuple[str, List[str]]]:
    """What is called, and what with; most do not take all of these."""
    for name in (*CALLS, *PASSING):
        called = name.replace("builtins.", "").replace("zip_open", "zip")
        yield name, [f"{called}({one})" for one in (*_LARGE, "lambda a: a, l", "l, l")]
    for owner, kind in (("l", LIST), ("y", LIST), ("d", DICT)):
        for name in kind:
            yield f"{owner}.{name}", [f"{owner}.{name}({one})" for one in ("", "l", "x", "0, y", "y", "d")]
    for name in (name for name in dir(str) if not name.startswith("_")):
        yield f"str.{name}", [f"s.{name}({one})" for one in ("", "s", "l", "'a', s", "9", "x")]
    for sign in _SIGNS:
        yield sign, [f"{one} {sign} {one}" for one in _LARGE]
    for shown in _SHOWN:
        yield shown, [shown.format(one) for one in _LARGE]


#: Code that grows, or walks through something shared, in ways of its own.
GROWING: Dict[str, str] = {
    "a wrong call, of a list that holds itself": "l.append(l)\ntry: l.append()\nexcept TypeError: pass",
    "a long number in a text": "kept.append(f'{k}')",
    "a list in lists": "for i in range(3): kept.append((i, l in l[:90], x in t[:90]))",
    "a list in place": "for i in range(64): l += l",
    "a list by itself": "for i in range(64): l.extend(l)",
    "a slice": "for i in range(64): l[len(l):] = l",
    "a display": "for i in range(64): l = [*l, *l]",
    "copies": "for i in range(4900): kept.append(list(l))",
    "letters": "for i in range(900): kept.append(list(s))",
    "modules": "row = lambda: [nn.Conv2d(3, 3, 1) for j in range(4900)]\n"
    "self.m = nn.ModuleList([nn.ModuleList(row()) for i in range(4900)])",
    "shared modules": "self.x = x\nself.y = nn.ModuleList(y)\nself.used(x)\ntorch.something(y)",
    "an argument": "def f(*args, **kwargs): return args\nf(*y, *x, **{'a': y})\nself.use(y)",
    "a list that holds itself": "l.append(l)\nstr(l)\nl == l\ncopy.deepcopy(l)\nself.l = l\nsum(l)",
    "lambdas, each of which calls another one twice": "\n".join(
        ["f0 = lambda: 1", *(f"f{i} = lambda: f{i - 1}() + f{i - 1}()" for i in range(1, 40)), "f39()"]
    ),
    "a comprehension in a comprehension": "[[[i for k in l] for j in l] for i in l]",
    "branches": "if torch.rand(1) > 0:\n    y = [y]\nelse:\n    y = [y, y]\n"
    "for i in range(30): y = [y, y]\nkept.append(y)",
}


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child() as one:
        yield one


def check(code: str, child: Child, folder: Path) -> str:
    package = folder / "shop"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("")
    lines = "\n".join(f"        {line}" for line in code.splitlines())
    (package / "net.py").write_text(MODEL.replace("{code}", lines))
    cost = child.cost("model", str(folder), "shop.net.Net")
    failed = any(word in cost.how for word in ("was not caught", "the reader itself failed", "killed"))
    fine = cost.seconds < SECONDS and cost.megabytes < MEGABYTES and not failed
    return "" if fine else f"{code}: {cost}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "shard",
    [pytest.param(shard, marks=[] if shard in IN_CI else pytest.mark.full) for shard in range(SHARDS)],
)
def test_everything_that_the_machine_knows_of_python(shard: int, child: Child, tmp_path: Path) -> None:
    found = []
    for _, codes in list(calls())[shard::SHARDS]:
        # each in a `try` of its own: what does not fit raises, and the next one is still done
        lines = [f"    try: kept.append({code})\n    except Exception: pass" for code in codes]
        found.append(check("\n".join(["for again in range(9):", *lines]), child, tmp_path))
    assert len(found) > 100 // SHARDS
    assert [one for one in found if one] == []


@pytest.mark.parametrize("name", GROWING)
def test_growing(name: str, child: Child, tmp_path: Path) -> None:
    assert check(GROWING[name], child, tmp_path) == ""
