"""Who inherits a file, also where a config computes the names of its bases."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmfix.config.family import dependants, dependants_of, repository_root
from mmfix.config.reader import Reader

MMCV1 = "data = dict(samples_per_gpu=1)\n"
INHERITS = (
    "_base_ = './base_file.py'\n",
    "_base_ = [  # what it inherits\n    './base_file.py',\n]\n",
    f"{MMCV1}part = 'file'\n_base_ = f'./base_{{part}}.py'\n",
    f"{MMCV1}part = 'file'\n_base_ = [\n    './base_%s.py' % part,\n]\n",
    "_base_ = './base_' + 'file.py'\n",
    "_base_ = ['./base_{}.py'.format('file')]\n",
)
NOT = ("_base_ = './other.py'\n", "a = 1\n", "_base_ = './base_' + 'other.py'\n")


@pytest.mark.parametrize("text", [*INHERITS, *NOT])
def test_who_inherits_a_file(text: str, tmp_path: Path) -> None:
    for name in ("base_file.py", "other.py", "base_other.py"):
        (tmp_path / name).write_text("samples_per_gpu = 1\nmodel = dict(type='A')\n")
    (tmp_path / "leaf.py").write_text(text)
    found = dependants(str(tmp_path / "base_file.py"), Reader())
    assert found == ([str(tmp_path / "leaf.py")] if text in INHERITS else [])
    assert dependants_of([str(tmp_path / "base_file.py")], Reader(), among=[]) == []


def test_the_root_of_a_repository(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / ".git").mkdir(parents=True)
    (top / "configs" / "deep").mkdir(parents=True)
    assert repository_root(str(top / "configs" / "deep" / "a.py")) == str(top)
    (tmp_path / "link").symlink_to(top)
    assert repository_root(str(tmp_path / "link" / "configs" / "a.py")) == str(tmp_path / "link")
