"""``match``: the reader follows it where the value is known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict

import pytest
from parity import Failed, differences, with_mmengine, with_mmfix, write

pytestmark = pytest.mark.skipif(sys.version_info < (3, 10), reason="Python has no match statement")

SUBJECTS = "a = [1, (2, 3), dict(type='R', depth=5, x=[9, 8])]\nout = []\n"
CASES: Dict[str, str] = {
    "every pattern": SUBJECTS
    + "for s in [*a, 'ab', 'b', None, True, 2.5, {}, [], (), [7], dict(x=1), b'q', {1}]:\n    match s:\n"
    "        case 1: out.append('one')\n        case 'a' | 'ab' as w: out.append(w)\n        case None: out.append('none')\n"
    "        case True: out.append('true')\n        case (x, y): out.append((x, y))\n"
    "        case {'type': t, 'x': [p, *q], **rest}: out.append([t, p, q, rest])\n        case float(f) if f > 2: out.append(f)\n"
    "        case {'x': 2} | {'x': 1}: out.append('x')\n        case str(): out.append('str')\n        case []: out.append('empty')\n"
    "        case [_, *_]: out.append('some')\n        case dict(): out.append('dict')\n        case _: out.append('else')\n",
    "what is captured is the same object": SUBJECTS
    + "match a:\n    case [_, *tail]:\n        tail[1]['new'] = 1\nmatch a[2]:\n    case {'x': xs, **more}:\n        xs.append(1)\n        more['type'] = 3\n",
    "names of a pattern that fails": SUBJECTS + "match a:\n    case [1, n, 5] | [1, _, n]:\n        pass\n",
    "nothing fits": SUBJECTS + "match a:\n    case {}:\n        b = 1\n",
    "leaves what is around": "def f(v):\n    match v:\n        case 1:\n            return 'a'\n    return 'b'\nx = [f(1), f(2)]\nfor i in range(5):\n    match i:\n        case 3:\n            break\n",
    "alias": "a = dict(c=dict(with_cp=False))\nb = a.copy()\nmatch a.get('q'):\n    case None:\n        q = 1\na['c']['with_cp'] = True\nmodel = b\n",
    "too many in a class pattern": "try:\n    match 1:\n        case int(a, b):\n            x = 1\nexcept TypeError:\n    x = 2\n",
}  # fmt: skip

UNKNOWN: Dict[str, str] = {
    "value": "import time\na, b = {}, {}\nmatch time.time():\n    case 5:\n        a['x'] = 1\n    case _:\n        b['x'] = 1\n",
    "guard": "import time\nb = {}\nmatch 5:\n    case 5 if time.time() < 0:\n        b['x'] = 1\n    case n:\n        b['y'] = n\n",
    "object": "import time\nx = 1\nmatch time:\n    case int():\n        x = 2\n    case {}:\n        x = 3\n    case _:\n        x = 4\n",
    "break": "import time\nfor i in range(3):\n    match time.time():\n        case 5:\n            pass\n        case _:\n            break\n    x = i\n",
    "class of the config": "class A:\n    pass\nmatch dict(a=1):\n    case A():\n        x = 2\n    case {'a': v}:\n        x = v\n",
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_equal(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"c.py": CASES[name]})
    theirs, ours = with_mmengine(path), with_mmfix(path)
    assert not isinstance(theirs, Failed), theirs
    assert not isinstance(ours, Failed), ours
    assert list(differences(ours, theirs)) == []


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"c.py": UNKNOWN[name]})
    theirs, ours = with_mmengine(path), with_mmfix(path)
    assert not isinstance(theirs, Failed), theirs
    assert not isinstance(ours, Failed), ours
    kinds = [kind for kind, _ in differences(ours, theirs)]
    assert "different" not in kinds
    assert "unknown" in kinds
