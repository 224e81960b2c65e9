"""Programs that do one thing again and again with large operands: every builtin, method, operator and form of code.

The names come from the reader's own tables. What a name can be called with is found by trying it on small operands in
Python itself, so that a new name has programs, or has none and :func:`programs` says so.
"""

from __future__ import annotations

import ast
import copy
import itertools
import math
import os
import warnings
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from mmfix.config.interpreter import limits, methods, operators
from mmfix.config.interpreter.core import HANDLERS, STATEMENTS
from mmfix.config.interpreter.modules import BUILTINS, FUNCTIONS

#: Large operands, by the names they have in a program; ``n`` is how large. A set and a dict cost more to make.
OPERANDS = {
    "l": "l = [0] * n",
    "t": "t = (0,) * n",
    "s": "s = 'a' * n",
    "b": "b = b'a' * n",
    "k": "k = 1 << min(n, 90_000)",
    "r": "r = range(min(n, 100_000))",
    "e": "e = set(range(min(n // 2, 100_000)))",
    "z": "z = frozenset(range(min(n // 2, 100_000)))",
    "d": "d = dict.fromkeys(range(min(n // 8, 50_000)), 0)",
    "p": "p = ('a,' * (n // 8)).split(',')",
    "q": "q = list(zip('a' * (n // 8), 'b' * (n // 8)))",
    # each is in itself twice, 40 times over
    "x": "x = ()\nfor _ in range(40):\n    x = (x, x)",
    "y": "y = []\nfor _ in range(40):\n    y = [y, y]",
    "w": "w = {}\nfor _ in range(40):\n    w = {'a': w, 'b': w}",
    "u": "import random\nu = random.random()",
    "v": "import random\nv = [0] * (n // 8)\nrandom.shuffle(v)",
    "f": "f = lambda *a: a[0]",
    "c": "c = _base_.c",
}
_SMALL = ("0", "2", "'a'", "b'a'", "'{}'", "None")
_TWO = ("0, 2", "'a', 'a'", "b'a', b'a'")


@dataclass(frozen=True)
class Program:
    """One thing that is done again and again.

    Attributes:
        name: What of the reader it is about: ``str.find``.
        code: What is done.
    """

    name: str
    code: str

    def text(self, size: int, times: int) -> str:
        """The config: it is done so many times, with operands of that size."""
        tree = ast.parse(self.code)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & {*OPERANDS}
        lines = ["_base_ = 'base.py'" if "c" in used else "_base_ = []", f"n = {size}"]
        for name in sorted(used):
            # the levels of what is shared are few, however large the others are
            lines.append(OPERANDS[name])
        if "os.path" in self.code:
            lines.append("import os.path")
        lines += [
            f"import {module}" for module in ("copy", "math", "collections") if f"{module}." in self.code
        ]
        lines += ["kept = []", f"for i in range({times}):"]
        kept = isinstance(tree.body[-1], ast.Expr) and len(tree.body) == 1
        lines += (
            [f"    kept.append({self.code})"] if kept else [f"    {one}" for one in self.code.splitlines()]
        )
        return "\n".join(lines) + "\n"


#: The base of each program: a config dict.
BASE = "c = {str(i): dict(a=i) for i in range(3_000)}\n"


def _environment() -> Dict[str, Any]:
    """The operands, small."""
    names: Dict[str, Any] = {
        "n": 24,
        "copy": copy,
        "math": math,
        "os": os,
        "_base_": type("Base", (), {"c": {"a": {}}}),
    }
    for setup in OPERANDS.values():
        exec(setup.replace("range(40)", "range(3)"), names)
    import collections

    names.update(collections=collections, k=5, print=lambda *_: None)
    return names


def _accepted(code: str, names: Dict[str, Any]) -> bool:
    """Whether Python can do it with small operands."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `1 is x`
            eval(code, {**names, "d": dict(names["d"]), "l": list(names["l"]), "e": set(names["e"])})
    except Exception:
        return False
    return True


def _calls(called: str, names: Dict[str, Any]) -> Iterator[str]:
    """Calls that Python accepts: with a large operand for each place, and small ones for the others."""
    large = [name for name in OPERANDS if name not in ("u", "v", "c")]
    for big in ["", *large]:
        alternatives = [[big]]
        if big:
            alternatives += [[f"{big}, {small}" for small in _SMALL], [f"{small}, {big}" for small in _SMALL]]
        if big in ("s", "b", "k", "l"):
            alternatives += [[f"{big}, {two}" for two in _TWO], [f"{two}, {big}" for two in _TWO]]
        for given in alternatives:  # the small ones do not matter
            code = next(
                (code for code in (f"{called}({one})" for one in given) if _accepted(code, names)), None
            )
            if code is not None:
                yield code
    for code in (
        f"{called}(s, s)",
        f"{called}(l, l)",
        f"{called}(k, k, k)",
        f"{called}(key=f)",
        f"{called}(l, key=f)",
    ):
        if _accepted(code, names):
            yield code
    for given in itertools.product(_SMALL, repeat=2):
        for count in range(1, 3):
            code = f"{called}({', '.join(given[:count])})"
            if _accepted(code, names):
                yield code
                return


#: Calls of what takes nothing large, or a class.
_EXTRA = {
    "next": ["next(iter(l))", "next(zip(l, s))"],
    "bytes.join": ["b.join([b, b])", "b.join([b] * n)"],
    "isinstance": ["isinstance(l, (list, str))"],
    "getattr": ["getattr(c, '1')", "getattr(d, s, x)"],
    "hasattr": ["hasattr(c, '1')", "hasattr(l, s)"],
    "int.to_bytes": ["k.to_bytes(99, 'big')"],
    "int.from_bytes": ["k.from_bytes(b, 'big')"],
}

_OWNERS = {
    str: "s",
    bytes: "b",
    int: "k",
    float: "2.5",
    complex: "2j",
    set: "e",
    frozenset: "z",
    range: "r",
    tuple: "t",
}


def _of_calls() -> Iterator[Tuple[str, List[str]]]:
    names = _environment()
    for name in sorted(BUILTINS):
        yield name, list(_calls(name, names))
    for name in sorted(FUNCTIONS):
        yield name, list(_calls(name, names))
    yield "dict.fromkeys", list(_calls("dict.fromkeys", names))
    for kind, owner in _OWNERS.items():
        for name in dir(kind):
            if not name.startswith("_") and callable(getattr(kind, name)):
                yield (
                    f"{kind.__name__}.{name}",
                    [
                        *_calls(f"({owner}).{name}", names),
                        *(_calls(f"'a'.{name}", names) if kind is str else ()),
                    ],
                )
    for name in sorted({*methods._DICT, *limits._OF_DICT}):
        yield f"dict.{name}", [*_calls(f"d.{name}", names), *_config_dict(name)]
    for name in sorted({*methods._LIST, *limits._OF_LIST}):
        yield f"list.{name}", list(_calls(f"l.{name}", names))


def _config_dict(name: str) -> List[str]:
    """A method of a dict of a base."""
    given = {
        "update": "w", "merge": "w", "setdefault": "'q', w", "__setitem__": "'q', w", "get": "'1'", "pop": "'1', 0",
        "items": "", "values": "", "keys": "", "copy": "", "popitem": "", "clear": "",
    }  # fmt: skip
    return [f"c.{name}({given[name]})", *([f"c.{name}(c)"] if given[name] == "w" else [])]


_SIGNS: Dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.MatMult: "@",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip


def _of_operators() -> Iterator[Tuple[str, List[str]]]:
    names = _environment()
    large = [name for name in OPERANDS if name not in ("u", "v", "c", "f")]
    for kind in (*limits._OPERATIONS, *operators._COMPARE):
        sign = _SIGNS[kind]
        codes = [f"{one} {sign} {one}" for one in large]
        codes += [f"{one} {sign} {small}" for one in large for small in _SMALL]
        codes += [f"{small} {sign} {one}" for one in large for small in _SMALL]
        codes += [f"[*{one}] {sign} [*{one}]" for one in ("x", "y")]
        codes += [f"d.{one}() {sign} d.{one}()" for one in ("keys", "items")]
        found = [code for code in codes if _accepted(code, names)]
        yield kind.__name__, found or ["k @ k"]  # nothing of Python's own has `@`


#: Code of which each kind of node is a part.
FORMS: Dict[str, Sequence[str]] = {
    "displays": (
        "[*l]", "(*t,)", "{*e}", "{**d}", "{x: 1}", "{x}", "[x, y]", "{(x, i): 1}", "{**d, **d}", "[1, *l, *l]",
    ),
    "comprehensions": (
        "[j for j in l]", "{j for j in r}", "{j: j for j in r}", "list(j for j in l)", "{x: j for j in range(9)}",
        "{x for j in range(9)}", "[j for j in range(300) if j in e]", "sum(j for j in zip(l, l)[0])",
        "[h for g in range(300) for h in range(300)]", "list(zip(*q))", "list(zip(*[l] * 30))",
    ),
    "text": (
        "f'{s}'", "f'{s!r}'", "f'{l}'", "f'{x}'", "f'{y!a}'", "f'{w}'", "f'{k}'", "f'{s:>9}'", "f'{1:{9}}'", "'%s' % l",
        "'%s' % (x,)", "'%s%s' % (s, s)", "'{}{}'.format(s, s)", "'{0}{0}'.format(y)", "f'{s}' f'{s}'",
    ),
    "subscripts": (
        "l[1:]", "t[::2]", "s[1:]", "b[::-1]", "r[1:]", "l[-1]", "d[1]", "d.get(x)", "w['a']", "t[:]",
        "l[i % 9]", "x[0]", "d.get(s)", "d.get(k)", "e.__contains__(x)",
    ),
    "stores": (
        "l[1:] = l", "l[0:0] = [1]", "l[i % 9] = l", "d[x] = 1", "d[s] = 1", "d[k] = 1", "d[1] = x", "l[:] = l",
        "del l[0:1]", "del l[0]", "del l[::7]", "del d[i]", "c.q = w", "c['q'] = w", "c.q = y", "del c[str(i)]",
    ),
    "unpacking": ("a, *m = l", "a, *m = t", "a, *m = s", "[a, *m] = r", "(a, (*m,)) = 1, q", "*m, = d", "*m, = e"),
    "augmented": (
        "l += l", "l += [1]", "t += t", "s += s", "s += 'a'", "b += b'a'", "k += 1", "k *= k", "k **= 2", "d |= d", "e |= e",
        "m = l\nm *= 2", "c |= w", "t *= 2", "e &= e", "e -= e", "c.m = [1]\nc.m += l", "w['a'] |= w",
    ),
    "unary": ("-k", "~k", "+k", "not l", "not x", "not k"),
    "conditions": ("1 if l else 2", "l and s", "x or y", "l == l == l", "1 < k < k + 1", "(m := l)", "x in y in y"),
    "functions": (
        "f(*l)", "f(*t)", "dict(**d)", "(lambda **a: a)(**d)", "(lambda *a: a)(*l)", "list(map(f, l))", "[*map(f, l, l)]",
        "def g(a, *m, **o):\n    return m\ng(*l)", "def g(a=x):\n    return a\ng()", "list(filter(f, l))", "max(l, key=f)",
        "def g():\n    global m\n    m = l\ng()", "def g():\n    m = 1\n    def h():\n        nonlocal m\n        m = l\n    h()\ng()",
        "def g():\n    yield 1\ng()", "sorted(l, key=f)", "l.sort(key=f)", "g = (j for j in l)\nnext(g)", "iter(l)", "next(iter(l))",
    ),
    "statements": (
        "for m in l: pass", "for m in zip(l, l): pass", "while l: break", "for m in range(9): continue", "pass",
        "assert l == l", "assert x", "try:\n    d[x]\nexcept KeyError as m:\n    pass", "try:\n    l.index(s)\nexcept ValueError:\n    pass",
        "try:\n    raise KeyError(x)\nexcept KeyError:\n    pass", "m: list = l", "import math as m", "from math import pi as m",
        "class A:\n    m = l", "with u: m = l", "if l: m = l", "m = n = l",
    ),
    "something unknown": (
        "u + 1", "l[u]", "d[u]", "m = l if u else t", "m = u or l", "l[u] = 1", "d[u] = l", "v[0]", "v == l", "f'{v}'", "[*v]", "x == u",
        "u(l)", "u(x)", "u(y)", "u(w)", "u.m(l)", "d.update(u)", "l.append(u)", "l.extend(u)", "m = [l, u]\nm == l", "str([u, l])",
        "if u:\n    l.append(1)", "for m in u:\n    l.append(m)", "m = y[u]", "m = w[u]\nm['a'] = 1", "m = x[u][u][u]", "m = q[u]\nm = 1",
        "m = l if u else y\nm.append(1)", "try:\n    m = u.m\nexcept ValueError:\n    m = l", "a, m = u", "a, *m = v", "{u: l}", "{u, x}",
        "(j for j in l if u)", "[j for j in l if u]", "list(map(u, l))", "sorted(l, key=u)", "print(l, u)", "zip(l, u)", "x < u < y",
        "while u:\n    l.append(1)\n    break", "def g():\n    return l\nu(g)", "m = lambda: y\nu(m)", "g = (j for j in q)\nu(g)",
        "m = d if u else w\nm['a'] = l", "m = [u]\nu.g(m)\nm[0]", "m = (1, (2, l))\nu(m)", "c.q = u", "c.update(u)", "getattr(c, 'q', u)",
    ),
}  # fmt: skip
_MATCH = (
    "match l:\n    case [1, *m]: pass\n    case _: pass", "match d:\n    case {1: m, **o}: pass", "match x:\n    case y: pass",
    "match s:\n    case 'b' | 'c': pass\n    case str(m): pass", "match t:\n    case (a, b, *m): pass\n    case None: pass",
)  # fmt: skip
if hasattr(ast, "Match"):
    FORMS = {**FORMS, "match": _MATCH}


def programs(all_of_them: bool) -> List[Program]:
    """All programs; or a few for each name.

    Raises:
        LookupError: A name of the reader has none.
    """
    found: List[Program] = []
    missing: List[str] = []
    for name, codes in itertools.chain(_of_calls(), _of_operators()):
        codes += _EXTRA.get(name, [])
        if not codes:
            missing.append(name)
        found += [Program(name, code) for code in (codes if all_of_them else _few(codes))]
    if missing:
        raise LookupError(f"nothing calls {', '.join(missing)}: say in _EXTRA how it is called")
    for name, forms in FORMS.items():
        found += [Program(name, code) for code in forms]
    return list(dict.fromkeys(found))


def _few(codes: List[str]) -> List[str]:
    """The first one, and one with a value that holds itself many times over."""
    shared = [code for code in codes if any(f"({name}" in code for name in ("x", "y", "w"))]
    return list(dict.fromkeys([*codes[-1:], *shared[:1]]))


def unseen(found: Sequence[Program]) -> List[str]:
    """Kinds of code that the reader follows and no program has."""
    seen = {type(node) for program in found for node in ast.walk(ast.parse(program.text(8, 1)))}
    return [kind.__name__ for kind in (*HANDLERS, *STATEMENTS) if kind not in seen]
