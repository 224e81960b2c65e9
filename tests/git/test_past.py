"""`mmfix diff --since REV`: a config and its bases as git has them, and as they are now."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from git_helpers import commit, git, needs_git, write

pytestmark = needs_git

HEIR = "_base_ = './_base_/one.py'\n"
LAZY_HEIR = "from mmengine.config import read_base\nwith read_base():\n    from ._base_.one import *\n"


@pytest.fixture
def configs(repo: Path) -> Path:
    write(repo, "configs/_base_/one.py", text="a = 1\n")
    write(repo, "configs/heir.py", text=HEIR)
    write(repo, "configs/lazy.py", text=LAZY_HEIR)
    commit(repo)
    return repo


def compared(
    folder: Path, mmfix: Any, *arguments: str
) -> Tuple[List[Tuple[str, Dict[str, Any], Dict[str, Any]]], List[str]]:
    done = mmfix("diff", *arguments, "--format", "json", cwd=folder)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert done.returncode == bool(found["changes"])
    return [(each["key"], each["before"], each["after"]) for each in found["changes"]], found["notes"]


def side(value: Any, path: str, line: int, column: int, text: str) -> Dict[str, Any]:
    return {"value": value, "origin": {"path": path, "line": line, "column": column}, "text": text}


@pytest.mark.parametrize("heir", ["configs/heir.py", "configs/lazy.py"])
def test_a_base_has_changed(heir: str, configs: Path, mmfix: Any) -> None:
    assert compared(configs, mmfix, heir, "--since", "HEAD") == ([], [])
    write(configs, "configs/_base_/one.py", text="# now\na = 2\n")
    base = "configs/_base_/one.py"
    change = ("a", side(1, base, 1, 5, "a = 1"), side(2, base, 2, 5, "a = 2"))
    assert compared(configs, mmfix, heir, "--since", "HEAD") == ([change], [])
    assert compared(configs / "configs", mmfix, f"../{heir}", "--since", "HEAD")[0][0][0] == "a"


@pytest.mark.parametrize("heir", ["configs/heir.py", "configs/lazy.py"])
def test_a_base_has_another_name(heir: str, configs: Path, mmfix: Any) -> None:
    (configs / "configs/_base_/one.py").rename(configs / "configs/_base_/two.py")
    (configs / heir).write_text((configs / heir).read_text().replace("one", "two"))
    assert compared(configs, mmfix, heir, "--since", "HEAD") == ([], [])


def test_a_base_that_was_not_there(configs: Path, mmfix: Any) -> None:
    write(configs, "configs/late.py", text="_base_ = './_base_/new.py'\n")
    commit(configs)
    write(configs, "configs/_base_/new.py", text="b = 1\n")
    found, _ = compared(configs, mmfix, "configs/late.py", "--since", "HEAD")
    assert [key for key, *_ in found] == ["b", ""]
    assert "not here" in found[0][1]["value"]["unknown"]


def test_a_config_that_had_another_name_or_is_gone(configs: Path, mmfix: Any) -> None:
    (configs / "configs/heir.py").rename(configs / "configs/new.py")
    done = mmfix("diff", "configs/new.py", "--since", "HEAD", cwd=configs)
    assert done.returncode == 2
    assert "it was not there in HEAD" in done.stderr
    assert "mmfix diff OLD_NAME configs/new.py --since HEAD" in done.stderr
    assert compared(configs, mmfix, "configs/heir.py", "configs/new.py", "--since", "HEAD") == ([], [])


def test_what_git_does_not_keep_is_read_as_it_is(configs: Path, mmfix: Any) -> None:
    write(configs, ".gitignore", text="local.py\n")
    write(configs, "configs/local.py", text="b = 1\n")
    write(configs, "configs/heir.py", text="_base_ = './local.py'\n")
    commit(configs)
    found, notes = compared(configs, mmfix, "configs/heir.py", "--since", "HEAD")
    assert found == []
    assert notes == ["not kept by this repository, so read as it is today on both sides: configs/local.py"]


def test_a_submodule_is_read_as_the_revision_names_it(configs: Path, tmp_path: Path, mmfix: Any) -> None:
    part = tmp_path / "part"
    part.mkdir()
    git(part, "init", "-q")
    write(part, "base.py", text="a = 1\n")
    commit(part)
    git(configs, "submodule", "--quiet", "add", str(part), "part")
    write(configs, "configs/heir.py", text="_base_ = '../part/base.py'\n")
    commit(configs)
    write(configs, "part/base.py", text="a = 2\n")
    found, notes = compared(configs, mmfix, "configs/heir.py", "--since", "HEAD")
    assert ([(key, old["value"], new["value"]) for key, old, new in found], notes) == ([("a", 1, 2)], [])


@pytest.mark.skipif(sys.platform == "win32", reason="links")
def test_a_base_behind_a_link(configs: Path, mmfix: Any) -> None:
    os.symlink("one.py", configs / "configs/_base_/link.py")
    os.symlink("loop.py", configs / "configs/_base_/loop.py")
    write(configs, "configs/heir.py", text="_base_ = './_base_/link.py'\n")
    write(configs, "configs/lost.py", text="_base_ = './_base_/loop.py'\n")
    commit(configs)
    write(configs, "configs/_base_/one.py", text="a = 2\n")
    found, _ = compared(configs, mmfix, "configs/heir.py", "--since", "HEAD")
    assert [(key, old["text"], new["text"]) for key, old, new in found] == [("a", "a = 1", "a = 2")]
    assert [key for key, *_ in compared(configs, mmfix, "configs/lost.py", "--since", "HEAD")[0]] == [""]


@pytest.mark.parametrize("revision", ["nope", "--upload-pack=touch x", "HEAD:configs"])
def test_a_revision_that_git_does_not_know(revision: str, configs: Path, mmfix: Any) -> None:
    done = mmfix("diff", "configs/heir.py", f"--since={revision}", cwd=configs)
    assert done.returncode == 2
    assert f"git knows no revision {revision} here" in done.stderr


def test_a_file_that_could_not_be_read_then(configs: Path, mmfix: Any) -> None:
    (configs / "configs/_base_/one.py").write_bytes(b"a = '\xff'\n")
    commit(configs)
    write(configs, "configs/_base_/one.py", text="a = 1\n")
    done = mmfix("diff", "configs/heir.py", "--since", "HEAD", cwd=configs)
    assert done.returncode == 2
    assert "as it was in HEAD: is not UTF-8" in done.stderr
