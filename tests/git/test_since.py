"""What `check --since REV` judges: what a changed file, base or model source concerns, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, List

import pytest
from git_helpers import CONFIG, commit, git, needs_git, write

pytestmark = needs_git

BASE = "model = dict(type='A')\n"
HEIR = "_base_ = './_base_/{}.py'\ntrain_dataloader = dict()\noptim_wrapper = dict()\n"
NET = """\
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from .parts import Part
@MODELS.register_module()
class {name}(BaseModel):
    def __init__(self):
        super().__init__()
        self.part = Part()
    def forward(self, inputs, mode='loss'):
        return dict(loss=self.part(inputs).sum())
"""
PART = """\
import torch.nn as nn
class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
    def forward(self, x):
        return self.layer(x)
"""


@pytest.fixture
def configs(repo: Path) -> Path:
    """Two configs of each of two bases, and one that stands alone."""
    for base in ("one", "two"):
        write(repo, f"configs/_base_/{base}.py", text=BASE)
        write(repo, f"configs/{base}_a.py", f"configs/{base}_b.py", text=HEIR.format(base))
    write(repo, "configs/alone.py")
    commit(repo)
    return repo


def judged(folder: Path, mmfix: Any, revision: str = "HEAD", path: str = "configs") -> List[str]:
    done = mmfix("check", path, "--since", revision, "--format", "json", cwd=folder)
    assert done.stderr == "" or done.returncode == 2, done.stderr
    report = json.loads(done.stdout)
    assert report["notes"], "what was left out is said"
    return sorted(config["path"].rpartition("/")[2] for config in report["configs"])


def test_nothing_has_changed(configs: Path, mmfix: Any) -> None:
    done = mmfix("check", "configs", "--since", "HEAD", cwd=configs)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "note: only configs that a change since HEAD concerns were judged; 0 files changed",
        "0 configs checked: nothing to judge",
    ]


def test_a_changed_config(configs: Path, mmfix: Any) -> None:
    write(configs, "configs/alone.py", text=CONFIG + "work_dir = 'x'\n")
    assert judged(configs, mmfix) == ["alone.py"]
    git(configs, "add", "-A")
    assert judged(configs, mmfix) == ["alone.py"]
    commit(configs)
    assert judged(configs, mmfix) == []
    assert judged(configs, mmfix, "HEAD~1") == ["alone.py"]


def test_a_changed_base(configs: Path, mmfix: Any) -> None:
    write(configs, "configs/_base_/one.py", text="model = dict(type='B')\n")
    assert judged(configs, mmfix) == ["one_a.py", "one_b.py"]


def test_what_is_new_and_not_added(configs: Path, mmfix: Any) -> None:
    write(configs, "configs/new/x.py", "configs/ignored.py")
    write(configs, ".gitignore", text="ignored.py\n")
    assert judged(configs, mmfix) == ["x.py"]


def test_a_renamed_and_a_deleted_base(configs: Path, mmfix: Any) -> None:
    git(configs, "mv", "configs/_base_/one.py", "configs/_base_/three.py")
    write(configs, "configs/one_a.py", text=HEIR.format("three"))
    assert judged(configs, mmfix) == ["one_a.py", "one_b.py"], "the second lacks its base"
    (configs / "configs/_base_/two.py").unlink()
    assert judged(configs, mmfix) == ["one_a.py", "one_b.py", "two_a.py", "two_b.py"]


def test_a_deleted_config_is_no_error(configs: Path, mmfix: Any) -> None:
    (configs / "configs/alone.py").unlink()
    assert judged(configs, mmfix) == []


def test_a_renamed_config_is_a_new_one(configs: Path, mmfix: Any) -> None:
    git(configs, "mv", "configs/alone.py", "configs/other.py")
    assert judged(configs, mmfix) == ["other.py"]


def test_a_base_that_breaks_its_heirs(configs: Path, mmfix: Any) -> None:
    write(configs, "configs/_base_/one.py", text="model = dict(\n")
    done = mmfix("check", "configs", "--since", "HEAD", cwd=configs)
    assert done.returncode == 2
    assert "configs/_base_/one.py:1: error: syntax error" in done.stderr


def test_a_file_that_is_named_is_left_out_if_it_is_the_same(configs: Path, mmfix: Any) -> None:
    assert judged(configs, mmfix, path="configs/alone.py") == []
    assert judged(configs / "configs", mmfix, path="alone.py") == []
    write(configs, "configs/_base_/one.py", text="model = dict(type='B')\n")
    assert judged(configs, mmfix, path="configs/_base_/one.py") == ["one_a.py", "one_b.py"]


def test_line_ends_of_the_system_are_no_change(configs: Path, mmfix: Any) -> None:
    (configs / "configs/alone.py").write_bytes(CONFIG.replace("\n", "\r\n").encode())
    assert judged(configs, mmfix) == []


@pytest.fixture
def models(repo: Path) -> Path:
    """Configs of two models, whose sources share a part, and of one that has none of it."""
    write(repo, "setup.py", "pack/__init__.py", "tools/train.py", "pack/notes.py", text="")
    write(repo, "pack/parts.py", text=PART)
    write(repo, "pack/net.py", text=NET.format(name="Net"))
    write(
        repo,
        "pack/other.py",
        text=NET.format(name="Other").replace(".parts", "torch.nn").replace("Part", "Linear"),
    )
    for name in ("Net", "Other"):
        module = "net" if name == "Net" else "other"
        imports = f"custom_imports = dict(imports=['pack.{module}'])\n"
        write(repo, f"configs/{module}.py", text=imports + CONFIG.replace("'A'", f"'{name}'"))
    commit(repo)
    return repo


def test_a_changed_source_of_the_model(models: Path, mmfix: Any) -> None:
    write(models, "pack/other.py", text=(models / "pack/other.py").read_text() + "# changed\n")
    assert judged(models, mmfix) == ["other.py"]


def test_a_changed_part_of_the_model(models: Path, mmfix: Any) -> None:
    write(models, "pack/parts.py", text=PART + "# changed\n")
    assert judged(models, mmfix) == ["net.py"]


def test_a_changed_source_that_no_model_needs(models: Path, mmfix: Any) -> None:
    write(models, "pack/notes.py", text="class Note: pass\n")
    assert judged(models, mmfix) == []


def test_a_source_that_is_gone_concerns_all(models: Path, mmfix: Any) -> None:
    (models / "pack/notes.py").unlink()
    assert judged(models, mmfix) == ["net.py", "other.py"]
    done = mmfix("check", "configs", "--since", "HEAD", cwd=models)
    told = "note: every config was judged: pack/notes.py is not what it was in HEAD, and all may rest on it"
    assert told in done.stdout.splitlines()


@pytest.mark.parametrize("name", ["tools/train.py", ".mmfix/proofs.json"])
def test_what_all_configs_may_rest_on(name: str, models: Path, mmfix: Any) -> None:
    write(models, name, text="{}\n")
    assert judged(models, mmfix) == ["net.py", "other.py"]


def test_outside_of_git(tmp_path: Path, mmfix: Any) -> None:
    write(tmp_path, "configs/a.py")
    done = mmfix("check", "configs", "--since", "HEAD", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "configs: error: --since HEAD: is in no git repository\n"


@pytest.mark.parametrize(
    "revision", ["nobody", "HEAD~9", "HEAD..HEAD", "--upload-pack=x", "-x", "", "HEAD:configs"]
)
def test_a_revision_that_git_does_not_know(revision: str, configs: Path, mmfix: Any) -> None:
    done = mmfix("check", "configs", f"--since={revision}", cwd=configs)
    assert done.returncode == 2
    assert done.stdout == ""
    assert (
        done.stderr
        == f"configs: error: --since {revision}: git knows no revision {revision} here\n".replace("  ", " ")
    )


def test_without_git(configs: Path, mmfix: Any) -> None:
    done = mmfix("check", "configs", "--since", "HEAD", cwd=configs, env={"PATH": "."})
    assert done.returncode == 2
    assert done.stderr == "configs: error: --since HEAD: git is not installed\n"


def test_a_repository_without_a_commit(repo: Path, mmfix: Any) -> None:
    write(repo, "configs/a.py")
    done = mmfix("check", "configs", "--since", "HEAD", cwd=repo)
    assert (done.returncode, done.stderr) == (
        2,
        "configs: error: --since HEAD: git knows no revision HEAD here\n",
    )


def test_a_submodule(models: Path, tmp_path: Path, mmfix: Any) -> None:
    main = tmp_path / "main"
    main.mkdir()
    git(main, "init", "-q")
    git(main, "submodule", "add", "-q", str(models), "sub")
    write(main, "configs/a.py")
    commit(main)
    assert judged(main, mmfix, path=".") == []
    write(main / "sub", "configs/net.py", text=(main / "sub/configs/net.py").read_text() + "work_dir = 'x'\n")
    assert judged(main, mmfix, path=".") == ["net.py"], "changed, and not committed there"
    commit(main / "sub")
    assert judged(main, mmfix, path=".") == ["net.py"], "committed there, and not here"
    git(main / "sub", "checkout", "-q", "HEAD~1")
    assert judged(main, mmfix, path=".") == []
    assert judged(main / "sub", mmfix) == [], "inside, its own revisions count"
    shutil.rmtree(main / "sub/.git", ignore_errors=True)
    (main / "sub/.git").unlink(missing_ok=True)
    shutil.rmtree(main / "sub")
    assert judged(main, mmfix, path=".") == ["a.py"], "its source is gone"


def test_a_submodule_that_is_new_or_lacks_what_it_was(models: Path, tmp_path: Path, mmfix: Any) -> None:
    main = tmp_path / "main"
    main.mkdir()
    git(main, "init", "-q")
    write(main, "configs/a.py")
    commit(main)
    git(main, "submodule", "add", "-q", str(models), "sub")
    assert judged(main, mmfix, path=".") == ["a.py", "net.py", "other.py"], "a training script is new"
    commit(main)
    shutil.rmtree(main / "sub")
    (main / "sub").mkdir()
    git(main / "sub", "init", "-q")
    write(main / "sub", "configs/b.py")
    assert judged(main, mmfix, path=".") == ["b.py"], "nothing of what it was is there to compare with"


def test_settings_of_the_repository_run_nothing(models: Path, mmfix: Any) -> None:
    marks = models.parent / "marks"
    marks.mkdir()
    write(models, ".gitattributes", text="* filter=bad diff=bad\n")
    commit(models)
    for key in (
        "core.fsmonitor",
        "filter.bad.clean",
        "filter.bad.process",
        "diff.bad.textconv",
        "diff.external",
    ):
        git(models, "config", key, f"touch {marks}/{key};")
    git(models, "config", "remote.origin.url", f"ext::sh -c touch% {marks}/ext")
    git(models, "config", "remote.origin.promisor", "true")
    git(models, "config", "extensions.partialClone", "origin")
    write(models, "configs/net.py", text=(models / "configs/net.py").read_text() + "work_dir = 'x'\n")
    assert judged(models, mmfix) == ["net.py"]
    done = mmfix("check", "configs", "--since", "1" * 40, cwd=models)
    assert done.returncode == 2
    assert [path.name for path in marks.iterdir()] == []
