"""What a config computes with plain Python is known, and is what MMEngine has."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import pytest
from parity import differences, skip_what_is_newer, with_mmengine, with_mmfix, write

HEAD = "_base_ = 'b.py'\nimport itertools, functools, copy\nm = _base_.model\n"
BASE = "model = dict(backbone=dict(depth=50, with_cp=False), neck=dict(type='N'), l=[1, dict(x=1)])\nlr = 1\n"

KNOWN: Dict[str, str] = {
    "type": "a = type(1).__name__ == 'int', type([]) is list, type(True) == int, type('') != str, type({}).__name__\n",
    "callable": "a = callable(len), callable(3), callable(lambda: 1), callable({}), callable(m), callable(None)\n",
    "hasattr": "a = [hasattr(x, y) for x in ({}, m, [], 3, 'a') for y in ('keys', 'neck', 'zz', 'append', 'blames', 'real')]\n",
    "hasattr of a config dict": "a = hasattr(m, 'get'), hasattr(m, 'lost'), hasattr(m, 'neck')\n",
    "issubclass": "a = issubclass(bool, int), issubclass(int, (str, float))\n",
    "special methods": "a = (5).__add__(3), (2.5).__radd__(1), (-1).__add__(True), (3).__neg__()\n",
    "extending": "b = [1]\na = b.__iadd__([2])\na.append(3)\n",
    "chain": "a = list(itertools.chain([1], (2, 3))), list(itertools.chain.from_iterable([[1], [[2]]]))\n",
    "chain is lazy": "b = [1]\nc = itertools.chain(b, [5])\nb.append(2)\na = next(c), list(c)\ndel c\n",
    "product": "a = [list(x) for x in itertools.product([1, 2], 'ab')][:3]\n",
    "reduce": "a = functools.reduce(lambda x, y: x + y, [1, 2, 3], 0), functools.reduce(max, [1, 5, 2])\n",
    "the order of a set that does not matter": "a = sorted([*{'x', 'y'}]), len(list({'a', 'b', 'c', 'd'})), [len(x) for x in {'a', 'b'}]\n",
    "a union": "a = m | {'backbone': {'with_cp': True, 'new': [1]}, 'q': dict(r=1)}\nm.backbone.depth = 18\na.l[1]['y'] = 2\n",
    "a union that is changed": (
        "a = m | {'q': {}}\na.s = dict(t=1)\na.s['u'] = 2\na.update(dict(s=dict(v=3), neck=dict(w=1), y={}))\n"
        "b = {**a}, dict(a=a), a.pop('q'), a == a.copy(), len(a), list(a), 'zz' in a, a.get('zz')\ndel a.s\n"
    ),
    "a union in a config dict": "a = {'p': dict(x=1)} | m\nm.kept = a\nm.kept['vv'] = 1\nb = copy.deepcopy(a) | a\nb['only'] = 1\n",
    "a union of plain dicts": "a = dict(x=dict(y=1)) | dict(x=dict(z=1))\n",
    "exceptions": (
        "class A(Exception):\n    '''Doc.'''\nclass B(A):\n    pass\nclass K(KeyError):\n    pass\na = []\n"
        "for n in range(6):\n    try:\n        if n == 0:\n            raise ValueError('a', [1])\n        if n == 1:\n            raise B('x')\n"
        "        if n == 2:\n            raise K('q')\n        if n == 3:\n            {}['zz']\n        if n == 4:\n            raise A\n"
        "        raise StopIteration(5)\n    except B as e:\n        a.append(['B', str(e), repr(e), e.args])\n"
        "    except A as e:\n        a.append(['A', str(e), repr(e), e.args])\n"
        "    except LookupError as e:\n        a.append(['L', str(e), repr(e), e.args])\n"
        "    except (ValueError, StopIteration) as e:\n        a.append([str(e), repr(e), e.args])\ndel A, B, K\n"
    ),
    "a context that does nothing": "from contextlib import nullcontext\nb = []\nwith nullcontext([1]) as a, nullcontext(b) as b:\n    b.append(2)\n    a.append(3)\nwith nullcontext():\n    c = 1\n",
    "a context that catches": (
        "import contextlib\na = []\nwith contextlib.suppress(KeyError, ValueError):\n    a.append(1)\n    {}['a']\n    a.append(2)\n"
        "def f():\n    with contextlib.suppress(KeyError), contextlib.nullcontext(3) as x:\n        return x\n"
        "b = f()\ntry:\n    with contextlib.suppress(KeyError):\n        [][1]\nexcept IndexError:\n    a.append(3)\n"
    ),
    "sets that are changed in place": "b = {1, 2, 3}\nc = b\nb |= {4}\nb &= {1, 2, 4}\nb -= {1}\nb ^= {9}\na = sorted(c), c is b\n",
    "sorted by a key": "import sys\nb = [dict(x=sys.argv, y=2), dict(y=1)]\na = sorted(b, key=len)[0]['y'], max(*b, key=lambda x: x['y'])['y']\ndel b\n",
    "a match of something unknown": "import sys\nmatch sys.byteorder[0]:\n    case 'l' | 'q':\n        a = dict(x=1)\n    case _:\n        a = dict(x=1)\n",
    "what may not be installed": "try:\n    import nothing_of_this_name\n    a = 1\nexcept ImportError:\n    a = 1\n",
    "what may raise": "import sys\nb = dict(x=1, y=2)\ntry:\n    b['x'] = int(sys.byteorder) * 0\n    b['z'] = 1\nexcept ValueError:\n    b['z'] = 1\na = b['y'], b['z']\ndel b\n",
}  # fmt: skip

#: Looks alike, and is not known. The judge says what may not be said of it.
UNKNOWN: Dict[str, str] = {
    "the type of a config dict": "a = type(m).__name__\n",
    "searching a tuple": "import sys\nb = sys.byteorder, 1\na = b.count('little'), (0, [sys.byteorder]).count(['little'])\n",
    "an added method": "a = hasattr(m, 'freeze')\n",
    "a key that a union makes": "b = m | {}\nc = b['new']\nc['x'] = 1\na = dict(c=b)\n",
    "an attribute that a union makes": "b = m | {}\nb.new.x = 1\na = len(b)\n",
    "the text of an error": "try:\n    [][1]\nexcept IndexError as e:\n    a = str(e)\n",
    "the text of a system error": "try:\n    raise OSError(2, 'x')\nexcept OSError as e:\n    a = str(e)\n",
    "a class with something in it": "class A(KeyError):\n    def __str__(self):\n        return 'a'\ntry:\n    raise A('x')\nexcept KeyError as e:\n    a = str(e)\ndel A\n",
    "the text of a method": "a = str('type'.isupper), repr(m.get), format(len), str(len), str(lambda: 1)\n",
    "a context of its own": "class A:\n    def __enter__(self):\n        b.append(1)\n    def __exit__(self, *e):\n        return True\nb = []\nwith A():\n    a = 1\ndel A\n",
    "a context that is unknown": "import sys, contextlib\na = []\nb = sys.byteorder\nwith contextlib.suppress(KeyError):\n    a.append(b[0])\n    a.append(1)\n",
    "sorted by keys with something unknown inside": "import sys\nb = [[sys.byteorder, 2], [sys.byteorder, 1]]\na = sorted(b, key=lambda x: x)\nc = max(b, key=lambda x: (1, x))\n",
    "a match that captures": "import sys\nb = dict(x=1)\nmatch (sys.byteorder, b):\n    case ('big', c):\n        c['y'] = 1\n    case (_, c):\n        c['x'] = 2\n",
    "a function of the library in a map": "import sys\na = list(map(str.upper, [sys.byteorder]))\nb = dict.fromkeys(map(str.upper, ['ab'[len(sys.argv) % 2]]))\n",
    "an error with what stands for a value": "import sys\nb = []\ntry:\n    b.extend(map(str.upper, [sys.byteorder]))\nexcept TypeError:\n    b.append(1)\na = len(b)\n",
    "the order of a set": "a = list({'x', 'y'})[0]\n",
    "what may raise half way": "import sys\nb = []\ndef f():\n    b.append(1)\n    return sys.nothing\ntry:\n    b.append([f(), b.append(2)])\nexcept AttributeError:\n    b.append(3)\na = len(b)\n",
    "what raises in a comprehension": "import sys\nb = []\ntry:\n    [b.append(x) for x, y in [(1, 2), sys.byteorder]]\nexcept ValueError:\n    b.append(3)\na = b\n",
    "what raises beside a star": "import sys\nb = []\ntry:\n    dict(*sys.byteorder, x=b.append(1))\nexcept Exception:\n    pass\na = b\n",
    "truth that may raise": "import sys\nb = []\nv = sys.byteorder\ntry:\n    if v:\n        b.append(1)\n    b.append(2)\nexcept KeyError:\n    pass\na = b\n",
}  # fmt: skip


def read(code: str, folder: Path) -> Any:
    path = write(folder, {"c.py": HEAD + code, "b.py": BASE})
    theirs = with_mmengine(path)
    skip_what_is_newer(theirs)
    found = list(differences(with_mmfix(path), theirs))
    assert [text for kind, text in found if kind == "different"] == []
    return {text for _, text in found}


@pytest.mark.parametrize("name", KNOWN)
def test_known(name: str, tmp_path: Path) -> None:
    assert not {key for key in read(KNOWN[name], tmp_path) if key.startswith((".a", ".b", ".model", ".m"))}


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown(name: str, tmp_path: Path) -> None:
    assert read(UNKNOWN[name], tmp_path)
