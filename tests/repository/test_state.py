"""What is kept of the source goes with what the source says, and stays when a config is edited."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

import pytest

from mmfix.repository import state
from mmfix.repository.state import State, state_of

MODEL = "from mmengine.registry import MODELS\n\n@MODELS.register_module()\nclass Net:\n    pass\n"
LAZY = "from mmengine.config import read_base\n\nwith read_base():\n    from .base import *\nlr = 0.1\n"
FILES = {
    "setup.py": "",
    "tools/train.py": "import mine.net\n",
    "mine/__init__.py": "from .net import Net\n",
    "mine/net.py": MODEL,
    "mine/constants.py": "WIDTH = 8\n",
    "configs/plain.py": "_base_ = ['base.py']\nmodel = dict(type='Net')\n",
    "configs/lazy.py": LAZY,
    "data/converter.py": "import os\n",
}

#: An edit -> what of the state it changes: (of the code, of the text).
EDITS = {
    "a value of a config": ("configs/plain.py", "model = dict(type='Other')\n", (False, False)),
    "a comment of a config": ("configs/plain.py", "# import this\nmodel = dict()\n", (False, False)),
    "a value of a lazy config": ("configs/lazy.py", LAZY + "wd = 1\n", (False, True)),
    "an import of a lazy config": (
        "configs/lazy.py",
        LAZY.replace("from .base", "from .other"),
        (True, True),
    ),
    "a class in a config": ("configs/plain.py", MODEL, (True, True)),
    "a function in a lazy config": (
        "configs/lazy.py",
        LAZY + "def scale(x):\n    return x\n",
        (True, True),
    ),
    "a class": ("mine/net.py", MODEL.replace("pass", "width = 8"), (True, True)),
    "an import": ("mine/__init__.py", "from .net import Net, Other\n", (True, True)),
    "a new config": ("configs/new.py", "model = dict()\n", (True, True)),
    "an import behind a semicolon": ("mine/constants.py", "WIDTH = 8; import os\n", (True, True)),
    "the training script": ("tools/train.py", "import mine.net, mine.other\n", (True, True)),
    "a file in a folder for data": ("data/converter.py", "import sys\n", (False, True)),
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMFIX_CACHE_DIR", str(tmp_path / "cache"))
    for name, text in FILES.items():
        (tmp_path / "repository" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "repository" / name).write_text(text)
    return tmp_path / "repository"


def now(root: Path) -> State:
    state.look_again()
    return state_of((str(root),))


def changed(before: State, after: State) -> Tuple[bool, bool]:
    return before.code != after.code, before.text != after.text


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_changes_the_state_where_it_changes_what_the_source_says(repository: Path, edit: str) -> None:
    name, text, expected = EDITS[edit]
    before = now(repository)
    (repository / name).write_text(text)
    assert changed(before, now(repository)) == expected


def test_a_config_that_goes_changes_the_state(repository: Path) -> None:
    before = now(repository)
    (repository / "configs/plain.py").unlink()
    assert changed(before, now(repository)) == (True, True)


def test_a_package_that_comes_into_a_folder_of_the_path_is_noticed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "libraries").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "libraries"))
    before = now(repository)
    (tmp_path / "libraries/run.log").write_text("")
    assert changed(before, now(repository)) == (False, False)
    (tmp_path / "libraries/plugin").mkdir()
    assert changed(before, now(repository)) == (True, True)


def test_a_project_within_changes_the_state(repository: Path) -> None:
    before = now(repository)
    (repository / "mine/pyproject.toml").write_text("")
    assert changed(before, now(repository)) == (True, True)


@pytest.mark.parametrize("kept", ['["no", "dict"]', '{"configs/plain.py": 3}', "not json"])
def test_a_broken_or_foreign_cache_is_made_again(repository: Path, tmp_path: Path, kept: str) -> None:
    before = now(repository)
    (entry,) = (tmp_path / "cache").glob("plain-*/*.json")
    text = entry.read_text()
    entry.write_text(text[: text.index('"value":')] + f'"value":{kept}}}' if kept != "not json" else kept)
    assert now(repository) == before
    assert entry.read_text() == text


def test_without_a_cache_the_state_is_the_same(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = now(repository)
    monkeypatch.setenv("MMFIX_CACHE_DIR", "off")
    assert now(repository) == before
