"""``items()`` and ``values()`` of a config dict are lists of their own; those of a plain dict are live."""

from __future__ import annotations

from pathlib import Path
from typing import Dict

import pytest
from parity import Failed, differences, with_mmengine, with_mmfix, write

CHANGE = "k, v, i = d.keys(), d.values(), d.items()\nd['new'] = 1\nout = [list(k), list(v), [a for a, b in i], len(v)]\ndel k, v, i\n"

CASES: Dict[str, Dict[str, str]] = {
    "plain": {"c.py": "d = dict(a=1)\n" + CHANGE},
    "of a base": {"c.py": "_base_ = 'b.py'\nd = _base_.model\n" + CHANGE, "b.py": "model = dict(a=1)\n"},
    "the base itself": {
        "c.py": "_base_ = 'b.py'\nv = _base_.values()\n_base_['x'] = 1\nn = len(v)\ndel v\n",
        "b.py": "model = dict(a=1)\n",
    },
    "of a lazy base": {
        "c.py": "from mmengine.config import read_base\nwith read_base():\n    from .b import model as d\n"
        + CHANGE,
        "b.py": "model = dict(a=1)\n",
    },
}


@pytest.mark.parametrize("name", CASES)
def test_equal(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, CASES[name])
    theirs, ours = with_mmengine(path), with_mmfix(path)
    assert not isinstance(theirs, Failed), theirs
    assert not isinstance(ours, Failed), ours
    assert list(differences(ours, theirs)) == []
