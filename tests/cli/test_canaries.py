"""Each command, in a repository of which every file leaves a mark when it is run: which marks are left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import FrozenSet, Iterable, List

import pytest
import yaml

from mmfix.errors import MmfixError
from mmfix.rules.common import MMENGINE

#: No reader follows the call; whoever runs the file makes a folder.
CANARY = "import sys\nsys.modules['os'].makedirs({mark!r}, exist_ok=True)\n"
CONFIG = """\
_base_ = ['base.py', 'data.yaml', 'data.json']
custom_imports = dict(imports=['plug.net'])
plugin = True
plugin_dir = 'plug/'
model = dict(type='Canary', backbone=dict(type='ResNet', with_cp=True))
find_unused_parameters = True
"""
NET = """\
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS
@MODELS.register_module()
class Canary(BaseModel):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = MODELS.build(backbone)
    def forward(self, inputs, mode='loss'):
        return dict(loss=self.backbone(inputs)[0].sum())
"""
LOG = "Config:\nRuntimeError: Expected to mark a variable ready only once.\n"
#: Prints what Python imports on its own account for ``python -m``, before the first line of a program.
PRINT = "import runpy, sys; import importlib.util; print(*(name.partition('.')[0] for name in sys.modules))"
PYTHONS_OWN = set(subprocess.check_output([sys.executable, "-c", PRINT], encoding="utf-8").split())
PACKAGES = (
    "click",
    "colorama",
    "mmengine",
    "mmcv",
    "torch",
    "yaml",
    "numpy",
    "packaging",
    "addict",
    "libcst",
)
SOME = ("__future__", "ast", "dataclasses", "difflib", "gc", "json", "typing")
LIBRARY = getattr(sys, "stdlib_module_names", SOME)  # Python 3.8 and 3.9 have no such list
SHADOWS = sorted({*LIBRARY, *PACKAGES, "sitecustomize", "usercustomize"} - PYTHONS_OWN)
#: What running the config runs.
CONFIGS = frozenset({"cfg", "base"})
NOTHING: FrozenSet[str] = frozenset()


class Repository:
    """A repository with canaries, and the marks that they left."""

    def __init__(self, root: Path) -> None:
        self.root, self.marks = root / "repository", root / "marks"
        for name in (".git", "configs", "plug", ".mmfix"):
            (self.root / name).mkdir(parents=True)
        (self.root / "configs/cfg.py").write_text(self.canary("cfg", MMENGINE + CONFIG))
        (self.root / "configs/base.py").write_text(self.canary("base", "work_dir = 'x'\n"))
        (self.root / "configs/data.yaml").write_text("train_batch: 2\n")
        (self.root / "configs/data.json").write_text('{"__import__": "os", "val_batch": 2}')
        (self.root / "configs/tags.yaml").write_text(
            f"model: {{type: A}}\nx: !!python/object/apply:os.makedirs [{self.mark('yaml')!r}]\n"
        )
        (self.root / "plug/__init__.py").write_text(self.canary("plug"))
        (self.root / "plug/net.py").write_text(self.canary("net", NET))
        (self.root / "train.log").write_text(LOG)
        self.pickled = f"cos\nmakedirs\n(V{self.mark('pickle')}\ntR.".encode()
        (self.root / ".mmfix/proofs.json").write_bytes(self.pickled)
        for name in SHADOWS:
            (self.root / f"{name}.py").write_text(
                self.canary(f"shadow-{name}", "raise ImportError('canary')\n")
            )
        self.fill_the_cache()

    def mark(self, name: str) -> str:
        return str(self.marks / name)

    def canary(self, name: str, rest: str = "") -> str:
        return CANARY.format(mark=self.mark(name)) + rest

    def fill_the_cache(self) -> None:
        """What is kept of source code becomes pickles, and so does what looks like a cache here."""
        self.run("check", "configs/cfg.py")
        kept = [path for path in Path(self.cache).rglob("*") if path.is_file()]
        assert kept, "nothing is cached, so this shows nothing"
        for path in kept:
            path.write_bytes(self.pickled)
            for folder in (".mmfix", ".cache/mmfix/code", ".mmfix/code"):
                copy = self.root / folder / path.relative_to(self.cache)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(self.pickled)
        (self.root / ".mmfix/proofs.json").write_bytes(self.pickled)

    @property
    def cache(self) -> str:
        return str(self.root.parent / "cache")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mmfix", *arguments],
            cwd=str(self.root),
            env={**os.environ, "MMFIX_CACHE_DIR": self.cache},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )

    def fired(self) -> FrozenSet[str]:
        return frozenset(os.listdir(self.marks)) if self.marks.exists() else NOTHING


@pytest.fixture
def repository_with_canaries(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def hooks() -> Iterable[List[str]]:
    """The commands of the pre-commit hooks."""
    manifest = Path(__file__).resolve().parents[2] / ".pre-commit-hooks.yaml"
    for hook in yaml.safe_load(manifest.read_text()):
        yield [*hook["entry"].split()[1:], "configs/cfg.py"]


CHECK_HOOK, PATCH_HOOK = hooks()


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        (["check"], NOTHING),
        (["check", "configs/cfg.py", "configs/tags.yaml", "--dependants", "--format", "json"], NOTHING),
        (["check", "configs/base.py"], NOTHING),
        (["check", "plug/net.py", "click.py", "."], NOTHING),
        (CHECK_HOOK, NOTHING),
        (["patch", "--diff", "configs"], NOTHING),
        (["patch", "--no-loader", "configs/cfg.py"], NOTHING),
        (["patch", "--undo", "configs/cfg.py"], NOTHING),
        (["patch", "--diff", "--verify", "configs/cfg.py"], CONFIGS),
        (["patch", "--overlay", "configs/cfg.py"], CONFIGS),
        (["patch", "configs/tags.yaml"], NOTHING),
        (PATCH_HOOK, CONFIGS),
        (["show", "configs/cfg.py"], NOTHING),
        (["show", "configs/cfg.py", "model"], NOTHING),
        (["show", "--model", "configs/cfg.py"], NOTHING),
        (["explain", "train.log", "--config", "configs/cfg.py"], NOTHING),
        (["explain", "train.log", "--config", "configs/cfg.py", "--patch", "--diff"], NOTHING),
        (["explain", "train.log", "--config", "configs/cfg.py", "--patch"], CONFIGS),
        (["explain", "train.log", "--config", "configs/cfg.py", "--patch", "--no-loader"], NOTHING),
        (["rules"], NOTHING),
        (["rule", "MMF101"], NOTHING),
        (["--help"], NOTHING),
        (["--version"], NOTHING),
    ],
    ids=lambda value: " ".join(value if isinstance(value, list) else sorted(value)),
)
def test_a_command_runs_what_its_help_says(
    command: List[str], runs: FrozenSet[str], repository_with_canaries: Repository
) -> None:
    done = repository_with_canaries.run(*command)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stdout + done.stderr
    assert repository_with_canaries.fired() == runs, done.stdout + done.stderr


def test_the_parent_of_a_rehearsal_runs_nothing(
    repository_with_canaries: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it starts does; here it can start nothing."""
    from mmfix.jobs import proving

    def no_child(*args: object, **kwargs: object) -> None:
        raise OSError(11, "no more processes")

    monkeypatch.setattr("subprocess.Popen", no_child)
    monkeypatch.setattr(proving, "require_torch", lambda: None)
    monkeypatch.setenv("MMFIX_CACHE_DIR", repository_with_canaries.cache)
    monkeypatch.chdir(repository_with_canaries.root)
    try:
        found = proving.prove("configs/cfg.py", proving.ProveOptions(all_remedies=True))
    except MmfixError:
        return
    assert found.proof.rehearsal.outcome == "NOT_PROVED"
    assert repository_with_canaries.fired() == NOTHING


def test_what_pythonpath_names_stays(tmp_path: Path) -> None:
    """The user chose it, for his training as well; only what `python -m` adds by itself goes."""
    code = "import runpy, sys; sys.argv = ['mmfix', 'rules']; runpy.run_module('mmfix', run_name='__main__')"
    (tmp_path / "click.py").write_text("raise SystemExit('the user chose this one')\n")
    for entry in (str(tmp_path), "."):
        for start in (["-m", "mmfix", "rules"], ["-c", code]):
            done = subprocess.run(
                [sys.executable, *start],
                cwd=str(tmp_path),
                env={**os.environ, "PYTHONPATH": entry},
                capture_output=True,
                encoding="utf-8",
            )
            assert "the user chose this one" in done.stderr, (entry, start)
