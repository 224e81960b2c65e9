"""A repository of which every file leaves a mark when it is run, and what each command is to leave there.

Used by `test_canaries.py`, and by `bench/canaries.py`, which makes the table in docs/reliability.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, FrozenSet, Iterable, List, Tuple

import yaml

from mmfix.rules.rule import MMENGINE

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
#: The marks, and what leaves them.
PLACES: Dict[str, str] = {
    "cfg": "config",
    "base": "base",
    "net": "model source",
    "plug": "plug-in folder",
    "yaml": "YAML",
    "json": "JSON",
    "cache": "cache",
    "proof": "proof file",
    "shadow": "modules that lie around",
}
#: What running the config runs.
CONFIGS = frozenset({"cfg", "base"})
NOTHING: FrozenSet[str] = frozenset()
#: Of a file that only reads as JSON for a reader of YAML.
TAGGED = '{{"model": {{"type": "A"}}, "x": !!python/object/apply:os.makedirs [{mark!r}]}}\n'


class Repository:
    """A repository with canaries, and the marks that they left.

    Args:
        root: Where it is made.
        modules: Whether modules with the names of others lie around.
    """

    def __init__(self, root: Path, modules: bool = True) -> None:
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
        (self.root / "configs/tags.json").write_text(TAGGED.format(mark=self.mark("json")))
        (self.root / ".mmfix/proofs.json").write_bytes(self.pickled("proof"))
        for name in SHADOWS if modules else ():
            (self.root / f"{name}.py").write_text(
                self.canary(f"shadow-{name}", "raise ImportError('canary')\n")
            )
        self.fill_the_cache()

    def mark(self, name: str) -> str:
        return str(self.marks / name)

    def pickled(self, name: str) -> bytes:
        return f"cos\nmakedirs\n(V{self.mark(name)}\ntR.".encode()

    def canary(self, name: str, rest: str = "") -> str:
        return CANARY.format(mark=self.mark(name)) + rest

    def fill_the_cache(self) -> None:
        """What is kept of source code becomes pickles, and so does what looks like a cache here."""
        self.run("check", "configs/cfg.py")
        kept = [path for path in Path(self.cache).rglob("*") if path.is_file()]
        assert kept, "nothing is cached, so this shows nothing"
        for path in kept:
            path.write_bytes(self.pickled("cache"))
            for folder in (".mmfix", ".cache/mmfix/code", ".mmfix/code"):
                copy = self.root / folder / path.relative_to(self.cache)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(self.pickled("cache"))
        (self.root / ".mmfix/proofs.json").write_bytes(self.pickled("proof"))

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
        """The marks that were left; one word for all modules that lie around."""
        names = os.listdir(self.marks) if self.marks.exists() else ()
        return frozenset(name.partition("-")[0] for name in names)


def hooks() -> Iterable[List[str]]:
    """The commands of the pre-commit hooks."""
    manifest = Path(__file__).resolve().parents[2] / ".pre-commit-hooks.yaml"
    for hook in yaml.safe_load(manifest.read_text()):
        yield [*hook["entry"].split()[1:], "configs/cfg.py"]


CHECK_HOOK, PATCH_HOOK = hooks()

#: Commands, and the marks that they may leave because their help says that they run the config.
COMMANDS: List[Tuple[List[str], FrozenSet[str]]] = [
    (["check"], NOTHING),
    (
        [
            "check",
            "configs/cfg.py",
            "configs/tags.yaml",
            "configs/tags.json",
            "--dependants",
            "--format",
            "json",
        ],
        NOTHING,
    ),
    (["check", "configs/base.py"], NOTHING),
    (["check", "plug/net.py", "click.py", "."], NOTHING),
    (CHECK_HOOK, NOTHING),
    (["patch", "--diff", "configs"], NOTHING),
    (["patch", "--diff", "--in-place-value", "configs"], NOTHING),
    (["patch", "--diff", "--edit-base", "--all-heirs", "configs"], NOTHING),
    (["patch", "--no-loader", "configs/cfg.py"], NOTHING),
    (["patch", "--undo", "configs/cfg.py"], NOTHING),
    (["patch", "--diff", "--verify", "configs/cfg.py"], CONFIGS),
    (["patch", "--diff", "--verify", "--edit-base", "configs/cfg.py"], CONFIGS),
    (["patch", "--in-place-value", "configs/cfg.py"], CONFIGS),
    (["patch", "--overlay", "configs/cfg.py"], CONFIGS),
    (["patch", "configs/tags.yaml", "configs/tags.json"], NOTHING),
    (PATCH_HOOK, CONFIGS),
    (["show", "configs/cfg.py"], NOTHING),
    (["show", "configs/cfg.py", "model"], NOTHING),
    (["show", "--model", "configs/cfg.py"], NOTHING),
    (["diff", "configs/cfg.py", "configs/base.py"], NOTHING),
    (["explain", "train.log", "--config", "configs/cfg.py"], NOTHING),
    (["explain", "train.log", "--config", "configs/cfg.py", "--patch", "--diff"], NOTHING),
    (["explain", "train.log", "--config", "configs/cfg.py", "--patch"], CONFIGS),
    (["explain", "train.log", "--config", "configs/cfg.py", "--patch", "--no-loader"], NOTHING),
    (["rules"], NOTHING),
    (["completion", "bash"], NOTHING),
    (["rule", "MMF101"], NOTHING),
    (["--help"], NOTHING),
    (["--version"], NOTHING),
]
