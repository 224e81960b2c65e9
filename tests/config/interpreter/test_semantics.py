"""What Python's statements and expressions mean, corner by corner: the reader is equal to MMEngine, or says Unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Dict

import pytest
from parity import Failed, differences, skip_what_is_newer, with_mmengine, with_mmfix, write

#: These are followed: every value is known.
KNOWN: Dict[str, str] = {
    "decorator": "xs = []\ndef reg(f):\n    xs.append(1)\n    return f\n@reg\ndef f():\n    return 2\ny = f()\n",
    "decorator with arguments": "xs = []\ndef reg(n):\n    def deco(f):\n        xs.append(n)\n        return f\n    return deco\n@reg(1)\n@reg(2)\ndef f():\n    pass\n",
    "decorator that replaces": "def two(f):\n    return 2\n@two\ndef v():\n    return 1\n",
    "decorator that wraps": "def twice(f):\n    def g(*a, **k):\n        return 2 * f(*a, **k)\n    return g\n@twice\ndef h(x, y=1):\n    return x + y\nz = h(3, y=4)\n",
    "finally after a handler fails": "v = 1\ntry:\n    try:\n        1 / 0\n    except ZeroDivisionError:\n        {}['q']\n    finally:\n        v = 2\nexcept KeyError:\n    w = 3\n",
    "finally after else fails": "v = 1\ntry:\n    try:\n        u = 1\n    except KeyError:\n        u = 2\n    else:\n        {}['q']\n    finally:\n        v = 2\nexcept KeyError:\n    w = 3\n",
    "else goes past the handlers": "try:\n    try:\n        u = 1\n    except KeyError:\n        u = 2\n    else:\n        u = {}['q']\nexcept KeyError:\n    u = 3\n",
    "finally overrides a return": "def f():\n    try:\n        return 1\n    finally:\n        return 2\nx = f()\n",
    "finally swallows by return": "def f():\n    try:\n        1 / 0\n    finally:\n        return 2\nx = f()\n",
    "finally swallows by break": "for i in range(3):\n    try:\n        1 / 0\n    finally:\n        break\n",
    "return in else": "def f():\n    try:\n        pass\n    except KeyError:\n        return 1\n    else:\n        return 2\nx = f()\n",
    "return in a handler": "xs = []\ndef f():\n    try:\n        {}['a']\n    except KeyError:\n        return 1\n    finally:\n        xs.append(2)\nx = f()\n",
    "bare raise": "try:\n    try:\n        1 / 0\n    except ZeroDivisionError:\n        raise\nexcept ArithmeticError:\n    x = 1\n",
    "bare raise in a function": "def f():\n    raise\ntry:\n    try:\n        1 / 0\n    except ZeroDivisionError:\n        f()\nexcept ZeroDivisionError:\n    x = 1\n",
    "bare raise of nothing": "try:\n    raise\nexcept RuntimeError:\n    x = 1\n",
    "hierarchy": "try:\n    [][3]\nexcept KeyError:\n    x = 1\nexcept LookupError:\n    x = 2\n",
    "tuple of exceptions": "try:\n    int('x')\nexcept (KeyError, ValueError):\n    x = 2\n",
    "base exception": "out = []\ntry:\n    raise KeyboardInterrupt\nexcept BaseException:\n    out.append(1)\n",
    "system exit is no exception": "out = []\ntry:\n    try:\n        raise SystemExit(3)\n    except Exception:\n        out.append(1)\n    finally:\n        out.append(2)\nexcept SystemExit:\n    out.append(3)\n",
    "raise from": "try:\n    raise KeyError('x') from ValueError('y')\nexcept KeyError:\n    x = 1\n",
    "name of an exception is gone": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    x = 1\ntry:\n    e\nexcept NameError:\n    y = 2\n",
    "assertion in a try": "try:\n    assert 1 > 2, 'no'\nexcept AssertionError:\n    x = 1\n",
    "exception through a function": "def f(d):\n    return d['q']\ntry:\n    x = f({})\nexcept KeyError:\n    x = 5\n",
    "exception through map": "try:\n    x = list(map(int, ['1', 'q']))\nexcept ValueError:\n    x = 5\n",
    "keys out of a list": "ks = ['a', 'b']\nd = dict.fromkeys(ks, [1])\nd['a'].append(2)\ne = dict.fromkeys('xy')\n",
    "item set by its method": "d = dict(a=1)\nd.__setitem__('b', [2])\nx = list(d)\n",
    "methods of text as functions": "x = sorted(['b', 'A'], key=str.lower)\ny = list(map(str.upper, ['a', 'b']))\n",
    "generator": "s = [1, 2]\ng = (v * 2 for v in s)\ns.append(3)\nx = list(g)\ny = list(g)\ndel g\n",
    "generator sees later names": "k = 1\ng = (v * k for v in [1, 2])\nk = 10\nx = list(g)\ndel g\n",
    "generator, first source at once": "s = [1]\ng = (v for v in s)\ns = [5]\nx = list(g)\ndel g\n",
    "generator, second source later": "s = [1]\ng = ((u, v) for u in [0, 1] for v in s)\ns = [5]\nx = list(g)\ndel g\n",
    "generator with effects": "xs = []\ng = (xs.append(v) for v in [1, 2])\na = list(xs)\nnext(g)\nb = list(xs)\ndel g\n",
    "next with a default": "g = (v for v in [1])\na = next(g)\nb = next(g, 7)\ndel g\n",
    "any stops": "xs = []\ndef m(v):\n    xs.append(v)\n    return v\na = any(m(v) for v in [0, 1, 2])\nb = all(m(v) for v in [1, 0, 2])\n",
    "in stops": "g = (v for v in [1, 2, 3])\na = 2 in g\nb = list(g)\ndel g\n",
    "map is lazy": "xs = []\ndef m(v):\n    xs.append(v)\n    return v\ng = map(m, [1, 2])\na = list(xs)\nb = list(g)\ndel g\n",
    "zip over one iterator": "i = iter([1, 2, 3, 4])\na = list(zip(i, i))\ndel i\n",
    "enumerate over a generator": "a = [i * v for i, v in enumerate(v for v in [3, 4])]\n",
    "iterator over a growing list": "s = [1]\ni = iter(s)\ns.append(2)\na = list(i)\ndel i\n",
    "unpacked generator": "a, b = (v for v in [1, 2])\nc = [*(v for v in [3])]\n",
    "views": "d = dict(a=1)\nk, v, i = d.keys(), d.values(), d.items()\nd['b'] = 2\nx = [list(k), list(v), list(i), len(k), len(v), 2 in v, 'b' in k, ('b', 2) in i]\ndel k, v, i\n",
    "views compared": "d = dict(a=1, b=2)\nx = d.keys() == {'a', 'b'}\ny = d.keys() & {'a'}\nz = d.keys() == dict(b=0, a=0).keys()\nw = sorted(d.keys() - {'a'})\n",
    "view truth": "d = {}\nk = d.keys()\na = 1 if k else 2\nd['x'] = 1\nb = 1 if k else 2\ndel k\n",
    "view sorted, summed, joined": "d = dict(b=1, a=2)\nx = sorted(d)\ny = sum(d.values())\nz = ','.join(d.keys())\nw = max(d.values())\nu = dict(d.items())\nt = set(d.values())\n",
    "dict changed while looped over": "d = dict(a=1)\ntry:\n    for k in d.keys():\n        d['b'] = 1\n    x = 1\nexcept RuntimeError:\n    x = 2\n",
    "augmented target once": "xs = [0]\ndef i():\n    xs.append(1)\n    return 0\nd = [5, 6]\nd[i()] += 1\n",
    "augmented owner once": "n = []\ndef get():\n    n.append(1)\n    return d\nd = dict(a=1)\nget()['a'] += 1\n",
    "augmented reads before the value": "d = dict(a=1)\ndef f():\n    d['a'] = 10\n    return 1\nd['a'] += f()\n",
    "augmented list in a tuple": "t = ([1],)\ntry:\n    t[0] += [2]\nexcept TypeError:\n    x = 1\n",
    "nonlocal": "def mk():\n    c = 0\n    def up():\n        nonlocal c\n        c += 1\n        return c\n    up()\n    up()\n    return c\nx = mk()\n",
    "nonlocal in a block": "def mk():\n    cp = False\n    def on():\n        if True:\n            nonlocal cp\n            cp = True\n    on()\n    return cp\nx = mk()\n",
    "nonlocal over two": "def a():\n    v = 1\n    def b():\n        def c():\n            nonlocal v\n            v = 5\n        c()\n    b()\n    return v\nx = a()\n",
    "nonlocal counters apart": "def mk():\n    c = 0\n    def up():\n        nonlocal c\n        c += 1\n        return c\n    return up\na, b = mk(), mk()\nx = [a(), a(), b()]\ndel a, b\n",
    "global in a block not run": "q = 1\ndef f():\n    if False:\n        global q\n    q = 2\nf()\n",
    "global under a local": "v = 1\ndef f():\n    v = 2\n    def g():\n        global v\n        return v\n    return g()\nx = f()\n",
    "unbound local": "v = 1\ndef f():\n    try:\n        w = v\n    except UnboundLocalError:\n        w = 7\n    v = 2\n    return w\nx = f()\n",
    "unbound local by a loop": "v = 1\ndef f():\n    try:\n        w = v\n    except NameError:\n        w = 7\n    for v in []:\n        pass\n    return w\nx = f()\n",
    "deleted local": "v = True\ndef f(v):\n    del v\n    try:\n        return v\n    except NameError:\n        return False\nx = f(1)\n",
    "deleted, then called": "v = 1\ndef f():\n    v = 2\n    def g():\n        return v\n    del v\n    try:\n        return g()\n    except NameError:\n        return 9\nx = f()\n",
    "comprehension variables are local": "i = 9\nx = [i for i in range(3)]\ny = i\n",
    "closures of a comprehension": "fs = [lambda: j for i in (2, 1) for j in range(i)]\nx = [f() for f in fs]\ndel fs\n",
    "walrus in a function's comprehension": "y = 0\ndef f():\n    [y := v for v in (1, 2)]\n    return y\nx = f()\n",
    "walrus under global": "y = 0\ndef f():\n    global y\n    [y := v for v in (1, 2)]\nf()\n",
    "positional only": "def f(a, /, **k):\n    return a, k\nx = f(1, a=2)\ndef g(a=1, /, b=2, *, c=3, **k):\n    return a, b, c, k\ny = g(a=5, b=6)\n",
    "keyword order": "def f(**k):\n    return list(k)\nx = f(b=1, **dict(a=2), c=3)\n",
    "defaults are shared": "def f(v, to=[]):\n    to.append(v)\n    return to\na = f(1)\nb = f(2)\n",
    "defaults are made once": "n = 1\ndef f(v=n):\n    return v\nn = 2\nx = f()\n",
    "truth of a method": "xs = []\na = 1 if xs.append else 2\nb = not xs.append\nc = bool(len)\n",
    "data attributes": "a = (3).real\nb = (3.5).imag\nc = (2j).imag\nd = range(1, 9, 2).step\ne = True.numerator\n",
    "truth of zero by attribute": "n = 0\nx = True if n.real else False\n",
    "sets of numbers": "x = list({3, 1, 2})\ny = sorted({'b', 'a'})\nz = len({'a', 'b'})\nw = 'a' in {'a', 'b'}\nv = {1, 2} | {3}\n",
    "one text in a set": "x = list({'a'})\n[y] = {'b'}\n",
    "class body": "xs = []\nclass A:\n    xs.append(1)\n    n = 3\n    for i in range(2):\n        xs.append(i)\ndel A\n",
    "class scope": "n = 1\nclass A:\n    n = 2\n    m = [n for _ in range(1)]\n    def f(self):\n        return n\ny = n\ndel A\n",
    "class decorator": "xs = []\ndef reg(c):\n    xs.append(1)\n    return 5\n@reg\nclass A:\n    pass\n",
    "class bases": "xs = []\ndef base():\n    xs.append(1)\n    return object\nclass A(base()):\n    pass\ndel A\n",
    "chained comparison once": "xs = []\ndef f():\n    xs.append(1)\n    return 5\na = 1 < f() < 9\nb = 9 < f() < f()\n",
    "order of a dict display": "xs = []\ndef f(v):\n    xs.append(v)\n    return v\nd = {f(1): f(2), f(3): f(4)}\n",
    "order of an assignment": "xs = []\ndef f(v):\n    xs.append(v)\n    return v\nd = {}\nd[f(1)] = f(2)\n",
    "order of arguments": "xs = []\ndef f(v):\n    xs.append(v)\n    return v\nd = dict(a=f(1), **dict(b=f(2)), c=f(3))\n",
    "swapped": "a = [1, 2]\ni = 0\ni, a[i] = 1, 9\na[0], a[1] = a[1], a[0]\n",
    "loop over a list that shrinks": "a = [1, 2, 3, 4]\nb = []\nfor v in a:\n    b.append(v)\n    a.remove(v)\n",
    "loop target left": "for i in []:\n    pass\nelse:\n    j = 1\nfor k in (1, 2):\n    pass\n",
    "while else": "n = 3\nwhile n:\n    n -= 1\nelse:\n    m = 5\n",
    "undecidable in map": "x = [v for v in map(len, [[1]])]\n",
}  # fmt: skip

#: These need not be known, and must not be wrong.
UNKNOWN: Dict[str, str] = {
    "order of a set": "x = list({'a', 'b', 'c', 'd', 'e'})\n",
    "order of a set, looped over": "x = []\nfor v in {'a', 'b', 'c', 'd'}:\n    x.append(v)\n",
    "order of a set, as text": "x = str({'a', 'b', 'c', 'd'})\ny = f\"{ {'a', 'b', 'c', 'd'} }\"\nz = '%s' % {'a', 'b', 'c', 'd'}\nw = '{}'.format({'a', 'b', 'c'})\n",
    "order of a set, joined": "x = ''.join({'a', 'b', 'c', 'd'})\ny = [*{'a', 'b', 'c', 'd'}]\nz = tuple(v for v in {'a', 'b', 'c', 'd'})\n",
    "order of a set, popped": "s = {'a', 'b', 'c', 'd'}\nx = s.pop()\ny = next(iter({'a', 'b', 'c', 'd'}))\n",
    "order of a set, in a dict": "d = {k: 1 for k in {'a', 'b', 'c', 'd'}}\nx = list(d)\n",
    "order of a set, extended": "x = []\nx.extend({'a', 'b', 'c', 'd'})\ny = [0]\ny += {'a', 'b', 'c', 'd'}\nz = [1]\nz[:] = {'a', 'b', 'c'}\n",
    "order of a set, by key": "x = min({'aa', 'bb', 'cc', 'dd'}, key=len)\ny = sorted({'aa', 'bb', 'cc', 'dd'}, key=len)\n",
    "order of a set, unpacked": "a, b, c = {'x', 'y', 'z'}\n",
    "order of keys": "d = dict(a=1, b=2, c=3)\nx = list(d.keys() & {'a', 'b', 'c'})\n",
    "order of a frozen set": "x = list(frozenset(['a', 'b', 'c', 'd']))\n",
    "order by history": "s = {8, 0}\nx = list(s)\nt = {0, 8}\ny = list(t)\n",
    "undecidable": "f = [*map(lambda x: len, [1])]\n",
    "unknown decorator": "import functools\nxs = [1]\n@functools.lru_cache(None)\ndef f():\n    xs.append(1)\n    return 1\nf()\nf()\n",
    "class attribute": "class A:\n    n = 3\nx = A.n\n",
    "class with a method": "xs = []\nclass A:\n    def add(self, v):\n        xs.append(v)\nA().add(1)\n",
    "own exception": "class E(Exception):\n    pass\ntry:\n    raise E('x')\nexcept E:\n    x = 1\n",
    "own exception by base": "class E(KeyError):\n    pass\nx = 0\ntry:\n    raise E('x')\nexcept LookupError:\n    x = 1\n",
    "text of an exception": "try:\n    raise ValueError('abc')\nexcept ValueError as e:\n    x = str(e)\n",
    "generator function": "xs = []\ndef g():\n    xs.append(1)\n    yield 1\n    xs.append(2)\ni = g()\na = list(xs)\nnext(i)\nb = list(xs)\ndel i\n",
    "generator function, closed over": "def mk():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n        yield n\n    a = list(g())\n    return n\nx = mk()\n",
    "attribute of a function": "def f():\n    return 1\nf.n = 5\nx = f.n\n",
    "match": "v = dict(a=1)\nmatch v:\n    case {'a': n}:\n        x = n\n    case _:\n        x = 0\n",
    "finally and an unknown return": "import time\ndef f(x):\n    try:\n        if time.time() > 0:\n            return 1\n    finally:\n        x.append(1)\n    x.append(2)\n    return 2\nxs = []\ny = f(xs)\n",
    "unknown import": "try:\n    import nope_mod as m\n    x = 1\nexcept ImportError:\n    x = 2\n",
    "unknown import in a function": "def f():\n    import nope_mod\n    return 1\ntry:\n    x = f()\nexcept ImportError:\n    x = 2\n",
    "attribute of a module that is not there": "import math\ntry:\n    x = math.nope\n    y = 1\nexcept AttributeError:\n    y = 2\n",
    "unknown name in a try": "import time\nif time.time() < 0:\n    q = 1\ntry:\n    q\n    y = 1\nexcept NameError:\n    y = 2\n",
    "iterator consumed under a condition": "import time\ni = iter([1, 2, 3])\nif time.time() > 0:\n    next(i)\nx = next(i)\ny = list(i)\ndel i\n",
    "iterator consumed by a library": "import collections\ni = iter([1, 2, 3])\ncollections.deque(i)\ny = list(i)\ndel i\n",
    "while under an unknown condition": "import time\nxs = []\nwhile time.time() < 0 or len(xs) < 3:\n    xs.append(1)\n",
    "break in a loop in a loop": "import time\nxs = []\nfor i in range(3):\n    for j in range(3):\n        if time.time() > 0:\n            break\n        xs.append(j)\n    xs.append(i)\n",
    "continue under a condition": "import time\nxs = []\nfor i in range(3):\n    if time.time() > 0:\n        continue\n    xs.append(i)\n",
    "identity of equal texts": "a = 'Wide' is 'Wide'\nb = 'Wi' + 'de' is 'Wide'\nc = (1, 2) is (1, 2)\nd = 1e3 is not 1e3\n",
    "compared after an unknown value": "import time\nxs = []\ndef f():\n    xs.append(1)\n    return 1\na = 0 < time.time() < f()\n",
    "assertion with a message": "import time\nxs = []\nassert time.time() > 0, xs.append(1)\n",
}  # fmt: skip


#: What a name that is not known cannot have touched: (code, what stays known).
LEFT_ALONE: Dict[str, str] = {
    "sorted by an unknown key": "s = sorted([a, b], key=lambda d: n)\n",
    "chosen by an unknown key": "s = max(a, b, key=lambda d: n * d['x'])\n",
    "set through what an unknown key chose": "max(a, b, key=lambda d: n)['x'] = 3\na.pop('x')\nb.pop('x')\n",
    "before what may be caught": "try:\n    a['z'] = 2\n    e = [1]\n    s = [1][n]\nexcept IndexError:\n    s = 2\n",
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    code = "n = id(0) * 0\na, b = dict(x=1, y=[1]), dict(x=2, y=[2])\n" + LEFT_ALONE[name]
    path = write(tmp_path, {"c.py": code})
    theirs, ours = with_mmengine(path), with_mmfix(path)
    found = list(differences(ours, theirs))
    assert {kind for kind, _ in found} == {"unknown"}
    assert {key[:2] for _, key in found} <= {".n", ".s"}


@pytest.mark.parametrize("name", KNOWN)
def test_known(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"c.py": KNOWN[name]})
    theirs, ours = with_mmengine(path), with_mmfix(path)
    assert not isinstance(theirs, Failed), theirs
    assert not isinstance(ours, Failed), ours
    assert list(differences(ours, theirs)) == []


@pytest.mark.parametrize("name", UNKNOWN)
def test_never_wrong(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"c.py": "_base_ = 'b.py'\n" + UNKNOWN[name], "b.py": ""})
    theirs, ours = with_mmengine(path), with_mmfix(path)
    skip_what_is_newer(theirs)
    assert not isinstance(theirs, Failed), theirs
    assert not isinstance(ours, Failed), ours
    assert [text for kind, text in differences(ours, theirs) if kind == "different"] == []
