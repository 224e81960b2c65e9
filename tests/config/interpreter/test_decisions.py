"""What only the run knows is decided both ways; known is what both ways agree on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Dict, Tuple

import pytest
from parity import Failed, differences, skip_what_is_newer, with_mmengine, with_mmfix, write

from mmfix.config.interpreter import decisions, state
from mmfix.config.reader import Reader

HEAD = "_base_ = 'b.py'\nimport sys\nyes = len(sys.argv) > 1\n"
BASE = "model = dict(backbone=dict(depth=50, with_cp=False), neck=dict(type='N'))\nlr = 1\n"

#: The code; which values are not known afterwards. Whatever the run decides, all others are the same.
CODE: Dict[str, Tuple[str, Tuple[str, ...]]] = {
    "both ways the same": ("if yes:\n    a = 1\nelse:\n    a = 1\n", ()),
    "one value": ("m = dict(x=1, y=2)\nif yes:\n    m['x'] = 3\n", (".m.x",)),
    "a new key": ("m = dict(x=1)\nif yes:\n    m['y'] = 3\nn = dict(z=m['x'])\n", (".m.y",)),
    "one of two": ("m, n = dict(x=1, y=2), dict(x=1)\n(m if yes else n)['x'] = 3\n", (".m.x", ".n.x")),
    "a base": ("(_base_.model if yes else {})['new'] = 3\n", (".model.new",)),
    "a part of a base": ("(_base_.model if yes else {}).backbone.with_cp = True\n", ()),
    "a loop": ("m = []\nwhile len(m) < 2 and not yes:\n    m.append(1)\nn = len(m) + 1 - len(m)\n", (".m",)),
    "a length": ("m = [1, 2] if yes else [1]\nn = [*m, 5][-1]\n", (".m",)),
    "a comprehension": ("m = [x for x in (1, 2) if x > 1 or yes][-1]\n", ()),
    "a guard": ("match 1:\n    case 1 if yes:\n        m = 1\n    case _:\n        m = 1\n", ()),
    "any": ("m = dict(x=any(x for x in (yes, 1)))\n", ()),
    "a return": ("def f():\n    if yes:\n        return dict(x=1, y=1)\n    return dict(x=1, y=2)\nm = f()\n", (".m.y",)),
    "a way that stops": ("if yes:\n    raise ValueError\nm = 1\n", ()),
    "another way that stops": ("if not yes:\n    m = {}['q']\nelse:\n    m = 1\n", ()),
    "a merge": ("model = dict(_delete_=True, neck=1) if yes else dict(neck=dict(type='M'))\n", (".model.backbone", ".model.neck")),
    "another type": ("m = dict(x=1 if yes else True, y=0.0 if yes else -0.0, z=(1,) if yes else [1])\n", (".m.x", ".m.y", ".m.z")),
    "shared or not": ("m = dict(x=1)\nn = m if yes else dict(x=1)\no = m['x']\n", (".n",)),
    "more than are followed": ("m = dict(x=0)\nfor i in range(9):\n    if len(sys.argv) > i:\n        m['x'] += 1\nn = 1\n", (".m",)),
}  # fmt: skip


def unknown(ours: Any, theirs: Any) -> Tuple[str, ...]:
    found = list(differences(ours, theirs))
    assert [text for kind, text in found if kind == "different"] == []
    return tuple(text for _, text in found)


@pytest.mark.parametrize("name", CODE)
def test_way(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, wanted = CODE[name]
    path = write(tmp_path, {"c.py": HEAD + code, "b.py": BASE})
    ours = with_mmfix(path)
    loaded = 0
    for arguments in (["t"], ["t", "x"]):
        monkeypatch.setattr("sys.argv", arguments)
        theirs = with_mmengine(path)
        skip_what_is_newer(theirs)
        if not isinstance(theirs, Failed):
            loaded += 1
            found = set(unknown(ours, theirs)) - {".yes"}
            assert found <= set(wanted)
    assert loaded
    assert isinstance(ours, dict)
    assert set(wanted) <= set(found)


#: Code that is not followed may have changed the base in any way; what is known all the same.
ANYHOW: Dict[str, Tuple[str, Tuple[str, ...]]] = {
    "own values": ("sys.hand(_base_)\nlr = 2\nn = 1\n", (".lr", ".n")),
    "own dicts": ("sys.hand(_base_)\nmodel = dict(neck=dict(type='M'))\nnew = dict(x=1)\n", (".new.x",)),
    "deleting": ("sys.hand(_base_)\nmodel = dict(_delete_=True, a=1)\nnew = dict(_delete_=True, x=1)\n", (".model.a", ".new.x")),
    "reading": ("sys.hand(_base_)\na = [k for k in _base_], len(_base_), 'lr' in _base_, _base_.get('new')\n", ()),
}  # fmt: skip


@pytest.mark.parametrize("base", [BASE, ""], ids=["a base", "an empty base"])
@pytest.mark.parametrize("name", ANYHOW)
def test_a_base_that_may_be_anything(
    name: str, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, known = ANYHOW[name]
    path = write(tmp_path, {"c.py": HEAD + code, "b.py": base})
    ours = with_mmfix(path)
    for change in (
        lambda base: None,
        lambda base: base.clear(),
        lambda base: base.update({"lr": 3, "more": {"y": 1}}),
    ):
        monkeypatch.setattr("sys.hand", change, raising=False)
        theirs = with_mmengine(path)
        assert not isinstance(ours, Failed)
        assert not isinstance(theirs, Failed)
        assert not set(unknown(ours, theirs)) & set(known)


#: A child reads a base in which one key may be or not.
MAYBE = "import sys\nm = dict(x=1, y=2)\nif len(sys.argv) > 1:\n    m['new'] = 3\n"
CHILD = (
    "_base_ = 'b.py'\nb = _base_.m\nr = dict(has='new' in b, n=len(b), keys=list(b), got=b.get('new', 7),"
    " x=b['x'], none='other' in b, c={**b}, d=[k for k in b], e=sorted(b), f=b == dict(x=1, y=2))\n"
    "b.pop('new', None)\n"
)


@pytest.mark.parametrize("arguments", [["t"], ["t", "x"]])
def test_keys_that_may_be_there(arguments: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, {"c.py": CHILD, "b.py": MAYBE})
    ours = with_mmfix(path)
    monkeypatch.setattr("sys.argv", arguments)
    assert not isinstance(ours, Failed), ours
    unknown(ours, with_mmengine(path))


def test_a_lazy_config_is_decided_too(tmp_path: Path) -> None:
    files = {
        "c.py": "from mmengine.config import read_base\nimport sys\nwith read_base():\n    from .b import *\n"
        "if len(sys.argv) > 99:\n    m.y.z = 2\nelse:\n    m.x = 3\nn = 1\n",
        "b.py": "m = dict(x=1, y=dict(z=1))\n",
    }
    path = write(tmp_path, files)
    assert unknown(with_mmfix(path), with_mmengine(path)) == (".m.x", ".m.y.z", ".sys")
    assert Reader().load(str(tmp_path / "b.py")).to_dict()["m"] == {"x": 1, "y": {"z": 1}}


def test_where_it_was_decided_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, {"c.py": "import sys\nm = dict(x=1)\nif len(sys.argv) > 1:\n    m['x'] = 2\n"})
    ((key, found),) = Reader().load(path).unknowns()
    assert key == ("m", "x")
    assert found.reason.startswith("depends on a condition")
    assert found.origin is not None


def test_what_no_way_can_load_is_refused(tmp_path: Path) -> None:
    path = write(
        tmp_path, {"c.py": "import sys\nif len(sys.argv) > 1:\n    a = {}['q']\nelse:\n    a = 1 / 0\n"}
    )
    assert "c.py:2" in repr(with_mmfix(path))


@pytest.mark.parametrize(("turns", "decided"), [(10, True), (2_000, False)])
def test_work_is_counted_over_all_ways(
    turns: int, decided: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MAX_STEPS", 20_000)
    code = "import sys\nm = [1]\nif len(sys.argv) > 1:\n    m = [2]\nif len(sys.argv) > 2:\n    m = [3]\n"
    path = write(tmp_path, {"c.py": code + f"k = len(m)\nfor i in range({turns}):\n    n = i\n"})
    found = with_mmfix(path)
    assert isinstance(found, dict)
    assert found["n"] == turns - 1
    assert (found["k"] == 1) is decided, "one way is within the bound, four are not"


def test_what_is_shared_is_joined_once(tmp_path: Path) -> None:
    code = "import sys\nt = (1, 2)\nfor i in range(14):\n    t = (t, t)\n"
    conditions = "".join(f"if len(sys.argv) > {n}:\n    z{n} = 1\n" for n in range(1, 6))
    before = time.process_time()
    document = Reader().load(write(tmp_path, {"c.py": code + conditions}))
    assert time.process_time() - before < 5, "all of its parts, each time it is seen, take a minute"
    assert {key[0] for key, _ in document.unknowns()} == {f"z{n}" for n in range(1, 6)}


def test_no_way_is_followed_twice() -> None:
    taken = []

    def follow(given: decisions.Decisions) -> None:
        why = decisions.Unknown("?")
        taken.append((given.choose(2, why), given.choose(3, why), given.choose(2, why), given.choose(2, why)))

    decisions.every_way(follow)
    assert len(taken) == len(set(taken)) == 24
    assert {len(way) - way.count(None) for way in taken} == {4}
