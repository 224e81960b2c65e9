"""Comments that ignore findings, at work: what they reach, what is said of them, and how they are written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, List

import pytest

import mmfix as package
from anybody import as_anybody, on_linux
from mmfix.rules.rule import MMENGINE

BASE = """
find_unused_parameters = True
model = dict(
    type='A',
    backbone=dict(type='mmdet.ResNet', depth=50,
        with_cp=True))
"""
LINE = 6  # of with_cp
HEIR = f"_base_ = './_base_/base.py'\n{MMENGINE}"
IGNORE = "  # mmfix: ignore[MMF101] we know"
SAID = "nothing else found by keys alone, 1 ignored by a comment"
FOUND = "1 error"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with a base and an heir."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "configs" / "_base_").mkdir(parents=True)
    (tmp_path / "configs" / "_base_" / "base.py").write_text(BASE)
    (tmp_path / "configs" / "heir.py").write_text(HEIR)
    return tmp_path


def last(done: Any) -> str:
    """What the last line tells of the configs that were checked."""
    return str(done.stdout.splitlines()[-1]).partition(" checked: ")[2]


def notes(done: Any) -> List[str]:
    return [line[len("note: ") :] for line in done.stdout.splitlines() if line.startswith("note: ")]


@pytest.mark.parametrize(
    ("old", "new", "summary"),
    [
        ("with_cp=True))", f"with_cp=True)){IGNORE}", SAID),
        ("        with_cp", f"      {IGNORE}\n        with_cp", SAID),
        ("    backbone", f"    {IGNORE}\n    backbone", FOUND),  # that is another line
        ("model = dict(", f"model = dict({IGNORE}", FOUND),
        ("find_unused", "# mmfix: ignore-file[reentrant-checkpoint-with-find-unused] all\nfind_unused", SAID),
        ("type='A'", "type='A # mmfix: ignore[MMF101] text'", FOUND),
        ("with_cp=True))", "with_cp=True))  # mmfix: ignore[MMF102] another", FOUND),
        ("with_cp=True))", "with_cp=True))  # mmfix: ignore[MMF1] all", SAID),
    ],
)
def test_what_a_comment_in_a_base_reaches(repo: Path, mmfix: Any, old: str, new: str, summary: str) -> None:
    base = repo / "configs" / "_base_" / "base.py"
    assert old in BASE
    base.write_text(BASE.replace(old, new, 1))
    done = mmfix("check", "configs", cwd=repo)
    assert (last(done), done.returncode) == (summary, int(summary == FOUND))


def test_the_chain_of_a_value_is_reached(repo: Path, mmfix: Any) -> None:
    """A comment counts at the line that decides, and at each that it overrode."""
    heir = repo / "configs" / "heir.py"
    text = HEIR + "model = dict(backbone=dict(with_cp=True))"
    heir.write_text(text)
    assert last(mmfix("check", "configs", cwd=repo)) == FOUND
    heir.write_text(text + IGNORE)
    assert last(mmfix("check", "configs", cwd=repo)) == SAID
    heir.write_text(text)
    base = repo / "configs" / "_base_" / "base.py"
    base.write_text(BASE.replace("with_cp=True))", f"with_cp=True)){IGNORE}"))
    assert last(mmfix("check", "configs", cwd=repo)) == SAID


def test_a_whole_file_is_the_config_or_the_base_that_decides(repo: Path, mmfix: Any) -> None:
    heir = repo / "configs" / "heir.py"
    heir.write_text("# mmfix: ignore-file[MMF101] all\n" + heir.read_text())
    assert last(mmfix("check", "configs", cwd=repo)) == SAID
    (repo / "configs" / "data.json").write_text('{"_base_": "./heir.py"}')
    assert last(mmfix("check", "configs/data.json", cwd=repo)) == FOUND  # neither it nor its base.py


def test_yaml(repo: Path, mmfix: Any) -> None:
    config = repo / "configs" / "data.yaml"
    text = '_base_: "./heir.py"\nmodel:\n  backbone:\n    with_cp: true\n'
    config.write_text(text)
    assert mmfix("check", "configs/data.yaml", cwd=repo).returncode == 1
    mmfix("check", "configs/data.yaml", "--add-ignore", "known", cwd=repo)
    assert config.read_text() == text.replace("true\n", "true  # mmfix: ignore[MMF101] known\n")
    assert last(mmfix("check", "configs/data.yaml", cwd=repo)) == SAID


def test_what_is_suppressed_is_kept_for_machines(repo: Path, mmfix: Any) -> None:
    base = repo / "configs" / "_base_" / "base.py"
    base.write_text(BASE.replace("with_cp=True))", f"with_cp=True)){IGNORE}"))
    content = json.loads(mmfix("check", "configs", "--format", "json", cwd=repo).stdout)
    (item,) = content["configs"][0]["suppressed"]
    assert (item["code"], item["by"], item["reason"]) == ("MMF101", "comment", "we know")
    assert item["place"] == {"path": "configs/_base_/base.py", "line": LINE}
    assert content["summary"]["suppressed"] == 1
    patched = mmfix("patch", "--diff", "configs", cwd=repo)
    assert "1 finding is not cured: 1 ignored by a comment" in patched.stdout
    assert patched.returncode == 0


def test_standard_input_has_comments_too(repo: Path, mmfix: Any) -> None:
    text = MMENGINE + BASE.replace("with_cp=True))", f"with_cp=True)){IGNORE}")
    assert last(mmfix("check", "-", given=text, cwd=repo)) == SAID


PARTLY = "where not all of the model's source was followed; keep it if it does where you train"


@pytest.mark.parametrize(
    ("comment", "note"),
    [
        ("ignore[MMF101]", "`ignore[MMF101]` gives no reason; write one behind it"),
        ("ignore[MMF102] x", f"`ignore[MMF102]` matches nothing here, {PARTLY}"),
        ("ignore[MMF101, MMF102] x", f"`ignore[MMF102]` matches nothing here, {PARTLY}"),
        ("ignore[MMF999] x", "`# mmfix:` names no rule with 'MMF999'; did you mean MMF"),
        ("ingore[MMF101] x", "`# mmfix:` is not understood; write `# mmfix: ignore[rule] reason`"),
        ("ignore[MMF101] x", ""),
    ],
)
def test_what_is_said_of_a_comment(repo: Path, mmfix: Any, comment: str, note: str) -> None:
    config = repo / "configs" / "own.py"
    config.write_text(BASE.replace("with_cp=True))", f"with_cp=True))  # mmfix: {comment}") + MMENGINE)
    said = notes(mmfix("check", "configs/own.py", cwd=repo))
    assert [each.startswith(f"configs/own.py:{LINE}: {note}") for each in said] == ([True] if note else [])


def test_a_comment_of_a_base_counts_by_all_heirs(repo: Path, mmfix: Any) -> None:
    base = repo / "configs" / "_base_" / "base.py"
    base.write_text(BASE.replace("with_cp=True))", f"with_cp=True)){IGNORE}"))
    other = repo / "configs" / "other.py"
    other.write_text(HEIR + "model = dict(backbone=dict(with_cp=False))\n")
    assert notes(mmfix("check", "configs", cwd=repo)) == []  # one heir needs it
    assert notes(mmfix("check", "configs/other.py", cwd=repo)) == []  # another one may
    (repo / "configs" / "broken.py").write_text("model = (")
    (repo / "configs" / "heir.py").unlink()
    assert notes(mmfix("check", "configs", cwd=repo)) == []  # what cannot be read may need it
    (repo / "configs" / "broken.py").unlink()
    (said,) = notes(mmfix("check", "configs", cwd=repo))
    assert said.startswith(f"configs/_base_/base.py:{LINE}: `ignore[MMF101]` matches nothing here")
    assert notes(mmfix("check", "configs", "--launcher", "none", cwd=repo)) == []  # nothing is looked for


def test_where_all_was_followed_it_is_to_be_taken_out(examples: Path, mmfix: Any) -> None:
    config = examples / "rapsam" / "regnet_ade20k.py"
    config.write_text("# mmfix: ignore-file[MMF108] x\n" + config.read_text())
    said = notes(mmfix("check", config, cwd=examples.parent))
    assert said == ["configs/rapsam/regnet_ade20k.py:1: `ignore-file[MMF108]` matches nothing; take it out"]


def test_a_finding_without_a_line_needs_another_way(repo: Path, mmfix: Any) -> None:
    installed = repo / "site-packages" / "lib"
    installed.mkdir(parents=True)
    (installed / "base.py").write_text(BASE)
    heir = repo / "configs" / "heir.py"
    base = "_base_ = '../site-packages/lib/base.py'\n"
    heir.write_text(f"{base}# mmfix: ignore[MMF101] x\nmodel = dict(type='A')\n{MMENGINE}")
    done = mmfix("check", "configs/heir.py", cwd=repo)
    assert last(done) == FOUND
    (said,) = notes(done)
    assert "does not reach the finding, which has no line in a file of yours" in said
    assert "write `ignore-file[MMF101]` into the config, or `ignore` into mmfix.toml" in said


def test_add_ignore_writes_what_is_read(repo: Path, mmfix: Any) -> None:
    done = mmfix("check", "configs", "--add-ignore", "we know", cwd=repo)
    assert (last(done), done.returncode) == (SAID, 0)
    assert done.stderr == "mmfix: wrote 1 comment into 1 file\n"
    base = repo / "configs" / "_base_" / "base.py"
    assert base.read_text() == BASE.replace("with_cp=True))", f"with_cp=True)){IGNORE}")
    again = mmfix("check", "configs", "--add-ignore", "we know", cwd=repo)
    assert again.stderr == "mmfix: wrote 0 comments into 0 files\n"
    assert base.read_text() == BASE.replace("with_cp=True))", f"with_cp=True)){IGNORE}")
    assert (repo / "configs" / "heir.py").read_text() == HEIR


def test_add_ignore_all_over_the_examples(examples: Path, mmfix: Any) -> None:
    before = {path: package.load(path).to_dict() for path in examples.rglob("*_r50*.py")}
    done = mmfix("check", "configs", "--add-ignore", "known", cwd=examples.parent)
    assert (last(done), done.returncode) == ("nothing else found, 5 ignored by comments", 0)
    for path, tree in before.items():
        assert package.load(path).to_dict() == tree


def test_add_ignore_takes_the_whole_file_where_there_is_no_line(repo: Path, mmfix: Any) -> None:
    installed = repo / "site-packages" / "lib"
    installed.mkdir(parents=True)
    (installed / "base.py").write_text(BASE)
    (installed / "whole.py").write_text(BASE + MMENGINE)
    heir = repo / "configs" / "heir.py"
    text = f"_base_ = '../site-packages/lib/base.py'\n{MMENGINE}"
    heir.write_text(text)
    (repo / "configs" / "data.json").write_text('{"_base_": "./heir.py"}')
    done = mmfix("check", "configs", "--add-ignore", "known", cwd=repo)
    assert heir.read_text() == f"# mmfix: ignore-file[MMF101] known\n{text}"
    assert (installed / "base.py").read_text() == BASE
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "configs/data.json: error: has no place for a comment that ignores MMF101 "
        "(set ignore or per-path-ignores in mmfix.toml)"
    )
    inside = mmfix("check", installed / "whole.py", "--add-ignore", "known", cwd=repo)
    assert "belongs to an installed package, so it gets no comment" in inside.stderr
    assert (installed / "whole.py").read_text() == BASE + MMENGINE


def test_add_ignore_leaves_the_repository_alone_that_is_not_the_config_s(repo: Path, mmfix: Any) -> None:
    inner = repo / "inner"
    (inner / ".git").mkdir(parents=True)
    (inner / "heir.py").write_text(f"_base_ = '../configs/_base_/base.py'\n{MMENGINE}")
    assert mmfix("check", "inner/heir.py", "--add-ignore", "known", cwd=repo).returncode == 0
    assert (repo / "configs" / "_base_" / "base.py").read_text() == BASE
    assert (inner / "heir.py").read_text().startswith("# mmfix: ignore-file[MMF101] known\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["configs", "--add-ignore", " "], "--add-ignore takes a reason, on one line"),
        (["configs", "--add-ignore", "a\nb"], "--add-ignore takes a reason, on one line"),
        (["-", "--add-ignore", "a"], "--add-ignore goes with files of yours"),
        (["configs", "--add-ignore", "a", "--write-baseline", "b"], "and not with --write-baseline"),
    ],
)
def test_add_ignore_that_cannot_be(repo: Path, mmfix: Any, arguments: List[str], said: str) -> None:
    done = mmfix("check", *arguments, cwd=repo, given=BASE)
    assert done.returncode == 2
    assert said in done.stderr


@on_linux
@pytest.mark.skipif(os.geteuid() != 0 if hasattr(os, "geteuid") else True, reason="needs root to give it up")
def test_a_file_that_cannot_be_written_is_said(repo: Path) -> None:
    import subprocess
    import sys

    base = repo / "configs" / "_base_" / "base.py"
    base.chmod(0o444)
    done = subprocess.run(
        [sys.executable, "-m", "mmfix", "check", "configs", "--add-ignore", "known"],
        cwd=str(repo),
        capture_output=True,
        encoding="utf-8",
        preexec_fn=as_anybody(),
    )
    assert done.returncode == 2
    assert "configs/_base_/base.py: error: cannot be written: the file is read-only" in done.stderr
    assert last(done) == FOUND
    assert base.read_text() == BASE
