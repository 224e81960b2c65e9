"""Which files of a folder look like configs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmfix.config import family
from mmfix.config.family import walk

#: A file -> whether it looks like a config.
FILES = {
    "model = dict(type='A')\n": True,
    "model: dict = {}\n": True,
    "_base_ = 'x.py'\n": True,
    "a = model = dict()\n": True,
    "if x:\n    model = dict()\n": True,
    "from mmengine.config import read_base\nwith read_base():\n    from .x import *\n": True,
    "model = build(cfg)\n": False,
    "model = saved['model']\n": False,
    "self.model = x\n": False,
    "def model(): pass\n": False,
    "models = dict()\n": False,
    "x = 1\n": False,
}


@pytest.mark.parametrize("text", FILES)
def test_a_file_looks_like_a_config_by_what_it_binds(tmp_path: Path, text: str) -> None:
    (tmp_path / "file.py").write_text(text)
    assert bool(list(walk(str(tmp_path)))) is FILES[text]


PIECES = ("_base_", "model", "read_base", "=", ":", ";", " ", "\n", "\t", "'", '"', "x", "dict", "(", "\\")


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_the_quick_look_leaves_nothing_out(text: str) -> None:
    assert family._may_be_signed(text) or family._SIGNATURE.search(text) is None
