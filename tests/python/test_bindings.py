"""Which names a module binds, and to what."""

from __future__ import annotations

import ast
from typing import List, Optional

import pytest

from mmfix.python.bindings import Import, all_bindings, bindings
from mmfix.python.imports import absolute_module

TEXT = """
import a.b
import a.c as d
from .e import f as g, h
from i import *
J = K, (L, *M) = 1
N: int
N.o, P[0] = 1, 2
if J:
    def q(): S = 1
elif N:
    class R: pass
try:
    with open(J) as t:
        u = 1
except ImportError:
    u = None
for v in K:
    import w
    from x import *
while J:
    y = 1
"""


def test_names_in_their_order() -> None:
    found = list(bindings(ast.parse(TEXT).body))
    assert [binding.name for binding in found] == [
        *("a", "d", "g", "h", "*", "J", "K", "L", "M", "N", "q", "R", "t", "u", "u", "v", "w", "y")
    ]
    conditional = {binding.name for binding in found if binding.conditional}
    assert conditional == {"q", "R", "t", "u"}
    assert [binding.handler for binding in found if binding.name == "u"] == [False, True]
    (guards,) = (binding.guards for binding in found if binding.name == "R")
    assert [(ast.dump(test), truth) for test, truth in guards] == [
        (ast.dump(ast.Name(name, ast.Load())), truth) for name, truth in (("J", False), ("N", True))
    ]


def test_names_inside_of_functions_too() -> None:
    body = ast.parse("def f():\n    import a\n    def g(): b = 1\nwhile c:\n    from d import *\n").body
    assert [binding.name for binding in all_bindings(body)] == ["f", "a", "g", "b", "*"]


def test_what_they_stand_for() -> None:
    found = [(item.name, item.meaning("p.m", False)) for item in bindings(ast.parse(TEXT).body)]
    assert [(name, value) for name, value in found if isinstance(value, Import)] == [
        ("a", Import("a")),
        ("d", Import("a.c")),
        ("g", Import("p.e", "f")),
        ("h", Import("p.e", "h")),
        ("*", Import("i", "*")),
    ]
    kinds = {name: type(value).__name__ for name, value in found if isinstance(value, ast.AST)}
    assert kinds == {"J": "Constant", "q": "FunctionDef", "R": "ClassDef", "u": "Constant"}
    assert [name for name, value in found if value is None] == [*"KLMNtvwy"]


@pytest.mark.parametrize(
    ("text", "module", "is_package", "wanted"),
    [
        ("from a.b import c", "x.y", False, "a.b"),
        ("from . import c", "x.y", False, "x"),
        ("from . import c", "x.y", True, "x.y"),
        ("from .a import c", "x.y", False, "x.a"),
        ("from ..a import c", "x.y.z", False, "x.a"),
        ("from ..a import c", "x.y.z", True, "x.y.a"),
        # beyond the top
        ("from ....a import c", "x.y", False, "a"),
        ("from . import c", "x", False, ""),
    ],
)
def test_relative_imports(text: str, module: str, is_package: bool, wanted: Optional[str]) -> None:
    body: List[ast.stmt] = ast.parse(text).body
    assert isinstance(body[0], ast.ImportFrom)
    assert absolute_module(body[0], module, is_package) == wanted
