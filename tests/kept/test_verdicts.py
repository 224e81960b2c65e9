"""What was said of a config is said again until something changes that it rests on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import pytest

from mmfix.jobs import checking
from mmfix.jobs.selecting import reader_for
from mmfix.settings import DEFAULT, Settings, chosen

NET = """\
import torch.utils.checkpoint as cp
from mmengine.model import BaseModel
from mmengine.registry import MODELS
import torch.nn as nn

from .widths import WIDTH


@MODELS.register_module()
class Net(BaseModel):
    def __init__(self, with_cp=False, side=False):
        super().__init__()
        self.with_cp = with_cp
        self.stem = nn.Conv2d(3, WIDTH, 1)
        self.other = nn.Conv2d(3, WIDTH, 1)
        self.use_side = side

    def forward(self, inputs, data_samples=None, mode="tensor"):
        x = cp.checkpoint(self.stem, inputs) if self.with_cp else self.stem(inputs)
        if self.use_side:
            x = x + self.other(inputs)
        return dict(loss=x.mean())
"""
TRAINED = """\
train_dataloader = dict(batch_size=2)
train_cfg = dict(max_epochs=1)
optim_wrapper = dict(optimizer=dict(type='SGD'))
"""
FILES = {
    "setup.py": "",
    "mine/__init__.py": "from .net import Net\n",
    "mine/net.py": NET,
    "mine/widths.py": "WIDTH = 8\n",
    "tools/train.py": "from mmengine.runner import Runner\n",
    ".mmfix/notes.txt": "",
    "configs/base.py": "custom_imports = dict(imports=['mine'])\nfind_unused_parameters = False\n",
    "configs/my.py": f"_base_ = 'base.py'\nmodel = dict(type='Net', with_cp=True)\n{TRAINED}",
    "configs/beside.py": "model = dict(type='Net')\n",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMFIX_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "repository"
    for name, text in FILES.items():
        write(root / name, text)
    for folder in {(root / name).parent for name in FILES}:
        os.utime(folder, (time.time() - 20_000, time.time() - 20_000))
    monkeypatch.chdir(root)
    return root


def write(path: Path, text: str) -> None:
    """A file that was written a while ago, each one at another time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    write.ago += 1  # type: ignore[attr-defined]
    then = time.time() - 10_000 + write.ago  # type: ignore[attr-defined]
    os.utime(path, (then, then))


write.ago = 0  # type: ignore[attr-defined]


def said(
    root: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings = DEFAULT, name: str = "configs/my.py"
) -> Tuple[Tuple[Any, ...], int]:
    """What is said of the config in a new run, and how often it was judged for that."""
    judged: List[str] = []
    judge = checking._judged

    def counting(document: Any, holds: Any) -> Any:
        judged.append(document.path)
        return judge(document, holds)

    with monkeypatch.context() as counted:
        counted.setattr(checking, "_judged", counting)
        reports = tuple(checking.check_files([str(root / name)], reader_for(settings), settings))
    return reports, len(judged)


def add_to(name: str, text: str) -> Callable[[Path], None]:
    return lambda root: write(root / name, FILES.get(name, "") + text)


def replace_in(name: str, old: str, new: str) -> Callable[[Path], None]:
    assert old in FILES[name]
    return lambda root: write(root / name, FILES[name].replace(old, new))


#: What somebody does -> whether the config is judged again.
EDITS: Dict[str, Tuple[Callable[[Path], None], bool]] = {
    "the config": (replace_in("configs/my.py", "with_cp=True", "with_cp=False"), True),
    "a comment that hides a finding": (add_to("configs/my.py", "# mmfix: ignore-file[MMF102] why\n"), True),
    "its base": (replace_in("configs/base.py", "False", "True"), True),
    "its model": (replace_in("mine/net.py", "if self.use_side", "if not self.use_side"), True),
    "a constant that its model takes": (replace_in("mine/widths.py", "8", "16"), True),
    "the training script": (add_to("tools/train.py", "print('x')\n"), True),
    "another class of that name": (lambda root: write(root / "mine/again.py", NET), True),
    "settings above it": (lambda root: write(root / "mmfix.toml", "ignore = ['MMF102']\n"), True),
    "a settings file beside it": (lambda root: write(root / "configs/mmfix.toml", "gpus = 1\n"), True),
    "a proof of something": (lambda root: write(root / ".mmfix/proofs.json", "{}"), True),
    "a project around the configs": (lambda root: write(root / "configs/pyproject.toml", ""), True),
    "another config": (replace_in("configs/beside.py", "Net", "Other"), False),
    "a file that is no source": (lambda root: write(root / "configs/notes.txt", "x"), False),
    "a module where nothing is walked": (lambda root: write(root / "mine/data/more.py", "x = 1\n"), True),
    "a base that is gone": (lambda root: (root / "configs/base.py").unlink(), True),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_counts_where_the_verdict_rests_on_it(
    repository: Path, edit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, again = EDITS[edit]
    settings = chosen()
    assert said(repository, monkeypatch, settings)[1] == 1
    assert said(repository, monkeypatch, settings)[1] == 0
    change(repository)
    found, judged = said(repository, monkeypatch, settings)
    monkeypatch.setenv("MMFIX_CACHE_DIR", "off")
    fresh, _ = said(repository, monkeypatch, settings)
    assert repr(found) == repr(fresh)
    assert bool(judged) is again or fresh[0].status != "ok"


OTHERWISE: Dict[str, Tuple[Callable[[Path, pytest.MonkeyPatch], None], Settings]] = {
    "another launcher": (lambda root, patch: None, chosen(launcher="none")),
    "another torch": (
        lambda root, patch: patch.setattr(checking, "installed_torch", lambda: "1.9.0"),
        chosen(),
    ),
    "another folder": (lambda root, patch: patch.chdir(root / "mine"), chosen()),
    "another path of modules": (lambda root, patch: patch.syspath_prepend(str(root / "mine")), chosen()),
    "LibCST has come": (
        lambda root, patch: patch.setattr(checking, "can_change_code", lambda: "no more"),
        chosen(),
    ),
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_what_is_asked_otherwise_is_judged_again(
    repository: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, settings = OTHERWISE[what]
    said(repository, monkeypatch, chosen())
    change(repository, monkeypatch)
    assert said(repository, monkeypatch, settings)[1] == 1


NOT_KEPT = {
    "an environment variable may decide": f"model = dict(type='{{{{$HERE:Net}}}}')\n{TRAINED}",
    "a base is missing": f"_base_ = 'gone.py'\nmodel = dict(type='Net')\n{TRAINED}",
    "it cannot be read": "model = dict(\n",
}


@pytest.mark.parametrize("why", NOT_KEPT)
def test_what_may_change_unseen_is_not_kept(
    repository: Path, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repository / "configs/my.py", NOT_KEPT[why])
    first, _ = said(repository, monkeypatch)
    assert not list((repository.parent / "cache").glob("verdicts-*/*"))
    assert repr(said(repository, monkeypatch)[0]) == repr(first)


def test_a_file_that_changed_while_it_was_read_is_not_kept(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = reader_for(DEFAULT)
    os.utime(repository / "configs/base.py")
    list(checking.check_files([str(repository / "configs/my.py")], reader, DEFAULT))
    assert not list((repository.parent / "cache").glob("verdicts-*/*"))


def test_a_working_directory_that_is_gone_is_no_obstacle(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for judged in (1, 0):
        reports, times = said(repository, monkeypatch)
        assert ([report.status for report in reports], times) == (["ok"], judged)


def test_a_base_is_kept_as_one(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        assert said(repository, monkeypatch, name="configs/base.py") == ((), 0)
    assert len(list((repository.parent / "cache").glob("verdicts-*/*"))) == 1


@pytest.mark.parametrize("value", [None, 3, [], {}, {"files": {}}, {"files": {}, "texts": [], "asked": 3}])
def test_a_foreign_entry_is_not_believed(
    repository: Path, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _ = said(repository, monkeypatch)
    (entry,) = (repository.parent / "cache").glob("verdicts-*/*.json")
    kept = json.loads(entry.read_text())
    entry.write_text(json.dumps({**kept, "value": value}))
    assert repr(said(repository, monkeypatch)) == repr((before, 1))


#: Judges a config in a process of its own, and writes down every path that it asks the system about.
SPY = """\
import builtins, json, os, sys
config, out = sys.argv[1:]
import mmfix.jobs.checking as checking, mmfix.rules, mmfix.training, mmfix.report.text.check
from mmfix.jobs.selecting import reader_for
from mmfix.kept import verdicts
from mmfix.project.held import held
from mmfix.settings import chosen
asked = set()

def spied(ask):
    def spy(path=".", *args, **options):
        if isinstance(path, (str, bytes, os.PathLike)):
            asked.add(os.path.abspath(os.fsdecode(path)))
        return ask(path, *args, **options)
    return spy

for name in ("stat", "lstat", "scandir", "listdir", "open", "readlink"):
    setattr(os, name, spied(getattr(os, name)))
builtins.open = spied(builtins.open)
settings = chosen()
list(checking.check_files([config], reader_for(settings), settings))
holds = held(settings, config)
installed = (checking.installed_torch(), str(checking.can_change_code()))
entry = verdicts.cache.load(verdicts.KIND, verdicts.key_of(config, holds, installed))
states = verdicts.states_of(config, entry["asked"], entry["homes"], holds)
covered = {*entry["files"], *(file for state in states for file in state.files)}
with builtins.open(out, "w") as file:
    json.dump([sorted(asked), sorted(covered)], file)
"""


def test_every_file_that_a_verdict_rests_on_is_looked_at_again(repository: Path, tmp_path: Path) -> None:
    config, out = repository / "configs/my.py", tmp_path / "asked.json"
    subprocess.run([sys.executable, "-c", SPY, str(config), str(out)], check=True, cwd=repository)
    asked, covered = json.loads(out.read_text())
    package = os.path.dirname(os.path.dirname(checking.__file__))
    left = [
        path
        for path in asked
        if path.endswith(".py")
        and path not in covered
        and not path.startswith((package, str(tmp_path / "cache")))
        and f"{os.sep}torch{os.sep}" not in path  # of which the version is asked each time
        and os.path.exists(path)
        and os.path.basename(path) not in ("setup.py",)  # that it is there tells where the repository ends
        # a config beside it: a file of values counts by its name alone
        and path != str(repository / "configs/beside.py")
    ]
    assert left == []
    assert str(repository / "mine/widths.py") in covered
    assert any(os.sep + "mmengine" + os.sep in path for path in covered)
