"""What fills a container at the top level of a module."""

from __future__ import annotations

import ast
import textwrap
from typing import Set

import pytest

from mmfix.python.tables import Fills, changed_attributes, fills_of


def fills(text: str) -> Fills:
    return fills_of(ast.parse(textwrap.dedent(text)).body)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("T['a'] = 1", 1),
        ("T.update(a=1)\nT.setdefault('b', 2)", 2),
        ("T['a']['b'] = 1", 1),
        ("del T['a']", 0),
        ("print(T)", 0),
    ],
)
def test_plain_statements_can_be_followed(text: str, steps: int) -> None:
    found = fills(f"T = {{}}\n{text}")
    assert len(found.steps.get("T", ())) == steps
    assert ("T" in found.filled) is text.startswith("del")


@pytest.mark.parametrize(
    "text",
    [
        "for n in names():\n    T[n] = 1",
        "if new:\n    T['a'] = 1",
        "def fill():\n    T['a'] = 1\nfill()",
        "def fill():\n    T['a'] = 1\ndef start():\n    fill()\nstart()",
        "def fill():\n    global T\n    T = dict(a=1)\nfill()",
        "def fill():\n    global T\n    T = dict(a=1)\nx = fill() or 3",
        "from elsewhere import fill\nfill(T)",
        "def mark(f):\n    T[f.__name__] = f\n    return f",
        "def mark(name):\n    def wrap(f):\n        T[name] = f\n        return f\n    return wrap",
        "def register_net(name, f):\n    T[name] = f",
        "class C:\n    def mark(self, f):\n        T[f] = f\n        return f",
        "def put(f):\n    T.setdefault(f, f)\n@put\ndef g(): pass",
        "def put(n):\n    T.setdefault(n, n)\nclass C:\n    x = put('a')",
    ],
)
def test_what_else_runs_at_import_may_put_anything_in(text: str) -> None:
    assert "T" in fills(f"T = {{}}\n{text}").filled


@pytest.mark.parametrize(
    "text",
    [
        "def get(key):\n    T[key] = make(key)\n    return T[key]",
        "def clear():\n    T.clear()",
        "def f(T):\n    T['a'] = 1\n    return T",
        "def f():\n    T = {}\n    T['a'] = 1\nf()",
        "n = len(T)",
    ],
)
def test_a_cache_that_is_filled_later_is_known_to_be_empty(text: str) -> None:
    found = fills(f"T = {{}}\n{text}")
    assert "T" not in found.filled
    assert "T" not in found.steps


def test_attributes_that_methods_fill() -> None:
    text = """
    class C:
        def __init__(self):
            self.a, self.b, self.c = {}, [], {}

        def put(self, key):
            self.a[key] = 1
            self.b.append(key)
            return self.c[key]
    """
    (node,) = ast.parse(textwrap.dedent(text)).body
    assert isinstance(node, ast.ClassDef)
    found: Set[str] = set(changed_attributes(node))
    assert found == {"a", "b"}
