"""The two hooks with the real pre-commit program, on a git repository made here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Optional

import pytest

# one group: the hooks' environment is built once
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pre-commit")]

CRASHES = "configs/cmt/cmt_aqr_voxel0100_r50_800x320_cbgs.py"
HEALTHY = "configs/healthy/retinanet_r50_fpn_1x_coco.py"


class Project:
    """A user's repository with the example configs, whose hooks come from a git clone of this repository."""

    def __init__(self, folder: Path, hooks: Path, home: Path) -> None:
        self.folder, self.hooks = folder, hooks
        self.env = {**os.environ, "PRE_COMMIT_HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull}
        lock = "python310.txt" if sys.version_info >= (3, 10) else "python38.txt"
        self.env["PIP_CONSTRAINT"] = str(Path(__file__).resolve().parents[1] / "locked" / lock)
        for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "PRE_COMMIT_COLOR"):
            self.env.pop(name, None)

    def use(self, hook: str, args: Optional[List[str]] = None) -> None:
        revision = git(self.hooks, "rev-parse", "HEAD").strip()
        (self.folder / ".pre-commit-config.yaml").write_text(
            f"repos:\n- repo: {self.hooks}\n  rev: {revision}\n  hooks:\n"
            f"  - id: {hook}\n    args: {args or []}\n"
        )
        git(self.folder, "add", "-A")

    def run(self, *files: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--files", *files],
            cwd=str(self.folder),
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )


def git(folder: Path, *arguments: str, env: Optional[Dict[str, str]] = None) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *identity, *arguments],
        cwd=str(folder),
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def commit_all(folder: Path) -> None:
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--no-verify", "-m", "all")


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """The working tree as a git repository: what is tested is what is on disk, committed or not."""
    folder = tmp_path_factory.mktemp("hooks") / "mmfix"
    folder.mkdir()
    for name in ("src", "configs"):
        shutil.copytree(repository / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".pre-commit-hooks.yaml"):
        shutil.copy(repository / name, folder / name)
    commit_all(folder)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit builds the hooks' environment, once for this file."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def project(tmp_path: Path, hooks: Path, home: Path, repository: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copytree(repository / "configs", folder / "configs")
    commit_all(folder)
    project = Project(folder, hooks, home)
    project.use("mmfix-check")
    built = subprocess.run(
        [sys.executable, "-m", "pre_commit", "install-hooks"],
        cwd=str(folder),
        env=project.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if built.returncode:
        offline = any(word in built.stdout for word in ("No matching distribution", "Connection", "resolve"))
        if offline and os.environ.get("CI") != "true":
            pytest.skip("the hooks' environment needs the package index, which cannot be reached")
        pytest.fail(built.stdout)
    return project


def test_check_fails_on_a_crash_and_passes_a_healthy_config(project: Project) -> None:
    before = (project.folder / CRASHES).read_bytes()
    failed = project.run(CRASHES)
    assert failed.returncode == 1
    assert "exit code: 1" in failed.stdout
    assert "model.img_backbone.with_cp" in failed.stdout
    assert (project.folder / CRASHES).read_bytes() == before
    assert project.run(HEALTHY).returncode == 0


@pytest.mark.parametrize("changed", ["_base_/nuscenes.py", "cmt_voxel0100_r50_800x320_cbgs.py"])
def test_check_judges_the_configs_that_inherit_a_changed_file(project: Project, changed: str) -> None:
    failed = project.run(f"configs/cmt/{changed}")
    assert failed.returncode == 1
    assert CRASHES in failed.stdout


def test_patch_writes_fails_once_and_then_passes(project: Project) -> None:
    project.use("mmfix-patch")
    first = project.run(CRASHES)
    assert first.returncode == 1
    assert "files were modified by this hook" in first.stdout
    assert "with_cp" in (project.folder / CRASHES).read_text()
    git(project.folder, "add", "-A")
    again = project.run(CRASHES)
    assert again.returncode == 0, again.stdout


def test_an_overlay_is_a_new_file_that_git_does_not_know_so_the_hook_itself_fails(project: Project) -> None:
    project.use("mmfix-patch", ["--overlay"])
    before = (project.folder / CRASHES).read_bytes()
    first = project.run(CRASHES)
    assert first.returncode == 1, first.stdout
    assert "exit code: 1" in first.stdout
    assert (project.folder / CRASHES).read_bytes() == before
    assert (project.folder / CRASHES.replace(".py", "_mmfix.py")).exists()
    assert project.run(CRASHES).returncode == 0


def test_files_outside_of_configs_are_left_alone(project: Project) -> None:
    (project.folder / "tools.py").write_text("model = dict(\n")
    git(project.folder, "add", "-A")
    done = project.run("tools.py")
    assert done.returncode == 0
    assert "no files to check" in done.stdout
