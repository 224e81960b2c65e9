"""Who inherits a file, also where a config computes the names of its bases."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from mmfix.config.family import dependants, dependants_of, repository_root, walk
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


@pytest.mark.parametrize(
    "text", ["_base_ = './base_file.py'\n(", "_base_ = open('base_file.py')\n", "a = (\n"]
)
def test_who_may_inherit_a_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "base_file.py").write_text("model = dict(type='A')\n")
    (tmp_path / "leaf.py").write_text(text)
    unread: List[str] = []
    among = [str(tmp_path / "leaf.py")]
    assert dependants_of([str(tmp_path / "base_file.py")], Reader(), among=among, unread=unread) == []
    assert unread == ([] if "base" not in text else among)


CONFIGS = (
    "model = dict(type='A')\n",
    "x = 1; model = dict(type='A')\n",
    "if True: model = dict(type='A')\n",
    "best = model = dict(type='A')\n",
    "x = 1;_base_ = './a.py'\n",
    "model: dict = {}\n",
    "model = parts['net']\ndata = dict(samples_per_gpu=1)\noptimizer = dict(type='SGD')\n",
)
SCRIPTS = (
    "model = build(cfg)\n",
    "model = saved['model']\n",
    "model = None\n",
    "run(1, model=dict())\n",
    "def f(): model = dict()\n",
    "x.model = dict()\n",
)


@pytest.mark.parametrize("text", [*CONFIGS, *SCRIPTS])
def test_what_looks_like_a_config_in_a_folder(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(text)
    assert list(walk(str(tmp_path))) == ([str(tmp_path / "a.py")] if text in CONFIGS else [])


@pytest.mark.parametrize("folder", ["venv/lib/python3.8/site-packages/zoo", "env/zoo", "conda/zoo", "zoo"])
def test_what_is_installed_in_a_folder_is_not_its_own(folder: str, tmp_path: Path) -> None:
    config = tmp_path / folder / "configs" / "a.py"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIGS[0])
    (tmp_path / "env").mkdir(exist_ok=True)
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / "conda" / "conda-meta").mkdir(parents=True)
    assert list(walk(str(tmp_path))) == ([str(config)] if folder == "zoo" else [])
    assert list(walk(str(config.parent))) == [str(config)]


def test_the_root_of_a_repository(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / ".git").mkdir(parents=True)
    (top / "configs" / "deep").mkdir(parents=True)
    assert repository_root(str(top / "configs" / "deep" / "a.py")) == str(top)
    (tmp_path / "link").symlink_to(top)
    assert repository_root(str(tmp_path / "link" / "configs" / "a.py")) == str(tmp_path / "link")
