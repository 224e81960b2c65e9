"""What is only possible is shown, fails nothing and is never cured unasked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import mmfix as package
from mmfix.rules.rule import MMCV1, MMENGINE

GUESSED = f"{MMENGINE}model = dict(type='SomewhereNet', use_learnable_fusion=True)\n"
SURE_AND_GUESSED = f"""{MMCV1}
model = dict(
    type='mmtrack.QDTrack', use_learnable_fusion=True,
    detector=dict(backbone=dict(type='ResNet', depth=50, with_cp=True)))
"""


@pytest.fixture
def guessed(tmp_path: Path) -> Path:
    """A config of which only the name of a flag is known."""
    (tmp_path / "guessed.py").write_text(GUESSED)
    return tmp_path / "guessed.py"


@pytest.mark.parametrize(
    ("arguments", "code", "summary"),
    [
        ([], 0, "1 warning (only possible)"),
        (["--fail-on", "possible"], 1, "1 warning"),
        (["--fail-on", "never"], 0, "1 warning (only possible)"),
    ],
)
def test_check_shows_it_and_fails_where_that_is_asked_for(
    arguments: Any, code: int, summary: str, guessed: Path, mmfix: Any
) -> None:
    done = mmfix("check", guessed, *arguments)
    assert done.returncode == code
    assert "warning[MMF102]" in done.stdout
    assert done.stdout.splitlines()[-1] == f"1 config checked: {summary}"


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("certain", 1), ("likely", 1)])
def test_how_sure_it_must_be_to_fail(fail_on: str, code: int, tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "a.py").write_text(GUESSED + "find_unused_parameters = True\nuse_static_graph = True\n")
    assert mmfix("check", "a.py", "--fail-on", fail_on).returncode == code


def test_patch_lists_its_cures_and_changes_nothing(guessed: Path, mmfix: Any) -> None:
    done = mmfix("patch", guessed)
    assert (done.returncode, done.stderr, guessed.read_text()) == (0, "", GUESSED)
    lines = done.stdout.splitlines()
    assert lines[:2] == [
        "guessed.py:",
        "  only possible: warning[MMF102] conditional-modules-without-find-unused",
    ]
    assert lines[3].startswith("    --remedy find-unused (safe): ")
    assert lines[-2].startswith("    what is only possible is not cured unasked: --possible ")
    assert lines[-1] == "1 config: 1 with possible ones"
    assert mmfix("patch", guessed, "--fail-on", "possible").returncode == 1


@pytest.mark.parametrize("asked", [["--possible"], ["--remedy", "find-unused"]])
def test_patch_cures_it_when_told_to(asked: Any, guessed: Path, mmfix: Any) -> None:
    done = mmfix("patch", guessed, *asked)
    assert (done.returncode, done.stderr) == (0, "")
    assert "find_unused_parameters = True" in guessed.read_text()
    assert mmfix("check", guessed).stdout.endswith("nothing found by keys alone\n")


def test_in_json_it_is_left_and_the_status_is_clean(guessed: Path, mmfix: Any) -> None:
    done = json.loads(mmfix("patch", guessed, "--format", "json").stdout)
    assert done["summary"] == {"configs": 1, "patched": 0, "clean": 1, "left": 0, "refused": 0, "skipped": 0}
    assert [item["confidence"] for item in done["patches"][0]["left"]] == ["possible"]


def test_in_python(guessed: Path) -> None:
    assert package.check(guessed).exit_code == 0
    assert package.check(guessed, fail_on="possible").exit_code == 1
    with pytest.raises(ValueError, match="fail_on is one of certain, likely"):
        package.check(guessed, fail_on="sure")
    for target in (guessed, package.load(guessed).tree):
        left = package.patch(target)
        assert (left.status, left.overrides, [item.code for item in left.left]) == ("clean", (), ["MMF102"])
        cured = package.patch(target, possible=True)
        assert [str(item) for item in cured.overrides] == ["find_unused_parameters = True"]


def test_the_cure_of_something_surer_does_not_bring_it_along(tmp_path: Path) -> None:
    """The checkpoint goes off for the reuse; that a parameter may be unused is no reason to change more."""
    (tmp_path / "a.py").write_text(SURE_AND_GUESSED)
    by_code = {item.code: item for item in package.check(tmp_path / "a.py").findings}
    assert {code: item.confidence for code, item in by_code.items()} == {
        "MMF105": "likely",
        "MMF102": "possible",
    }
    done = package.patch(tmp_path / "a.py")
    assert [str(item) for item in done.overrides] == ["model.detector.backbone.with_cp = False"]
    assert [item.code for item in done.left] == ["MMF102"]
    both = package.patch(tmp_path / "a.py", possible=True)
    assert [str(item) for item in both.overrides][1:] == ["find_unused_parameters = True"]
