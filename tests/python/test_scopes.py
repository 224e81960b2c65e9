"""What a name stands for where it is used."""

from __future__ import annotations

import ast

import pytest

from mmfix.python.scopes import Scopes

#: Code in which the call of the last line is asked for, and the dotted names that its function stands for.
NAMES = {
    "import": ("import a.b\na.b.c()", ["a.b.c"]),
    "import as": ("import a.b as x\nx.c()", ["a.b.c"]),
    "from": ("from a import b\nb()", ["a.b"]),
    "relative": ("from ..a import b as x\nx()", ["..a.b"]),
    "either": ("try: from a import b\nexcept ImportError: from c import b\nb()", ["a.b", "c.b"]),
    "not imported": ("def b(): ...\nb()", []),
    "a parameter": ("from a import b\ndef f(b):\n    b()", []),
    "a parameter's default": ("from a import b\ndef f(b=b()): ...", ["a.b"]),
    "a local name": ("from a import b\ndef f():\n    b = 1\n    b()", []),
    "global": ("from a import b\ndef f():\n    global b\n    b()", ["a.b"]),
    "bound elsewhere by global": (
        "def g():\n    global b\n    from a import b\ndef f():\n    b()",
        ["a.b"],
    ),
    "nonlocal": ("def f():\n    from a import b\n    def g():\n        nonlocal b\n        b()", ["a.b"]),
    "a class has its own": ("class C:\n    from a import b\n    b()", ["a.b"]),
    "not its methods": ("class C:\n    from a import b\n    def f(self): b()", []),
    "a comprehension": ("from a import b\n[b() for b in x]", []),
    "around a comprehension": ("from a import b\n[b() for c in x]", ["a.b"]),
    "a lambda": ("from a import b\nlambda b: b()", []),
    "a decorator": ("from a import b\n@b()\ndef f(b): ...", ["a.b"]),
    "an exception": ("from a import b\ntry: ...\nexcept E as b: b()", ["a.b"]),
    "with a star": ("from a import *\nb()", []),
}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_name_stands_for(name: str) -> None:
    text, expected = NAMES[name]
    scopes = Scopes(ast.parse(text))
    call = next(node for node in ast.walk(scopes.tree) if isinstance(node, ast.Call))
    assert scopes.imported(call.func) == expected


VALUES = {
    "once": ("x = 1\nx()", "1"),
    "twice": ("x = 1\nx = 2\nx()", None),
    "unpacked": ("x, y = z\nx()", None),
    "two targets": ("x = y = 1\nx()", None),
    "of the object": ("class C:\n    def g(self): self.x = 1\n    def f(self): self.x()", "1"),
    "of the object, twice": (
        "class C:\n    def g(self): self.x = 1\n    def f(self):\n        self.x = 2\n        self.x()",
        None,
    ),
    "of another object": ("class C:\n    def g(self, o): o.x = 1\n    def f(self, o): o.x()", None),
}


@pytest.mark.parametrize("name", VALUES)
def test_the_only_value(name: str) -> None:
    text, expected = VALUES[name]
    scopes = Scopes(ast.parse(text))
    (call,) = (node for node in ast.walk(scopes.tree) if isinstance(node, ast.Call))
    func = call.func
    found = scopes.assigned(func) if isinstance(func, ast.Name) else scopes.attribute(func)
    assert (found and ast.dump(found)) == (expected and ast.dump(ast.parse(expected, mode="eval").body))
