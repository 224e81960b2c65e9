"""What is written through something unknown is written to whatever it may be; MMEngine is the judge."""

from __future__ import annotations

from pathlib import Path
from typing import Dict

import pytest
from parity import Failed, differences, skip_what_is_newer, with_mmengine, with_mmfix, write

from mmfix.config.interpreter import decisions

#: `yes` is true, `n` is 6 and `key` is 'x', and the reader knows none of them.
HEAD = "_base_ = 'b.py'\nimport sys\nn = len(sys.byteorder)\nyes = n > 1\nkey = 'x' if yes else 'y'\n"
TWO = "a = dict(x=1, c=dict(y=1))\nb = dict(x=2, c=dict(y=2))\n"

CODE: Dict[str, str] = {
    # -- how one of several is chosen -------------------------------------------------------------
    "ternary": TWO + "m = b if n > 99 else a\nm['x'] = 3\nmodel = dict(backbone=a)\n",
    "ternary with a new key": TWO + "m = b if n > 99 else a\nm['new'] = 3\nk = list(a)\nl = len(a)\nh = 'new' in a\n",
    "ternary of a call": TWO + "def get():\n    return a\nm = get() if yes else b\nm['x'] = 3\n",
    "ternary of copies": TWO + "m = a.copy() if yes else b\nm['c']['y'] = 3\n",
    "ternary of displays": TWO + "m = [a] if yes else [b]\nm[0]['x'] = 3\n",
    "ternary of new dicts": TWO + "m = dict(q=a) if yes else dict(q=b)\nm['q']['x'] = 3\n",
    "ternary in a ternary": TWO + "m = (a if n > 9 else (a if yes else b))\nm['x'] = 3\n",
    "ternary in an argument": TWO + "def set_it(m):\n    m['x'] = 3\nset_it(a if yes else b)\n",
    "if": TWO + "m = b\nif yes:\n    m = a\nm['x'] = 3\n",
    "if and else": TWO + "if yes:\n    m = a\nelse:\n    m = b\nm['x'] = 3\n",
    "if with a new container": TWO + "if yes:\n    m = dict(q=[a])\nelse:\n    m = dict(q=[b])\nm['q'][0]['x'] = 3\n",
    "if that writes below": TWO + "e = a['c']\nif yes:\n    a['c']['y'] = 3\n",
    "if that writes through an alias": TWO + "e = dict(q=a)\nif yes:\n    e['q']['c']['y'] = 3\n",
    "if that calls a writer": TWO + "def put():\n    a['c']['y'] = 3\ne = a['c']\nif yes:\n    put()\n",
    "if that calls a writer through another": TWO
    + "def put():\n    a['c']['y'] = 3\ndef go():\n    put()\nif yes:\n    go()\n",
    "index": TWO + "ms = [b, a]\nms[int(yes)]['x'] = 3\n",
    "index of a tuple": TWO + "ms = (b, a)\nms[int(yes)]['c']['y'] = 3\n",
    "index stored by name": TWO + "ms = [b, a]\nm = ms[n - 5]\nm.update(x=3)\n",
    "slice": TWO + "ms = [b, a]\nfor m in ms[:n]:\n    m['x'] = 3\n",
    "key": TWO + "ms = dict(x=a, y=b)\nms[key]['x'] = 3\n",
    "key stored by name": TWO + "ms = dict(x=a, y=b)\nm = ms[key]\nm['c']['y'] = 3\n",
    "key that is set": TWO + "ms = dict(x=a)\nms[key] = b\nms['x']['x'] = 3\n",
    "key of one that is set": TWO + "ms = dict(x=a)\nms[key] = b\nb['x'] = 3\nmodel = ms\n",
    "get": TWO + "ms = dict(x=a)\nms.get(key)['x'] = 3\n",
    "get with a default": TWO + "ms = dict(y=b)\nms.get(key, a)['x'] = 3\n",
    "get in a list": TWO + "ms = dict(x=a)\nfor m in [ms.get(key)]:\n    m['x'] = 3\n",
    "min": TWO + "m = min([n, a], [7, b])[1]\nm['x'] = 3\n",
    "max with a key": TWO + "m = max([a, b], key=lambda d: n if d['x'] == 1 else 0)\nm['x'] = 3\n",
    "sorted": TWO + "m = sorted([a, b], key=lambda d: d['x'] * n)[0]\nm['x'] = 3\n",
    "next": TWO + "m = next(d for d in [a, b] if n > d['x'])\nm['x'] = 3\n",
    "next of an iterator": TWO + "it = iter([a, b, a][n - 6:])\nm = next(it)\nm['x'] = 3\n",
    "filter": TWO + "for m in filter(lambda d: n > d['x'], [a, b]):\n    m['x'] = 3\n",
    "list of filter": TWO + "m = list(filter(lambda d: n > d['x'], [a, b]))[0]\nm['x'] = 3\n",
    "map": TWO + "for m in map(lambda i: a if n > i else b, [1]):\n    m['x'] = 3\n",
    "zip": TWO + "for m, i in zip([a, b], range(n)):\n    m['x'] = 3\n",
    "enumerate": TWO + "for i, m in enumerate([a, b][:n]):\n    m['x'] = 3\n",
    "reversed": TWO + "for m in reversed([a, b][:n]):\n    m['x'] = 3\n",
    "unpacking": TWO + "p, q = (a, b) if yes else (b, a)\np['x'] = 3\n",
    "unpacking with a star": TWO + "p, *q = [a, b][:n]\nq[0]['x'] = 3\n",
    "unpacking of a function": TWO + "def two():\n    return (a, b) if yes else (b, a)\np, q = two()\nq['x'] = 3\n",
    "match capture": TWO + "match [a, n]:\n    case [m, 6]:\n        m['x'] = 3\n",
    "match capture after": TWO + "match dict(q=a):\n    case {'q': m}:\n        pass\nm['x'] = 3\n",
    "match of the rest": TWO + "match dict(q=a, r=b):\n    case {'r': _, **rest}:\n        pass\nrest['q']['x'] = 3\n",
    "match of an attribute": TWO + "match a.get('q'):\n    case None:\n        q = 1\na['c']['y'] = 3\nmodel = a\n",
    "or": TWO + "m = (n > 99 and b) or a\nm['x'] = 3\n",
    "and": TWO + "m = yes and a\nm['x'] = 3\n",
    "or of a call": TWO + "def get():\n    return a\nm = (n > 99) or get()\nm['x'] = 3\n",
    "loop variable": TWO + "for m in ([a] if yes else [b]):\n    m['x'] = 3\n",
    "loop variable after": TWO + "for m in ([a] if yes else [b]):\n    pass\nm['x'] = 3\n",
    "loop over unknown values": TWO + "for m in dict(x=[a])[key]:\n    m['c']['y'] = 3\n",
    "loop in a comprehension": TWO + "[m.update(x=3) for m in ([a] if yes else [b])]\n",
    "comprehension": TWO + "ms = [m for m in [a, b] if n > m['x']]\nms[0]['x'] = 3\n",
    "dict comprehension": TWO + "ms = {i: m for i, m in enumerate([a, b]) if n > i}\nms[0]['x'] = 3\n",
    "special method": TWO + "m = a if yes else a\nm.__setitem__('x', 3)\n",
    "special method of one of two": TWO + "m = a if yes else b\nm.__setitem__('x', 3)\ndel m\n",
    "special method of a list": "a = [1]\nm = a if yes else a\nm.__iadd__([2])\nm.__class__\n",
    "walrus in a comprehension": "{x: 0 if n > 9 else (w := 5) for x in 'ab'}\n",
    "walrus in a comprehension of another": "e = [[yes and (w := x) for x in 'ab'] for _ in 'c']\n",
    "generator over something unknown": "class K:\n    z = [3]\ng = (v for v in K.z if (w := v))\nnext(g)\ndel g\n",
    "generator with an unknown loop inside": "g = ((w := v) for v in [1, 2] for _ in range(n))\nnext(g)\ndel g\n",
    "generator that is advanced later": "g = ((w := v) for v in [1, 2] for _ in range(n))\nnext(g)\nw = 0\nnext(g)\ndel g\n",
    "generator in a comprehension": "e = [next((w := v) for v in [1, 2] for _ in range(n)) for _ in [0]]\n",
    "generator in what is not followed": "import functools\ng = ((w := v) for v in [1, 2])\nh = functools.reduce(max, g)\ndel g\n",
    "generator in another": "g = ((w := v) for v in [1, 2] for _ in range(n))\nnext(enumerate(g))\ndel g\n",
    "generator that may be advanced": "g = ((w := v) for v in [1, 2])\nif yes:\n    next(g)\ndel g\n",
    "walrus": TWO + "(m := a if yes else b)['x'] = 3\n",
    "walrus by name": TWO + "if (m := a if yes else b):\n    pass\nm['x'] = 3\n",
    "while": TWO + "m = b\nwhile n > 5:\n    m = a\n    n -= 1\nm['x'] = 3\n",
    "function return": TWO + "def get():\n    if yes:\n        return a\n    return b\nget()['x'] = 3\n",
    "lambda": TWO + "get = lambda: a if yes else b\nget()['x'] = 3\ndel get\n",
    "return of an inner function": TWO
    + "def mk():\n    box = [a]\n    def get():\n        return box[0 if yes else 1]\n    return get\nmk()()['x'] = 3\n",
    "default of a parameter": TWO + "def get(m=a):\n    return m if yes else b\nget()['x'] = 3\n",
    "mutable default": "def get(q=[]):\n    q.append(1)\n    return q\nget() if n > 1 else 0\nz = get()\n",
    "setdefault": TWO + "ms = dict(x=a)\nms.setdefault(key, b)['x'] = 3\n",
    "setdefault of the default": TWO + "ms = dict(y=b)\nms.setdefault(key, a)['x'] = 3\n",
    "pop": TWO + "ms = dict(x=a, y=b)\nms.pop(key)['x'] = 3\n",
    "pop of a list": TWO + "ms = [b, a]\nms.pop(n - 5)['x'] = 3\n",
    "popitem": TWO + "ms = dict(x=a)\nif yes:\n    ms['z'] = b\nms.popitem()[1]['x'] = 3\n",
    "a star in a list": TWO + "ms = [*[a, b][:n]]\nms[0]['x'] = 3\n",
    "a star beside": TWO + "ms = [a, *[1, 2][:n]]\nms[0]['x'] = 3\n",
    "a star in a call": TWO + "def f(m, *r):\n    m['x'] = 3\nf(*[a, b][:n])\n",
    "two stars": TWO + "ms = {**dict(q=a), **(dict(r=1) if yes else {})}\nms['q']['x'] = 3\n",
    "two stars in a call": TWO + "def f(**k):\n    k['q']['x'] = 3\nf(**(dict(q=a) if yes else {}))\n",
    "a dict with an unknown key": TWO + "ms = {key: a, 'z': b}\nms['x']['x'] = 3\n",
    "added lists": TWO + "ms = [a] + [b][:n]\nms[0]['x'] = 3\n",
    "multiplied list": TWO + "ms = [a] * n\nms[0]['x'] = 3\n",
    "getattr": TWO + "m = getattr(a, 'q', b if yes else a)\nm['x'] = 3\n",
    # -- how it is written ------------------------------------------------------------------------
    "new key": TWO + "m = a if yes else b\nm['new'] = 3\nk = sorted(a)\n",
    "new key, then compared": TWO + "c = dict(a)\nm = a if yes else b\nm['new'] = 3\ns = a == c\n",
    "new key, then spread": TWO + "m = a if yes else b\nm['new'] = 3\ns = dict(**a)\nt = {**a}\nu = len(t)\n",
    "new key, then truth": "a, b = {}, {}\nm = a if yes else b\nm['new'] = 3\ns = 1 if a else 2\nt = not a\nu = bool(a)\n",
    "new key, then get": TWO + "m = a if yes else b\nm['new'] = 3\ns = a.get('new', 7)\nt = a.setdefault('new', 8)\n",
    "new key, then popped": TWO + "m = a if yes else b\nm['new'] = 3\nt = a.pop('new', 9)\n",
    "new key, then missed": TWO
    + "m = a if yes else b\nm['new'] = 3\ntry:\n    a['new']\n    t = 1\nexcept KeyError:\n    t = 2\n",
    "new key, then formatted": TWO + "m = a if yes else b\nm['new'] = 3\nt = f'{a}'\nu = str(a)\n",
    "deleted key": TWO + "m = a if yes else b\ndel m['x']\nl = len(a)\nk = list(a)\nt = 'x' in a\nu = a.get('x', 5)\n",
    "deleted item": "a, b = [1, 2], [3, 4]\nm = a if yes else b\ndel m[0]\nl = len(a)\nt = a[0]\n",
    "appended": "a, b = [1], [2]\nm = a if yes else b\nm.append(3)\nl = len(a)\nt = a[-1]\nu = a == [1]\n",
    "appended container": "a, b, c = [1], [2], [5]\nm = a if yes else b\nm.append(c)\na[-1].append(6)\n",
    "extended in place": "a, b = [1], [2]\nm = a if yes else b\nm += [3]\nx = len(a)\n",
    "slice set": "a, b = [1], [2]\nm = a if yes else b\nm[:] = [3, 4]\n",
    "sorted in place": "a, b = [2, 1], [2]\nm = a if yes else b\nm.sort()\n",
    "method kept": "a, b = [2, 1], [2]\nput = (a if yes else b).append\nput(5)\ndel put\n",
    "method through map": "a, b = [2, 1], [2]\nlist(map((a if yes else b).append, [5]))\n",
    "set": "a, b = {1}, {2}\nm = a if yes else b\nm.add(5)\nt = len(a)\n",
    "set in place": "a, b = {1}, {2}\nm = a if yes else b\nm |= {5}\n",
    "dict in place": TWO + "m = a if yes else b\nm |= dict(x=5)\n",
    "augmented item": TWO + "m = a if yes else b\nm['x'] += 5\n",
    "augmented list in an item": "a, b = dict(l=[1]), dict(l=[2])\ne = a['l']\nm = a if yes else b\nm['l'] += [5]\n",
    "written value is an alias": TWO + "c = [1]\nm = a if yes else b\nm['x'] = c\na['x'].append(2)\n",
    "written value is changed later": TWO + "c = [1]\nm = a if yes else b\nm['x'] = c\nc.append(2)\nmodel = dict(a)\n",
    "read, then written": TWO + "m = a if yes else b\nt = a['c']\nm['c']['y'] = 3\nu = t['y']\n",
    "updated by keyword": TWO + "m = a if yes else b\nm.update(x=3, z=4)\nl = len(a)\n",
    "cleared": TWO + "m = a if yes else b\nm.clear()\nl = len(a)\nt = a.get('x')\n",
    "in a loop target": TWO + "m = a if yes else b\nfor m['x'] in [5]:\n    pass\n",
    "in a tuple target": TWO + "m = a if yes else b\nm['x'], q = 5, 6\n",
    "in a comprehension target": TWO + "m = a if yes else b\n[0 for m['x'] in [5]]\n",
    "in another function": TWO + "def f(q):\n    def g():\n        q['x'] = 7\n    return g\nf(a if yes else b)()\n",
    "write of an unknown key": TWO + "a[key] = 5\nt = a['x']\nl = len(a)\n",
    "write of an unknown new key": "a = dict(z=1)\na[key] = 5\nl = len(a)\nk = list(a)\nt = 'x' in a\n",
    "write of an unknown index": "a = [1, 2, 3]\na[n - 6] = 9\nt = a[0]\n",
    "container written with an unknown key": TWO + "c = [1]\na[key] = c\na['x'].append(2)\nmodel = [c]\n",
    "nested in one that became unknown": TWO
    + "big = dict(a=a)\nfor i in range(int(n)):\n    big['k'] = i\nbig['a']['c']['y'] = 3\nmodel = a\n",
    "nested in a list that became unknown": TWO
    + "big = [a]\nfor i in range(int(n)):\n    big.append(i)\nbig[0]['c']['y'] = 3\nmodel = a\n",
    "put into one that became unknown": TWO
    + "big = []\nfor i in range(int(n)):\n    big.append(i)\nbig.append(a)\nbig[-1]['c']['y'] = 3\n",
    "put into an unknown": TWO + "class O:\n    pass\no = O()\no.m = a\no.m['x'] = 3\ndel o, O\n",
    # -- code that is not followed ----------------------------------------------------------------
    "escape into a call": "import functools\na = dict(x=[1], y=0)\n"
    + "def put(m, k):\n    m['x'].append(k)\n    return m\nfunctools.reduce(put, [2, 3], a)\n",
    "escape below": "import random\na = dict(x=[1, 2, 3])\nb = [a]\nrandom.shuffle(b[0]['x'])\n",
    "escape of a whole": "import functools\na = [dict(c=dict(y=1))]\ne = a[0]['c']\n"
    + "functools.reduce(lambda p, q: p[0]['c'].update(y=2), [a, 1])\n",
    "escape, then a call of what came": "import functools\na = [1]\nput = functools.partial(a.append)\nput(2)\ndel put\n",
    "escape, then filled": "import functools\na = []\nput = functools.partial(a.append)\nc = [5]\nput(c)\na[0].append(7)\ndel put\n",
    "escape of a function": "import functools\na = [1]\ndef f():\n    a.append(2)\ng = functools.partial(f)\na = [5]\ng()\ndel g\n",
    "escape into an iterator": "a = [1]\ndef f(v):\n    a.append(v)\nm = map(f, [1, 2])\nb = list(a)\nlist(m)\ndel m\n",
    "escape into a class": "a = [1]\nclass C:\n    def f(self):\n        a.append(2)\nC().f()\ndel C\n",
    "escape into a class, then bound": "class C:\n    def f(self):\n        put()\ndef put():\n    a.append(2)\na = [1]\nC().f()\ndel C\n",
    "escape into a property": "a = [1]\nclass C:\n    @property\n    def p(self):\n        a.append(2)\n        return 1\nC().p\ndel C\n",
    "escape into an operator": "a = [1]\nclass C:\n    def __add__(self, o):\n        a.append(o)\n        return 1\nr = C() + 5\ndel C\n",
    "escape into an attribute": "class C:\n    pass\na = [1]\nC.q = a\nC.q.append(3)\ndel C\n",
    "escape into a generator": "a = [1]\ndef g(m):\n    yield m\nfor q in g(a):\n    q.append(2)\n",
    "generator that runs later": "a = [1]\ndef g():\n    a.append(2)\n    yield 1\ni = g()\nb = list(a)\na = [7]\nlist(i)\ndel i\n",
    "global set in a class": "q = 1\nclass C:\n    def f(self):\n        global q\n        q = 2\nq = 5\nC().f()\ndel C\n",
    "with": "import contextlib\na = [dict(x=1)]\ne = a[0]\nwith contextlib.nullcontext(a) as m:\n    m[0]['x'] = 2\ndel m\n",
    "closure of a dead frame": "def mk():\n    d = dict(x=[1])\n    def get():\n        return d\n    return get\n"
    + "g = mk()\nimport random\nrandom.shuffle(g()['x'])\nv = g()\ng()['x'].append(3)\nw = len(g()['x'])\ndel g\n",
    "argument that is lost meanwhile": "import random\nxs = [1, 2, 3]\ndef f(p, q):\n    return len(p), p[0]\nv = f(xs, random.shuffle(xs))\n",
    "list that holds a lost one": "import random\nxs = [1, 2, 3]\nys = [xs, random.shuffle(xs)]\nv = ys[0][0]\nw = str(ys)\n",
    "copied after": "import random\nimport copy\nxs = [[1, 2, 3]]\nrandom.shuffle(xs[0])\ny = copy.deepcopy(xs)\nz = xs * 2\nw = xs[0] + [1]\n",
    "looped over while lost": "import random\nxs = [1, 2, 3]\nys = []\nfor x in xs:\n    ys.append(x)\n    random.shuffle(xs)\n",
    "iterator over a lost one": "import random\nxs = [1, 2, 3]\ni = iter(xs)\nrandom.shuffle(xs)\nv = next(i)\ndel i\n",
    "try": TWO + "try:\n    m = [b][n - 6]\n    m = a\n    m = [][n]\nexcept IndexError:\n    pass\nm['x'] = 3\n",
    "names read only stay": TWO + "if yes:\n    z = a['x'] + len(b)\n",
}  # fmt: skip

BASED = {
    "ternary of a base": "m = _base_.model if yes else _base_.other\nm.x = 3\n",
    "ternary of a base, nested": "m = _base_.model if yes else _base_.other\nm.c.y = 3\nt = _base_.model.c.y\n",
    "read under an unknown condition": "if yes:\n    t = _base_.model.x * 2\nu = _base_.model.x\n",
    "index of a base": "_base_.pipe[n - 6].k = 3\n",
    "key of a base": "_base_.model[key] = 3\nt = _base_.model.x\n",
    "loop over a base": "for p in _base_.pipe[:n]:\n    p['k'] = 3\n",
    "get of a base": "_base_.get('model' if yes else 'other')['x'] = 3\n",
    "get of a base by attribute": "_base_.get('model' if yes else 'other').c.y = 3\n",
    "base in a function": "def f(m):\n    m.x = 4\nf(_base_.model if yes else _base_.other)\n",
    "update with what is unknown": "t = _base_.model.c\n_base_.model.update(dict(c=dict(z=1)) if yes else dict(c=2))\n",
    "update with an unknown part": "t = _base_.model.c\n_base_.model.update(c=dict(z=1) if yes else 2)\n",
    "update of an unknown part": "_base_.model.c = _base_.other.c if yes else 1\nu = _base_.model.c\n_base_.model.update(c=dict(z=1))\n",
    "copied from a base": "m = _base_.model if yes else _base_.other\nm.x = 3\nq = dict(m=_base_.model)\nr = _base_.model.copy()\n",
}
#: What a base binds perhaps: who looks at all its keys does not know them.
PERHAPS = {
    "if": "if yes:\n    w = 1\n",
    "loop": "for w in range(n):\n    pass\n",
    "caught": "try:\n    [][n]\nexcept IndexError as w:\n    pass\n",
    "not caught": "try:\n    m = [n] if yes else {}\n    m.append(1)\nexcept AttributeError:\n    w = 1\n",
    "generator": "g = ((w := v) for v in [1, 2] for _ in range(n - 6))\nnext(g, 0)\ndel g\n",
}
KEYS = "keys = list(_base_.keys())\nlast = keys[-1]\nhas = 'w' in _base_\nmany = len(_base_)\nfor k in _base_:\n    pass\n"

BASE = "model = dict(x=1, c=dict(y=1))\nother = dict(x=1, c=dict(y=1))\npipe = [dict(k=1), dict(k=2)]\n"


#: What is unknown to the reader is true, or it is false.
HEADS = {
    "true": HEAD,
    "false": HEAD.replace("yes = n > 1", "yes = n > 99").replace("order)\n", "order) - 1\n"),
}


@pytest.fixture(autouse=True, params=[1, decisions.MAX_WAYS], ids=["undecided", "decided"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both: what is not known stays so, and it is decided each way."""
    monkeypatch.setattr(decisions, "MAX_WAYS", request.param)


def check(files: Dict[str, str], folder: Path, must_load: bool) -> None:
    path = write(folder, files)
    theirs, ours = with_mmengine(path), with_mmfix(path)
    skip_what_is_newer(theirs)
    if isinstance(theirs, Failed):
        assert not must_load, theirs
        return
    assert not isinstance(ours, Failed), ours
    assert [text for kind, text in differences(ours, theirs) if kind == "different"] == []


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", CODE)
def test_write(name: str, head: str, tmp_path: Path) -> None:
    check({"c.py": HEADS[head] + CODE[name], "b.py": ""}, tmp_path, must_load=head == "true")


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", BASED)
def test_write_into_a_base(name: str, head: str, tmp_path: Path) -> None:
    check({"c.py": HEADS[head] + BASED[name], "b.py": BASE}, tmp_path, must_load=head == "true")


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", PERHAPS)
def test_what_may_be_a_key_of_a_base(name: str, head: str, tmp_path: Path) -> None:
    base = HEADS[head].replace("_base_ = 'b.py'\n", "") + PERHAPS[name]
    check({"c.py": f"_base_ = 'b.py'\n{KEYS}", "b.py": base}, tmp_path, must_load=head == "true")


def test_what_is_only_read_stays_known(tmp_path: Path) -> None:
    """Knowledge is not thrown away: code that may run or not, and changes no object, leaves all as it is."""
    code = TWO + "z = 0\nif yes:\n    z = a['x'] + len(b)\n    w = [q for q in a.values() if q]\n"
    path = write(tmp_path, {"c.py": HEAD + code, "b.py": ""})
    ours, theirs = with_mmfix(path), with_mmengine(path)
    assert sorted(key for _, key in differences(ours, theirs)) == [".key", ".n", ".w", ".yes", ".z"]


SNIPPETS = (Path(__file__).parent / "snippets.txt").read_text(encoding="utf-8").split("\n---\n")
TWO_LISTS = TWO.replace("))\n", "), l=[1])\n")


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_snippet(number: int, tmp_path: Path) -> None:
    """Pieces of code in which known and unknown values meet in every way that comes to mind."""
    check({"c.py": HEAD + TWO_LISTS + SNIPPETS[number] + "\n", "b.py": BASE}, tmp_path, must_load=True)
