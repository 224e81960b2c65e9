"""``mmfix patch --in-place-value`` end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CONFIG = """default_scope = 'mmdet'
model = dict(type='RetinaNet', backbone=dict(
    type='ResNet', depth=18,
    with_cp=True,  # saves memory
))
find_unused_parameters = True
train_cfg = dict(by_epoch=True, max_epochs=1)
train_dataloader = dict(batch_size=1)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
"""
CURED = CONFIG.replace("with_cp=True", "with_cp=False")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(CONFIG)
    return tmp_path / "a.py"


def test_a_value_is_changed_a_second_run_changes_nothing_and_undo_restores(config: Path, mmfix: Any) -> None:
    shown = mmfix("patch", "a.py", "--in-place-value", "--diff")
    assert "-    with_cp=True,  # saves memory\n+    with_cp=False,  # saves memory\n" in shown.stdout
    assert config.read_text() == CONFIG

    done = mmfix("patch", "a.py", "--in-place-value")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\n    model.backbone.with_cp = False" in done.stdout
    assert "\n    in line 4: True -> False\n" in done.stdout
    patched = config.read_text()
    assert patched.startswith(CURED)
    assert not [line for line in patched[len(CURED) :].splitlines() if line and not line.startswith("# ")]
    for again in ((), ("--in-place-value",), ("--in-place-value", "--remedy", "checkpoint-off")):
        assert mmfix("patch", "a.py", *again).returncode == 0
        assert config.read_text() == patched

    config.write_text(f"# mine\n{patched}")
    assert mmfix("patch", "a.py", "--undo").returncode == 0
    assert config.read_text() == f"# mine\n{CONFIG}"


def test_another_remedy_takes_its_place(config: Path, mmfix: Any) -> None:
    mmfix("patch", "a.py", "--in-place-value")
    mmfix("patch", "a.py", "--remedy", "find-unused-off", "--in-place-value")
    assert config.read_text().startswith(CONFIG.replace("parameters = True", "parameters = False"))


def test_why_a_value_is_appended_is_said(config: Path, mmfix: Any) -> None:
    (config.parent / "b.py").write_text("_base_ = './a.py'\n")
    done = mmfix("patch", "b.py", "--in-place-value")
    said = "model.backbone.with_cp is appended, not changed in place: a base sets it, a.py:4"
    assert said in done.stdout
    assert "with_cp=False" in (config.parent / "b.py").read_text()
    assert config.read_text() == CONFIG


def test_what_was_changed_since_stays_and_is_named(config: Path, mmfix: Any) -> None:
    mmfix("patch", "a.py", "--in-place-value")
    config.write_text(config.read_text().replace("with_cp=False", "with_cp=0"))
    done = mmfix("patch", "a.py", "--undo")
    said = "with_cp stays as it is: it is no longer False, which mmfix has written in line 4; it was True"
    assert said in " ".join(done.stdout.split())
    assert config.read_text() == CONFIG.replace("with_cp=True", "with_cp=0")


def test_a_copy(config: Path, mmfix: Any) -> None:
    (config.parent / "sub").mkdir()
    for _ in range(2):
        assert mmfix("patch", "a.py", "--in-place-value", "--output", "sub/b.py").returncode == 0
    assert config.read_text() == CONFIG
    assert (config.parent / "sub" / "b.py").read_text().startswith(CURED)
    assert mmfix("patch", "sub/b.py", "--undo").returncode == 0
    assert (config.parent / "sub" / "b.py").read_text() == CONFIG


def test_json_has_no_way_back(tmp_path: Path, mmfix: Any) -> None:
    model = {"type": "RetinaNet", "backbone": {"type": "ResNet", "depth": 18, "with_cp": True}}
    rest = {"find_unused_parameters": True, "train_cfg": {"max_epochs": 1}, "default_scope": "mmdet"}
    rest.update({"train_dataloader": {"batch_size": 1}, "optim_wrapper": {"optimizer": {"type": "SGD"}}})
    text = json.dumps({"model": model, **rest})
    (tmp_path / "a.json").write_text(text)
    refused = mmfix("patch", "a.json")
    assert refused.returncode == 2
    assert "--in-place-value" in refused.stderr
    done = mmfix("patch", "a.json", "--in-place-value")
    assert done.returncode == 0
    assert "so --undo cannot bring it back" in done.stdout
    assert (tmp_path / "a.json").read_text() == text.replace('"with_cp": true', '"with_cp": false')


def test_json_output(config: Path, mmfix: Any) -> None:
    done = mmfix("patch", "a.py", "--in-place-value", "--format", "json")
    (found,) = json.loads(done.stdout)["patches"]
    assert found["in_place"] == [{"line": 4, "key": "model.backbone.with_cp", "was": "True", "now": "False"}]
    assert found["confirmed_by"]
    assert config.read_text().startswith(CURED)


@pytest.mark.parametrize("more", [("--undo",), ("--overlay",)])
@pytest.mark.usefixtures("config")
def test_options_that_do_not_go_together(more: Any, mmfix: Any) -> None:
    assert mmfix("patch", "a.py", "--in-place-value", *more).returncode == 2


MISSPELT = """train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)
train_dataloader = dict(batch_size=2)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
find_unused_parameterss = True  # one letter too many
model = dict(type='Own')
"""
RIGHT = MISSPELT.replace("parameterss", "parameters")


def test_a_name_that_nobody_reads_is_renamed_where_it_stands(tmp_path: Path, mmfix: Any) -> None:
    config = tmp_path / "a.py"
    config.write_text(MISSPELT)
    done = mmfix("patch", "a.py", "--in-place-value", "--remedy", "right-name")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\n    in line 4: find_unused_parameterss -> find_unused_parameters\n" in done.stdout
    patched = config.read_text()
    assert patched.startswith(RIGHT)
    for again in ((), ("--in-place-value", "--remedy", "right-name")):
        assert mmfix("patch", "a.py", *again).returncode == 0
        assert config.read_text() == patched
    assert "MMF" not in mmfix("check", "a.py").stdout
    mmfix("patch", "a.py", "--undo")
    assert config.read_text() == MISSPELT


def test_a_key_that_nobody_reads_is_taken_out(tmp_path: Path, mmfix: Any) -> None:
    config = tmp_path / "a.py"
    both = MISSPELT + "find_unused_parameters = False\n"
    config.write_text(both)
    refused = mmfix("patch", "a.py", "--remedy", "drop-key")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "--in-place-value" in refused.stderr
    done = mmfix("patch", "a.py", "--in-place-value", "--remedy", "drop-key", "--format", "json")
    (patch,) = json.loads(done.stdout)["patches"]
    assert patch["overrides"] == []
    (place,) = patch["in_place"]
    assert (place["line"], place["now"]) == (4, "")
    assert place["was"] == "find_unused_parameterss = True  # one letter too many"
    assert config.read_text().startswith(both.replace(f"{place['was']}\n", ""))
    mmfix("patch", "a.py", "--undo")
    assert config.read_text() == both
