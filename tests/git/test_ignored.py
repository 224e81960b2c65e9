"""What git ignores is left out when a folder is walked, and counted; nothing of the repository runs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, List

import pytest
from git_helpers import CONFIG, commit, git, needs_git, write

pytestmark = needs_git


def judged(done: Any) -> List[str]:
    report = json.loads(done.stdout)
    return sorted(config["path"] for config in report["configs"] if config["status"] == "ok")


def notes(done: Any) -> List[str]:
    return list(json.loads(done.stdout)["notes"])


def test_what_git_ignores_is_left_out_and_counted(repo: Path, mmfix: Any) -> None:
    write(repo, "configs/a.py", "configs/local_b.py", "configs/runs/c.py", "configs/runs/deep/d.py")
    write(repo, ".gitignore", text="local_*\nruns/\n")
    done = mmfix("check", "configs", "--format", "json", cwd=repo)
    assert judged(done) == ["configs/a.py"]
    assert notes(done) == [
        "left out, since git ignores it: 1 folder and 1 config (configs/runs, configs/local_b.py); "
        "--no-gitignore looks there, too"
    ]
    everything = mmfix("check", "configs", "--format", "json", "--no-gitignore", cwd=repo)
    assert len(judged(everything)) == 4
    assert notes(everything) == []


def test_a_tracked_file_is_never_ignored(repo: Path, mmfix: Any) -> None:
    write(repo, "configs/a.py", "configs/runs/kept.py", "configs/runs/not.py")
    write(repo, ".gitignore", text="runs/\n")
    git(repo, "add", "-f", "configs/runs/kept.py")
    done = mmfix("check", "configs", "--format", "json", cwd=repo)
    assert judged(done) == ["configs/a.py", "configs/runs/kept.py"]


def test_what_is_named_is_judged(repo: Path, mmfix: Any) -> None:
    write(repo, "runs/a.py", "runs/deep/b.py")
    write(repo, ".gitignore", text="runs/\n")
    for path in ("runs", "runs/deep"):
        assert "runs/deep/b.py" in judged(mmfix("check", path, "--format", "json", cwd=repo))
    assert judged(mmfix("check", "runs/a.py", "--format", "json", cwd=repo)) == ["runs/a.py"]


def test_rules_of_nested_files_and_of_the_clone_count(repo: Path, mmfix: Any) -> None:
    write(repo, "configs/a.py", "configs/x/gen_1.py", "configs/x/gen_keep.py", "configs/mine.py")
    write(repo, "configs/x/.gitignore", text="gen_*\n!gen_keep.py\n")
    write(repo, ".git/info/exclude", text="mine.py\n")
    done = mmfix("check", "configs", "--format", "json", cwd=repo)
    assert judged(done) == ["configs/a.py", "configs/x/gen_keep.py"]


def test_a_repository_inside_has_its_own_rules(repo: Path, mmfix: Any) -> None:
    write(repo, "configs/a.py", "configs/inner/b.py", "configs/inner/c.py")
    git(repo / "configs/inner", "init", "-q")
    write(repo, "configs/inner/.gitignore", text="c.py\n")
    done = mmfix("check", "configs", "--format", "json", cwd=repo)
    assert judged(done) == ["configs/a.py", "configs/inner/b.py"]


def test_heirs_that_git_ignores_are_left_out(repo: Path, mmfix: Any) -> None:
    write(repo, "configs/_base_/m.py", text="model = dict(type='A')\n")
    heir = "_base_ = './_base_/m.py'\ntrain_dataloader = dict()\noptim_wrapper = dict()\n"
    write(repo, "configs/a.py", "configs/old/b.py", text=heir)
    write(repo, "configs/old/b.py", text=heir.replace("./_base_", "../_base_"))
    write(repo, ".gitignore", text="old/\n")
    done = mmfix("check", "configs/_base_/m.py", "--format", "json", cwd=repo)
    assert judged(done) == ["configs/a.py"]


def test_names_of_any_kind(repo: Path, mmfix: Any) -> None:
    names = ["configs/a b.py", "configs/é.py", "configs/*.py", "configs/new\nline.py", "configs/[x]/y.py"]
    write(repo, "configs/ok.py", *names)
    write(repo, ".gitignore", text="a b.py\né.py\n\\*.py\nnew*\n\\[x\\]\n")
    assert judged(mmfix("check", "configs", "--format", "json", cwd=repo)) == ["configs/ok.py"]
    assert judged(mmfix("check", "configs/[x]", "--format", "json", cwd=repo)) == ["configs/[x]/y.py"]


def test_a_linked_folder_is_walked_by_the_rules_of_where_it_is(repo: Path, mmfix: Any) -> None:
    write(repo, "models/a.py", "models/local.py")
    (repo / "configs").mkdir()
    (repo / "configs/linked").symlink_to(repo / "models")
    (repo / "configs/away").symlink_to(repo.parent)
    write(repo, ".gitignore", text="local.py\naway\n")
    done = mmfix("check", "configs", "--format", "json", cwd=repo)
    assert judged(done) == ["configs/linked/a.py"]
    assert [note for note in notes(done) if "leads out" in note] == []


def test_all_of_a_folder_ignored_is_no_success(repo: Path, mmfix: Any) -> None:
    write(repo, "configs/a.py")
    write(repo, ".gitignore", text="*.py\n")
    write(repo, "configs/deep/b.py")
    assert mmfix("check", "configs/deep", cwd=repo).returncode == 0, (
        "all that was named is ignored, so it was meant"
    )
    write(repo, "configs/readme.md")
    git(repo, "add", "configs/readme.md")
    done = mmfix("check", "configs", cwd=repo)
    assert done.returncode == 2
    assert "no config in this folder" in done.stderr


def test_only_bases_beside_what_is_ignored_is_no_success(repo: Path, mmfix: Any) -> None:
    write(repo, "configs/m.py", text="model = dict(type='A')\n")
    write(repo, "configs/a.py")
    write(repo, ".gitignore", text="a.py\n")
    done = mmfix("check", "configs", cwd=repo)
    assert done.returncode == 2
    assert done.stderr.startswith("configs: error: no config that can be trained in this folder")


def test_without_git_nothing_is_left_out_and_that_is_said(repo: Path, mmfix: Any) -> None:
    write(repo, "configs/a.py", "configs/b.py")
    write(repo, ".gitignore", text="b.py\n")
    trap = repo / "git"  # the working directory is no place to find programs in
    trap.write_text("#!/bin/sh\ntouch ran\n")
    trap.chmod(0o755)
    done = mmfix(
        "check", "configs", "--format", "json", cwd=repo, env={"PATH": f".{os.pathsep}{os.pathsep}bin"}
    )
    assert judged(done) == ["configs/a.py", "configs/b.py"]
    assert notes(done) == [
        "git does not say what it ignores here, so nothing was left out: git is not installed"
    ]
    assert not (repo / "ran").exists()


def test_a_folder_that_is_only_called_git_is_no_repository(tmp_path: Path, mmfix: Any) -> None:
    write(tmp_path, "configs/a.py")
    (tmp_path / ".git").mkdir()
    done = mmfix("check", "configs", "--format", "json", cwd=tmp_path)
    assert judged(done) == ["configs/a.py"]
    assert notes(done) == []


def test_variables_of_a_hook_name_no_other_repository(repo: Path, tmp_path: Path, mmfix: Any) -> None:
    write(repo, "configs/a.py", "configs/b.py")
    write(repo, ".gitignore", text="b.py\n")
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    env = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / "index"),
    }
    assert judged(mmfix("check", "configs", "--format", "json", cwd=repo, env=env)) == ["configs/a.py"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX shell")
def test_settings_of_the_repository_run_nothing(repo: Path, mmfix: Any) -> None:
    """A repository that was unpacked, not cloned: its own settings name programs wherever git takes one."""
    marks = repo.parent / "marks"
    marks.mkdir()
    write(repo, "configs/a.py", "configs/b.py")
    write(repo, ".gitattributes", text="* filter=bad diff=bad merge=bad\n")
    write(repo, ".gitignore", text="b.py\n")
    commit(repo)
    for key in (
        *("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.gitProxy"),
        *("filter.bad.clean", "filter.bad.smudge", "filter.bad.process", "diff.bad.command"),
        *("diff.bad.textconv", "diff.external", "credential.helper", "uploadpack.packObjectsHook"),
        *("pager.ls-files", "pager.ls-tree", "alias.ls-files", "alias.ls-tree", "core.alternateRefsCommand"),
    ):
        git(repo, "config", key, f"touch {marks}/{key};")
    hooks = repo / "hooks"
    for name in ("post-index-change", "fsmonitor-watchman", "post-checkout", "reference-transaction"):
        write(hooks, name, text=f"#!/bin/sh\ntouch {marks}/{name}\n")
        (hooks / name).chmod(0o755)
    git(repo, "config", "core.hooksPath", str(hooks))
    (repo / "configs/a.py").write_text(CONFIG + "work_dir = 'x'\n")
    for arguments in (["check", "configs"], ["patch", "--diff", "configs"]):
        done = mmfix(*arguments, "--format", "json", cwd=repo)
        assert done.returncode == 0, done.stderr
    assert mmfix("diff", "configs/a.py", "--since", "HEAD", cwd=repo).returncode == 1
    assert [path.name for path in marks.iterdir()] == []


def test_a_folder_that_looks_like_a_bare_repository_is_none(repo: Path, mmfix: Any) -> None:
    """Any repository may hold one, with settings of its own, as files that are cloned."""
    marks = repo.parent / "mark"
    write(repo, "bare/configs/a.py")
    git(repo / "bare", "init", "-q", "--bare")
    git(repo / "bare", "config", "core.bare", "false")
    git(repo / "bare", "config", "core.worktree", str(repo / "bare/configs"))
    git(repo / "bare", "config", "core.fsmonitor", f"touch {marks};")
    done = mmfix("check", "configs", "--format", "json", cwd=repo / "bare")
    assert judged(done) == ["configs/a.py"]
    assert not marks.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes")
def test_rules_that_are_a_named_pipe_end_in_time(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmfix.git import ask
    from mmfix.git.ignored import Ignored

    write(repo, "configs/a.py")
    os.mkfifo(repo / ".gitignore")
    monkeypatch.setattr(ask, "_SECONDS", 0.5)
    ignored = Ignored()
    assert not ignored.skips(str(repo / "configs"), str(repo / "configs/a.py"))
    assert list(ignored.trouble.values()) == ["git takes more than 0.5 s"]


def test_an_answer_without_end_is_cut(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmfix.git import ask

    write(repo, "a.py", "b.py")
    commit(repo)
    monkeypatch.setattr(ask, "_MOST_BYTES", 30)
    with pytest.raises(ask.GitError, match="more than"):
        ask.ask(str(repo), "ls-tree", "-r", "-z", "HEAD")
