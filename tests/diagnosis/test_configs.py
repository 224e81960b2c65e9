"""The config of a run: given, printed in the log, or named on its command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from messages import twice, unused

import mmfix
from mmfix.jobs.curing import patch_explained
from mmfix.jobs.patching import Options
from mmfix.rules.rule import MMENGINE

STAMP = "2024/11/19 12:00:00 - mmengine - INFO -"
CHECKPOINTED = "find_unused_parameters = True\nmodel = dict(\n    type='FCOS',\n    backbone=dict(type='ResNet', with_cp=True))\n"
TWICE = twice(50, "backbone.layer4.2.conv3.weight")


def printed(config: str) -> str:
    return f"{STAMP} Config:\n{config}\n{STAMP} Epoch(train) [1][1/90]\n"


def test_the_printed_config_is_used_and_its_lines_are_named(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text(f"one line\n{printed(MMENGINE + CHECKPOINTED)}{TWICE}")

    found = mmfix.explain(log)

    assert found.config == "printed in train.log:3"
    assert found.confidence == "proven"
    (finding,) = found.findings
    assert finding.code == "MMF101"
    origin = finding.origins[0]
    assert Path(origin.path).name == "train.log"
    assert "with_cp=True" in log.read_text().splitlines()[origin.line - 1]
    assert found.command == "--cfg-options model.backbone.with_cp=False"


@pytest.mark.parametrize("where", ["beside", "above"])
def test_the_config_on_the_command_line_is_what_a_cure_is_written_into(where: str, tmp_path: Path) -> None:
    config = tmp_path / "configs" / "a.py"
    config.parent.mkdir()
    config.write_text(MMENGINE + CHECKPOINTED)
    folder = tmp_path / "work_dirs" / "a" if where == "above" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "train.log"
    log.write_text(f"bash tools/dist_train.sh configs/a.py 8\n{printed(MMENGINE + CHECKPOINTED)}{TWICE}")

    found = mmfix.explain(log)

    assert found.path == str(config)
    assert found.command.endswith("configs/a.py --remedy checkpoint-off")
    assert found.command.startswith("mmfix patch ")


def test_a_config_that_has_changed_since_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(MMENGINE + CHECKPOINTED.replace("with_cp=True", "with_cp=False"))
    log = tmp_path / "train.log"
    log.write_text(f"python tools/train.py a.py\n{printed(MMENGINE + CHECKPOINTED)}{TWICE}")

    found = mmfix.explain(log)

    assert found.findings[0].code == "MMF101"
    assert found.path == ""
    assert any("no longer what the log has printed" in note for note in found.notes)


def test_options_of_the_command_line_count(tmp_path: Path) -> None:
    """open-mmlab/mmyolo#255: frozen on the command line, so the file does not show it."""
    (tmp_path / "a.py").write_text(
        MMENGINE + "model = dict(type='FCOS', backbone=dict(type='mmdet.SwinTransformer'))\n"
    )
    log = tmp_path / "train.log"
    command = "bash tools/dist_train.sh a.py 2 --cfg-options model.backbone.frozen_stages=2 load_from='x.pth'"
    log.write_text(f"{command}\nEpoch(train) [1][1/2730]\n{unused([0, 1, 2])}")

    found = mmfix.explain(log)

    assert [finding.code for finding in found.findings] == ["MMF103"]
    assert any("--cfg-options model.backbone.frozen_stages=2" in note for note in found.notes)


def test_a_config_that_is_not_here_is_named(tmp_path: Path) -> None:
    found = mmfix.explain(f"python tools/train.py configs/gone.py\n{TWICE}")

    assert found.findings == ()
    assert "the log names configs/gone.py, which is not here; give it with --config" in found.notes


@pytest.mark.parametrize(
    ("config", "note"),
    [
        (MMENGINE + CHECKPOINTED + "custom_hooks = [dict(type='EMA", "is cut off"),
        ("model = dict(type='FCOS", "cannot be read"),
        ("a = 1\n", "has no model"),
    ],
)  # fmt: skip
def test_a_printed_config_that_is_not_whole(config: str, note: str) -> None:
    found = mmfix.explain(printed(config) + TWICE)

    assert found.outcome == "READY_TWICE"
    assert any(note in line for line in found.notes), found.notes


def test_the_given_config_wins_and_differences_are_told(tmp_path: Path) -> None:
    config = tmp_path / "a.py"
    config.write_text(MMENGINE + CHECKPOINTED.replace("with_cp=True", "with_cp=False"))

    found = mmfix.explain(printed(MMENGINE + CHECKPOINTED) + TWICE, config)

    assert found.config == str(config)
    assert "the log printed other values than this config has: model.backbone.with_cp" in found.notes


def test_the_message_shows_what_find_unused_was() -> None:
    """Switched on since: the config now has the other error, and its cure must not bring back the first."""
    found = mmfix.explain(printed(MMENGINE + CHECKPOINTED) + unused([3, 4]))

    assert any("find_unused_parameters was off in this run" in note for note in found.notes)
    assert [finding.code for finding in found.findings] == ["MMF101"]
    assert "find-unused-off" not in [remedy.name for remedy in found.remedies]


def test_a_config_that_cannot_have_ended_so() -> None:
    found = mmfix.explain(
        printed(MMENGINE + "model = dict(type='FCOS', backbone=dict(type='ResNet'))\n") + twice(7)
    )

    assert found.findings == ()
    assert any("is it really the config of this run?" in note for note in found.notes)
    assert [remedy.overrides for remedy in found.remedies if remedy.overrides] == []


def test_a_given_config_of_another_model_is_neither_judged_nor_patched(tmp_path: Path) -> None:
    config = tmp_path / "wrong.py"
    config.write_text(
        MMENGINE + "find_unused_parameters = True\nmodel = dict(type='ATSS', backbone=dict(type='Swin'))\n"
    )

    found = mmfix.explain(printed(MMENGINE + CHECKPOINTED) + TWICE, config)

    assert found.config.startswith("printed in")
    assert found.path == ""
    assert any("is not the config of this run" in note for note in found.notes)


def test_a_config_that_was_cured_since_has_nothing_to_patch(tmp_path: Path) -> None:
    config = tmp_path / "a.py"
    config.write_text(MMENGINE + CHECKPOINTED.replace("with_cp=True", "with_cp=False"))

    found = mmfix.explain(printed(MMENGINE + CHECKPOINTED) + TWICE, config)

    assert found.findings == ()
    assert found.remedies == ()
    assert not found.fits
    assert patch_explained(found, Options(write=True)).status == "clean"


def test_a_key_of_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    text = (
        MMENGINE + "find_unused_parameters = True\nmodel = dict(type='FCOS', backbone=dict(type='ResNet'))\n"
    )
    config = tmp_path / "a.py"
    config.write_text(text)
    log = tmp_path / "train.log"
    log.write_text(f"bash tools/dist_train.sh a.py 8 --cfg-options model.backbone.with_cp=True\n{TWICE}")

    found = mmfix.explain(log)

    assert found.command == "--cfg-options model.backbone.with_cp=False"
    with pytest.raises(mmfix.PatchError, match=r"the command line of the log sets model.backbone.with_cp"):
        patch_explained(found, Options(remedy="checkpoint-off", write=True))
    assert config.read_text() == text


@pytest.mark.parametrize(
    "behind", ["Traceback (most recent call last):\n", "a/b.py:3: UserWarning: x\n", "\nW1122 x\n"]
)
def test_what_stands_right_behind_a_printed_config_is_no_part_of_it(behind: str) -> None:
    found = mmfix.explain(f"{STAMP} Config:\n{MMENGINE}{CHECKPOINTED}{behind}{TWICE}")

    assert found.confidence == "proven"
    assert not any("cut off" in note for note in found.notes)


def test_names_that_the_model_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of the model is known from its source, and the log is of another one."""
    order = tuple(f"backbone.{number}.weight" for number in range(60))
    monkeypatch.setattr("mmfix.jobs.curing.parameter_order", lambda document: order)

    found = mmfix.explain(printed(MMENGINE + CHECKPOINTED) + TWICE)

    assert found.confidence == "possible"
    assert any(
        "the log names backbone.layer4.2.conv3.weight, which the model does not have" in n
        for n in found.notes
    )
