"""Every value knows the place that set it, what it read and what it overrode."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List, Tuple

import pytest
from parity import write

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import parse_key
from mmfix.config.reader import Reader

BASE = "lr = 0.1\nmodel = dict(\n    backbone=dict(\n        depth=50,\n        with_cp=True),\n    heads=[dict(n=1),\n           dict(n=2)])\n"

#: name -> (files, key, [file:line:column of the chain, newest first])
CHAINS: Dict[str, Tuple[Dict[str, str], str, List[str]]] = {
    "own value": ({"c.py": "a = 1\nb = dict(\n    c=2)\n"}, "b.c", ["c.py:3:7"]),
    "inherited": ({"c.py": "_base_ = 'b.py'\n", "b.py": BASE}, "model.backbone.with_cp", ["b.py:5:17"]),
    "overridden": (
        {"c.py": "_base_ = 'b.py'\nmodel = dict(backbone=dict(with_cp=False))\n", "b.py": BASE},
        "model.backbone.with_cp",
        ["c.py:2:36", "b.py:5:17"],
    ),
    "overridden twice": (
        {
            "c.py": "_base_ = 'd.py'\nlr = 3\n",
            "d.py": "_base_ = 'b.py'\nlr = 2\n",
            "b.py": BASE,
        },
        "lr",
        ["c.py:2:6", "d.py:2:6", "b.py:1:6"],
    ),
    "rebound": ({"c.py": "a = 1\na = 2\n"}, "a", ["c.py:2:5", "c.py:1:5"]),
    "through a variable": ({"c.py": "cp = True\nmodel = dict(with_cp=cp)\n"}, "model.with_cp", ["c.py:2:22", "c.py:1:6"]),
    "through a dict": ({"c.py": "bb = dict(cp=True)\nmodel = dict(bb=bb)\n"}, "model.bb.cp", ["c.py:1:14"]),
    "list element": ({"c.py": "_base_ = 'b.py'\n", "b.py": BASE}, "model.heads[1].n", ["b.py:7:19"]),
    "list element itself": ({"c.py": "a = [1,\n     2]\n"}, "a[1]", ["c.py:2:6"]),
    "appended": ({"c.py": "a = [1]\na.append(2)\n"}, "a[1]", ["c.py:2:10"]),
    "concatenated": ({"c.py": "a = [1]\nb = a + [\n    2]\n"}, "b[1]", ["c.py:3:5"]),
    "sorted in place": ({"c.py": "a = [\n  2,\n  1]\na.sort()\n"}, "a[0]", ["c.py:3:3"]),
    "tuple element": ({"c.py": "a = (1,\n     dict(b=2))\n"}, "a[1].b", ["c.py:2:13"]),
    "item assignment": (
        {"c.py": "a = dict(b=1)\na['b'] = 2\n"},
        "a.b",
        ["c.py:2:10", "c.py:1:12"],
    ),
    "update": ({"c.py": "a = dict(b=1)\na.update(b=2)\n"}, "a.b", ["c.py:2:12", "c.py:1:12"]),
    "base code": (
        {"c.py": "_base_ = 'b.py'\n_base_.model.backbone.with_cp = False\n", "b.py": BASE},
        "model.backbone.with_cp",
        ["c.py:2:33", "b.py:5:17"],
    ),
    "base value read": (
        {"c.py": "_base_ = 'b.py'\nx = _base_.lr\n", "b.py": BASE},
        "x",
        ["c.py:2:5", "b.py:1:6"],
    ),
    "base reference": (
        {"c.py": "_base_ = 'b.py'\nx = dict(y={{ _base_.lr }})\n", "b.py": BASE},
        "x.y",
        ["c.py:2:12", "b.py:1:6"],
    ),
    "lazy": (
        {
            "c.py": "from mmengine.config import read_base\nwith read_base():\n    from .b import *\nmodel['backbone']['with_cp'] = False\n",
            "b.py": BASE,
        },
        "model.backbone.with_cp",
        ["c.py:4:32", "b.py:5:17"],
    ),
    "json": ({"c.json": '{\n  "a": {"b":\n    [1, 2]}}'}, "a.b[1]", ["c.json:3:9"]),
    "yaml": ({"c.yaml": "a:\n  b:\n    - 1\n    - x: 2\n"}, "a.b[1].x", ["c.yaml:4:10"]),
    "after non-ASCII text": ({"c.py": "a = dict(名='é', b=2)\n"}, "a.b", ["c.py:1:19"]),
    "loop": ({"c.py": "a = 0\nfor i in range(9):\n    a = i\n"}, "a", ["c.py:3:9", "c.py:2:10", "c.py:1:5"]),
    "function": ({"c.py": "def f(x):\n    return dict(\n        y=x)\na = f(1)\n"}, "a.y", ["c.py:3:11"]),
    "tuple assignment": ({"c.py": "a, b = 1, 2\n"}, "b", ["c.py:1:11"]),
}  # fmt: skip


def chain(document: ConfigDocument, key: str, folder: Path) -> List[str]:
    blame = document.blame(parse_key(key))
    assert blame is not None
    return [f"{Path(step.path).relative_to(folder)}:{step.line}:{step.column}" for step in blame.chain()]


@pytest.mark.parametrize("name", CHAINS)
def test_chain(name: str, tmp_path: Path) -> None:
    files, key, expected = CHAINS[name]
    document = Reader().load(write(tmp_path, files))
    assert chain(document, key, tmp_path) == expected


def test_absent_key_has_no_blame(tmp_path: Path) -> None:
    document = Reader().load(write(tmp_path, {"c.py": "a = dict(b=1)\n"}))
    assert document.blame(("a", "c")) is None
    assert document.origin(("a", "b", "c")) is None


def test_files_are_listed_in_reading_order(tmp_path: Path) -> None:
    files = {
        "c.py": "_base_ = ['b.py', 'd.py']\n",
        "b.py": "_base_ = 'e.py'\n",
        "d.py": "y = 1\n",
        "e.py": "x = 1\n",
    }
    document = Reader().load(write(tmp_path, files))
    assert [Path(path).name for path in document.files] == ["c.py", "b.py", "e.py", "d.py"]


def flip_every_literal(path: str) -> Tuple[int, List[str]]:
    """Change the literal that each scalar's blame points at; (tried, keys that did not follow)."""
    document = Reader().load(path)
    tried, wrong = 0, []
    for key, value in scalars(document.tree, ()):
        blame = document.blame(key)
        if blame is None or isinstance(value, bool) or not isinstance(value, (int, str)):
            continue
        lines = Path(blame.origin.path).read_text(encoding="utf-8").split("\n")
        line, at = lines[blame.origin.line - 1], blame.origin.column - 1
        token = re.match(r"-?\d+\b(?![.\w])|'[^'\\{]*'(?!\s*')", line[at:])
        if token is None or token.group() != repr(value):
            continue
        new = value + 3 if isinstance(value, int) else value + "_changed"
        lines[blame.origin.line - 1] = line[:at] + repr(new) + line[at + token.end() :]
        changed = Reader().load(path, text="\n".join(lines)).get(key) if blame.origin.path == path else None
        if changed is None:
            continue
        tried += 1
        if changed != new:
            wrong.append(f"{key}: {blame.origin}")
    return tried, wrong


def scalars(value: object, key: Tuple[object, ...]):  # type: ignore[no-untyped-def]
    if isinstance(value, dict):
        for name, item in value.items():
            yield from scalars(item, (*key, name))
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            yield from scalars(item, (*key, position))
    else:
        yield key, value


@pytest.mark.zoo
@pytest.mark.parametrize(
    ("package", "config"),
    [
        ("mmdet-3.3.0", "mmdet/.mim/configs/dino/dino-4scale_r50_8xb2-12e_coco.py"),
        ("mmdet-3.3.0", "mmdet/.mim/configs/rtmdet/rtmdet_l_8xb32-300e_coco.py"),
        ("mmdet-2.28.2", "mmdet/.mim/configs/yolo/yolov3_d53_mstrain-608_273e_coco.py"),
        (
            "mmsegmentation-1.2.2",
            "mmseg/.mim/configs/mask2former/mask2former_r50_8xb2-90k_cityscapes-512x1024.py",
        ),
        ("mmsegmentation-1.2.2", "mmseg/.mim/configs/_base_/models/upernet_swin.py"),
    ],
)
def test_blamed_literal_is_the_one_that_decides(zoo, package: str, config: str) -> None:  # type: ignore[no-untyped-def]
    tried, wrong = flip_every_literal(str(zoo(package) / config))
    assert tried > 5
    assert wrong == []
