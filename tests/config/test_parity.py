"""The reader gives what ``mmengine.Config.fromfile(...).to_dict()`` gives, construct by construct."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, List, Tuple

import pytest
from parity import Failed, differences, with_mmengine, with_mmfix, write

from mmfix.config.reader import Reader

BASE = """
model = dict(type='D', backbone=dict(type='R', depth=50, with_cp=True, stages=[1, 2]), neck=None,
             heads=[dict(type='H', n=1), dict(type='H', n=2)])
norm_cfg = dict(type='SyncBN', requires_grad=True)
lr = 0.1
"""

#: name -> files, the first of which is the config
EQUAL: Dict[str, Dict[str, str]] = {
    "literals": {"c.py": "a = 1\nb = -2.5\nc = 'x' 'y'\nd = (1, [2, {'k': None}])\ne = {1, 2}\nf = b'x'\ng = 1j\n"},
    "dict forms": {"c.py": "a = dict(x=1, **dict(y=2))\nb = {**a, 'z': 3}\nc = dict([('q', 1)])\nd = dict(a, x=5)\n"},
    "rebinding in one file": {"c.py": "model = dict(a=1)\nmodel = dict(b=2)\n"},
    "dropped names": {"c.py": "__x = 1\n_y = 2\ndef f(): return 1\ng = lambda: 2\nz = f() + g()\n"},
    "loop variables stay": {"c.py": "xs = []\nfor i in range(3):\n    xs.append(i)\n"},
    "while, break, else": {
        "c.py": "n = 0\nwhile True:\n    n += 1\n    if n > 4:\n        break\nelse:\n    n = 9\n"
        "for k in 'ab':\n    continue\nelse:\n    done = True\n"
    },
    "conditions": {"c.py": "a = 3\nif a > 5:\n    b = 1\nelif 1 < a <= 3:\n    b = 2\nelse:\n    b = 3\nc = 1 if a else 2\n"},
    "comprehensions": {
        "c.py": "a = [i * j for i in range(3) for j in range(i) if j]\nb = {str(i): i for i in range(3)}\n"
        "c = {i % 2 for i in range(5)}\nd = sum(i for i in range(4))\ne = list(x + 1 for x in a)\n"
    },
    "f-strings": {"c.py": "a = 3\nb = f'{a:03d}|{a!r}|{a + 1}|{\"x\":>4}|{{}}'\nw = 5\nc = f'{a:{w}}'\n"},
    "text methods": {"c.py": "a = 'x_{}'.format(3)\nb = '%s-%d' % ('a', 2)\nc = ','.join(['1', '2'])\nd = 'A b'.lower().split()\n"},
    "slices": {"c.py": "a = [1, 2, 3, 4]\nb = a[1:3]\nc = a[::-1]\nd = (1, 2, 3)[-2:]\ne = 'abc'[1]\n"},
    "unpacking": {"c.py": "a, (b, *c) = 1, (2, 3, 4)\n[d, e] = [5, 6]\nf = g = dict(x=1)\nf['x'] = 2\n"},
    "list methods": {
        "c.py": "a = [3, 1]\na.append(2)\na.extend([5, 4])\na.insert(0, 9)\na.remove(5)\na.sort()\na.reverse()\n"
        "b = a.pop()\nc = a.index(3)\nd = a.copy()\na += [7]\ne = a * 2\nf = sorted(a, key=lambda v: -v)\n"
    },
    "dict methods": {
        "c.py": "a = dict(x=1, y=2)\na.update(z=3)\na.update({'x': 9})\nb = a.pop('y')\nc = a.get('q', 5)\n"
        "a.setdefault('w', []).append(1)\nd = list(a.keys())\ne = {k: v for k, v in a.items()}\nf = a.copy()\nf['x'] = 0\n"
    },
    "aliases in a file": {"c.py": "bb = dict(a=1)\nmodel = dict(x=bb, y=bb)\nbb['a'] = 2\nmodel['x']['a'] = 3\n"},
    "item and del": {"c.py": "a = dict(x=[1, 2], y=1)\na['x'][0] = 5\ndel a['y']\nb = 1\ndel b\n"},
    "augmented": {"c.py": "a = 1\na += 2\nb = [1]\nc = b\nb += [2]\nd = (1,)\nd += (2,)\ne = 2\ne **= 3\ne //= 3\n"},
    "helper functions": {
        "c.py": "scale = 2\ndef pair(a, b=3, *rest, c, **extra):\n    total = a * scale\n    for r in rest:\n        total += r\n"
        "    if total > 100:\n        return None\n    return dict(total=total, b=b, c=c, **extra)\n"
        "x = pair(1, 2, 3, 4, c=5, d=6)\ny = pair(1, c=2)\n"
    },
    "recursion": {"c.py": "def fact(n):\n    return 1 if n < 2 else n * fact(n - 1)\nx = fact(10)\n"},
    "global": {"c.py": "n = 1\ndef bump():\n    global n\n    n += 1\nbump()\nbump()\n"},
    "try": {"c.py": "try:\n    a = {}['x']\nexcept KeyError:\n    a = 1\nelse:\n    a = 2\nfinally:\n    b = 3\n"},
    "builtins": {
        "c.py": "a = max(3, min(5, 4))\nb = list(zip([1, 2], 'ab'))\nc = [i for i in enumerate('xy', 1)]\nd = round(3.14159, 2)\n"
        "e = list(map(str, [1, 2]))\nf = any([0, 1]) and all([1])\ng = isinstance([1], (list, tuple))\nh = len('abc')\n"
        "i = tuple(reversed([1, 2]))\nj = int('7') + float('1.5')\nk = str(dict(a=(1,)))\nl = abs(-3) ** 2\nm = list(range(5))[::2]\n"
    },
    "walrus and conditional text": {"c.py": "if (n := 5) > 3:\n    a = n\n"},
    "merge": {
        "c.py": "_base_ = './b.py'\nmodel = dict(backbone=dict(depth=101), neck=dict(_delete_=True, type='FPN'), heads=[1])\nlr = 0.2\n",
        "b.py": BASE,
    },
    "two bases": {"c.py": "_base_ = ['b.py', 'd.py']\nx = 1\n", "b.py": BASE, "d.py": "y = 2\n"},
    "bases in folders": {"a/c.py": "_base_ = ['../b/d.py']\n", "b/d.py": "_base_ = './e.py'\nx = 1\n", "b/e.py": "y = 1\n"},
    "delete without a base key stays": {"c.py": "_base_ = 'b.py'\nnew = dict(_delete_=True, a=1)\n", "b.py": BASE},
    "delete false": {"c.py": "_base_ = 'b.py'\nmodel = dict(_delete_=False, a=1)\n", "b.py": BASE},
    "delete below a deleted dict stays": {
        "c.py": "_base_ = 'b.py'\nmodel = dict(_delete_=True, backbone=dict(_delete_=True, a=1))\n",
        "b.py": BASE,
    },
    "delete in a list stays": {"c.py": "_base_ = 'b.py'\nmodel = dict(heads=[dict(_delete_=True, a=1)])\n", "b.py": BASE},
    "scalar over dict": {"c.py": "_base_ = 'b.py'\nmodel = dict(backbone=None)\n", "b.py": BASE},
    "same dict used twice with delete": {
        "c.py": "_base_ = 'b.py'\nx = dict(_delete_=True, q=1)\nmodel = dict(backbone=x)\nnorm_cfg = x\n",
        "b.py": BASE,
    },
    "base attribute": {
        "c.py": "_base_ = 'b.py'\na = _base_.lr * 2\nb = _base_.model.backbone.depth\nc = _base_['model']['heads'][0]\n",
        "b.py": BASE,
    },
    "base changed by code": {
        "c.py": "_base_ = 'b.py'\n_base_.model.backbone.with_cp = False\n_base_.model.heads[0].n = 7\n_base_.new = [dict(a=1)]\n",
        "b.py": BASE,
    },
    "base update is deep": {
        "c.py": "_base_ = 'b.py'\n_base_.model.update(dict(backbone=dict(depth=18)))\nx = _base_.model.copy()\nx.pop('nope')\n",
        "b.py": BASE,
    },
    "spread a base dict": {"c.py": "_base_ = 'b.py'\nteacher = dict(**_base_.model)\nteacher['backbone']['depth'] = 3\n", "b.py": BASE},
    "base reference": {
        "c.py": "_base_ = 'b.py'\na = {{ _base_.model }}\nb = dict(x={{_base_.lr}}, y=[{{ _base_.norm_cfg.type }}])\n",
        "b.py": BASE,
    },
    "predefined variables": {"sub/c.py": "a = '{{ fileBasename }}|{{fileBasenameNoExtension}}|{{ fileExtname }}'\nb = '{{fileDirname}}'[-3:]\n"},
    "environment default": {"c.py": "a = '{{$MMFIX_NOT_SET:/data}}/x'\n"},
    "environment variable": {"c.py": "a = '{{$MMFIX_TEST_VARIABLE:default}}'\nb = \"{{'$MMFIX_TEST_VARIABLE:1'}}\"\n"},
    "regex default stays literal": {"c.py": "a = '{{$MMFIX_NOT_SET:a+b}}'\n"},
    "deprecation": {"c.py": "_base_ = 'b.py'\n_deprecation_ = dict(expected='x')\n", "b.py": BASE},
    "annotated": {"c.py": "a: int = 1\nb: 'str'\n"},
    "annotated base is no base": {"c.py": "_base_: list = ['b.py']\na = 1\n", "b.py": BASE},
    "aliases between names": {"c.py": "_base_ = 'b.py'\nb = dict(a=1)\nmodel = dict(backbone=b, extra=b)\n", "b.py": BASE},
    "non-string keys": {"c.py": "a = {1: 'x', (1, 2): 'y', None: 3, True: 4}\n"},
    "inf and nan": {"c.py": "a = float('inf')\nb = float('nan')\nc = [1e400, -0.0]\n"},
    "json": {"c.json": '{"a": [1, 2.5, -3e2, true, null, "\\u00e9\\n"], "b": {"c": {}}, "d": []}'},
    "json with base": {"c.json": '{"_base_": "./b.py", "model": {"backbone": {"depth": 3}}}', "b.py": BASE},
    "json base reference": {"c.json": '{"_base_": ["./b.py"], "x": {{ _base_.lr }}}', "b.py": BASE},
    "yaml": {"c.yaml": "a: [1, 2.5, yes, null]\nb: &x {c: 1}\nd: *x\ne:\n  <<: *x\n  f: 2020-01-01\ng: 1e3\nh: 0o7\n"},
    "yaml with base": {"c.yml": "_base_: ./b.json\nmodel:\n  backbone: {depth: 3}\n", "b.json": '{"model": {"backbone": {"a": 1}}}'},
    "python with yaml base": {"c.py": "_base_ = 'b.yaml'\nmodel = dict(a=_base_.model.b)\n", "b.yaml": "model: {b: 2}\n"},
    "crlf": {"c.py": "a = '''x\r\ny'''\r\nb = dict(\r\n    c=1)\r\n"},
    "empty file": {"c.py": ""},
    "only comments": {"c.py": "# nothing\n"},
    "lazy": {
        "c.py": "from mmengine.config import read_base\nfrom mmdet.models import RetinaNet\nwith read_base():\n    from .b import *\n"
        "model['type'] = RetinaNet\nmodel.update(dict(backbone=dict(depth=18)))\nextra = dict(type=RetinaNet)\nlr = 3\n",
        "b.py": BASE,
    },
    "lazy replaces, never merges": {
        "c.py": "from mmengine.config import read_base\nwith read_base():\n    from .b import *\nmodel = dict(a=1)\n",
        "b.py": BASE,
    },
    "lazy attributes": {
        "c.py": "from mmengine.config import read_base\nwith read_base():\n    from .b import model, lr as rate\n"
        "model.backbone.with_cp = False\nmodel.backbone.new = dict(a=[dict(b=1)])\nmodel.merge(dict(neck=dict(_delete_=True, q=1)))\n",
        "b.py": BASE,
    },
    "lazy names": {
        "c.py": "import torch.nn as nn\nimport mmdet.models\nfrom torch.optim import SGD as Opt\nfrom .local import thing\n"
        "a = nn.Conv2d\nb = mmdet.models.RetinaNet\nc = dict(type=Opt, x=[Opt], y=thing)\nd = nn\ne = mmdet\n"
    },
    "lazy imports inside blocks": {
        "c.py": "from mmengine.config import read_base\nwith read_base():\n    from .b import lr\n"
        "if True:\n    from mmdet.models import A\n    import torch.nn as nn\nelse:\n    from mmdet.models import B\n"
        "def f():\n    from torch.optim import SGD\n    return dict(type=SGD)\nx = dict(type=A, y=nn.ReLU, z=f())\ndel f\n",
        "b.py": BASE,
    },
    "lazy: a set with two places": {
        "c.py": "from mmengine.config import read_base\nwith read_base():\n    from .b import *\nmodel['c'].add(1)\n"
        "model['d'][0].add(2)\n",
        "b.py": "v = {0}\nmodel = dict(c=v, d=[{3}, v])\n",
    },
    "classic: a set with two places": {
        "c.py": "_base_ = './b.py'\nx = _base_.v\nx.add(1)\n_base_.model.d[0].add(2)\n_base_.model.c.add(3)\n"
        "_base_.model.f[0].g.add(4)\n",
        "b.py": "v = {0}\nw = v\nmodel = dict(c=v, d=[v, v], e=v, f=[dict(g=v, h=v), dict(g=v)])\n",
    },
    "lazy chain": {
        "c.py": "from mmengine.config import read_base\nwith read_base():\n    from .sub.b import *\n    from .d import lr\nx = [lr, model['n']]\n",
        "sub/b.py": "from mmengine.config import read_base\nwith read_base():\n    from ..d import *\nmodel = dict(n=lr)\n",
        "d.py": "lr = 1\n",
    },
    "lazy aliases of one module": {
        "c.py": "from mmengine.config import read_base\nwith read_base():\n    from .b import model\n    from .b import model as teacher\n"
        "model['x'] = 1\n",
        "b.py": BASE,
    },
    "plain file read by a lazy one": {
        "c.py": "from mmengine.config import read_base\nwith read_base():\n    from .b import *\n",
        "b.py": "lr = max(1, 3)\n__hidden = 1\n",
    },
    "import makes a classic file lazy": {"c.py": "from mmdet.models import RetinaNet\nmodel = dict(type=RetinaNet, a=1)\n"},
    "import after _base_ stays classic": {"c.py": "_base_ = 'b.py'\nimport os.path as osp\nx = osp.join('a', 'b')\n", "b.py": BASE},
    "deepcopy after _base_": {
        "c.py": "_base_ = 'b.py'\nimport copy\nteacher = copy.deepcopy(_base_.model)\nteacher.backbone.depth = 1\n",
        "b.py": BASE,
    },
}  # fmt: skip

FAIL: Dict[str, Dict[str, str]] = {
    "syntax error": {"c.py": "a = (1\n"},
    "missing name": {"c.py": "a = b\n"},
    "cycle": {"c.py": "_base_ = './d.py'\n", "d.py": "_base_ = './c.py'\n"},
    "same key in two bases": {"c.py": "_base_ = ['b.py', 'd.py']\n", "b.py": BASE, "d.py": "lr = 2\n"},
    "dict over list": {"c.py": "_base_ = 'b.py'\nmodel = dict(heads=dict(a=1))\n", "b.py": BASE},
    "dict over None": {"c.py": "_base_ = 'b.py'\nmodel = dict(neck=dict(type='F'))\n", "b.py": BASE},
    "base needs a name": {"c.py": "p = 'b.py'\n_base_ = p\n", "b.py": BASE},
    "base is a tuple": {"c.py": "_base_ = ('b.py',)\n", "b.py": BASE},
    "base inside if": {"c.py": "if True:\n    _base_ = 'b.py'\n", "b.py": BASE},
    "attribute of a plain dict": {"c.py": "a = dict(b=1)\nc = a.b\n"},
    "adding to a dict": {"c.py": "a = dict(b=1)\na += [2]\n"},
    "adding to _base_": {"c.py": "_base_ = 'b.py'\n_base_ += ['d.py']\n", "b.py": BASE},
    "missing key": {"c.py": "a = dict(b=1)\nc = a['x']\n"},
    "keyword twice": {"c.py": "a = dict(x=1)\nb = dict(x=2, **a)\n"},
    "reserved key": {"c.py": "filename = 'x'\n"},
    "environment variable unset": {"c.py": "a = '{{$MMFIX_NOT_SET:}}'\n"},
    "other with": {"c.py": "with open('x') as f:\n    a = 1\n"},
    "lazy with _base_": {"c.py": "from mmdet.models import R\n_base_ = 'b.py'\n", "b.py": BASE},
    "classic inherits lazy": {"c.py": "_base_ = 'b.py'\n", "b.py": "from mmdet.models import R\n"},
    "lazy base missing name": {
        "c.py": "from mmengine.config import read_base\nwith read_base():\n    from .b import nothing\n",
        "b.py": BASE,
    },
    "lazy call": {"c.py": "from mmdet.models import R\nx = R(1)\n"},
    "base import of an early mmengine": {"c.py": "if '_base_':\n    from .b import *\nx = lr\n", "b.py": BASE},
    "star import outside": {"c.py": "from mmdet.models import *\n"},
    "two modules in one import": {"c.py": "import mmdet, mmcv\n"},
    "yaml syntax": {"c.yaml": "a: [1\n"},
    "json syntax": {"c.json": "{'a': 1}"},
    "json byte order mark": {"c.json": "\ufeff{}"},
    "wrong suffix": {"c.txt": "a = 1\n"},
    "base reference to nothing": {"c.py": "_base_ = 'b.py'\na = {{ _base_.nope }}\n", "b.py": BASE},
    "reserved in base": {"c.py": "_base_ = 'b.py'\n", "b.py": "text = 1\n"},
    "assert": {"c.py": "assert 1 == 2\n"},
}  # fmt: skip


#: what cannot be known without running code -> the keys that are unknown, and nothing else is
UNKNOWN: Dict[str, Tuple[Dict[str, str], List[str]]] = {
    "function of a lazy chain": (
        {
            "c.py": "from mmengine.config import read_base\nwith read_base():\n    from .b import *\n",
            "b.py": "def twice(x):\n    return 2 * x\nlr = twice(3)\n",
        },
        [".twice"],
    ),
    "library call": (
        {"c.py": "_base_ = 'b.py'\nimport time\na = dict(now=time.time(), b=1)\nc = a['b']\n", "b.py": BASE},
        [".a.now"],
    ),
    "condition": (
        {"c.py": "_base_ = 'b.py'\nimport time\na = b = 1\nif time.time() > 0:\n    a = 2\nc = a + b\n", "b.py": BASE},
        [".a", ".c"],
    ),
    "loop": (
        {"c.py": "_base_ = 'b.py'\nimport os\na = []\nb = 1\nfor name in sorted(os.listdir('.')):\n    a.append(name)\n", "b.py": BASE},
        [".a", ".name"],
    ),
    "changed by unknown code": (
        {"c.py": "_base_ = 'b.py'\nimport random\na = [1, 2, 3]\nb = dict(x=a)\nc = [4]\nrandom.shuffle(a)\n", "b.py": BASE},
        [".a", ".b.x"],
    ),
    "class": ({"c.py": "class A:\n    x = 1\nb = A.x\nc = 1\n"}, [".A", ".b"]),
    "unknown merged": (
        {"c.py": "_base_ = 'b.py'\nimport time\nmodel = dict(backbone=dict(depth=time.time()))\n", "b.py": BASE},
        [".model.backbone.depth"],
    ),
    "text of an unknown": (
        {"c.py": "_base_ = 'b.py'\nimport time\nt = time.time()\na = f'{t}'\nb = 'x%s' % t\nc = str([t])\nd = [t] == [1]\n", "b.py": BASE},
        [".t", ".a", ".b", ".c", ".d"],
    ),
    "generator function": ({"c.py": "def g():\n    yield 1\na = list(g())\nb = 2\n"}, [".a"]),
    "with after _base_": (
        {"c.py": "_base_ = 'b.py'\nwith open('c.py') as f:\n    a = f.read()\ndel f\n", "b.py": BASE},
        [".a"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_only_where_it_must_be(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, keys = UNKNOWN[name]
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, files)
    theirs = with_mmengine(path)
    assert not isinstance(theirs, Failed), f"MMEngine itself fails: {theirs}"
    ours = with_mmfix(path)
    assert not isinstance(ours, Failed), ours
    assert sorted(differences(ours, theirs)) == sorted(("unknown", key) for key in keys)


@pytest.mark.parametrize("name", EQUAL)
def test_equal(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMFIX_TEST_VARIABLE", "from_env")
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, EQUAL[name])
    theirs = with_mmengine(path)
    assert not isinstance(theirs, Failed), f"MMEngine itself fails: {theirs}"
    ours = with_mmfix(path)
    assert not isinstance(ours, Failed), ours
    assert list(differences(ours, theirs)) == []


PACKAGE_BASES = {
    "listed config": "_base_ = ['mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py']\nmodel = dict(backbone=dict(with_cp=True))\n",
    "base file": "_base_ = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'\nx = _base_.model.backbone\n",
    "missing file": "_base_ = 'mmdet::faster_rcnn/nope.py'\n",
    "bad name": "_base_ = 'mmdet::nope'\n",
    "unknown package": "_base_ = 'numpy::a/b.py'\n",
    "package not installed": "_base_ = 'mmpose::a/b.py'\n",
    "lazy": "from mmengine.config import read_base\nwith read_base():\n    from mmdet.configs.nope import *\n",
}


@pytest.mark.zoo
@pytest.mark.parametrize("name", PACKAGE_BASES)
def test_bases_of_an_installed_package(
    name: str, zoo: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(zoo("mmdet-3.3.0")))
    path = write(tmp_path, {"c.py": PACKAGE_BASES[name]})
    theirs, ours = with_mmengine(path), with_mmfix(path)
    # what MMEngine refuses for a base that is not here is read without it, and says so
    refused = isinstance(ours, Failed) or bool(Reader().load(path).missing)
    assert isinstance(theirs, Failed) == refused, (theirs, ours)
    if not isinstance(theirs, Failed):
        assert list(differences(ours, theirs)) == []


@pytest.mark.parametrize("name", FAIL)
def test_both_refuse(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, FAIL[name])
    assert isinstance(with_mmengine(path), Failed)
    ours = with_mmfix(path)
    assert isinstance(ours, Failed)
    assert "\n" not in str(ours.error)
