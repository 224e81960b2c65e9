"""The public functions on files and on configs in memory."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from mmengine import Config

import mmfix

CMT = "cmt/cmt_aqr_voxel0100_r50_800x320_cbgs.py"
RAPSAM = "rapsam/regnet_ade20k.py"
LAZY = "lazy/cmt_aqr_r50.py"
HEALTHY = "healthy/retinanet_r50_fpn_1x_coco.py"


def resolved(path: Path) -> Any:
    return Config.fromfile(str(path), import_custom_modules=False).to_dict()


def codes(report: mmfix.Report) -> list[str]:
    return [finding.code for finding in report.findings]


# ---------------------------------------------------------------- files


def test_check_a_file_names_the_line_in_the_base(examples: Path) -> None:
    report = mmfix.check(examples / CMT)
    finding = report.findings[0]
    assert finding.key == ("model", "img_backbone", "with_cp")
    base = examples / "cmt" / "cmt_voxel0100_r50_800x320_cbgs.py"
    line = next(
        number for number, text in enumerate(base.read_text().splitlines(), 1) if "with_cp=True" in text
    )
    assert finding.origins[0][:2] == (str(base), line)
    assert report.exit_code == 1


def test_check_a_folder_judges_leaves_only(examples: Path) -> None:
    report = mmfix.check(examples)
    judged = {Path(config.path).relative_to(examples).as_posix(): config for config in report.configs}
    assert set(judged) == {CMT, "cmt/cmt_voxel0100_r50_800x320_cbgs.py", RAPSAM, LAZY, HEALTHY}
    bad = {name for name, config in judged.items() if config.findings}
    assert bad == {CMT, RAPSAM, LAZY}


def test_check_a_base_judges_its_heirs(examples: Path) -> None:
    report = mmfix.check(examples / "lazy/_base_/cmt_r50.py")
    assert [Path(config.path).name for config in report.configs] == ["cmt_aqr_r50.py"]
    assert "looked at 1 file that inherits it" in report.notes[0]


def test_dependants_of_a_config_that_trains_itself(examples: Path) -> None:
    path = examples / "cmt/cmt_voxel0100_r50_800x320_cbgs.py"
    assert [Path(config.path) for config in mmfix.check(path).configs] == [path]
    report = mmfix.check(path, dependants=True)
    assert [Path(config.path) for config in report.configs] == [path, examples / CMT]
    assert report.exit_code == 1


def test_launcher_none_silences_ddp(examples: Path) -> None:
    assert mmfix.check(examples, launcher="none").findings == ()


def test_a_config_that_cannot_be_read_is_reported_not_raised(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("model = dict(\n")
    report = mmfix.check(tmp_path / "a.py")
    config = report.configs[0]
    assert (config.status, config.era, config.kind, report.exit_code) == ("unreadable", None, None, 2)
    assert config.error is not None
    assert config.error.line == 1


def test_load_gives_a_document(examples: Path) -> None:
    document = mmfix.load(examples / CMT)
    assert document.get(("model", "img_backbone", "with_cp")) is True
    with pytest.raises(mmfix.ConfigError, match="file not found"):
        mmfix.load(examples / "gone.py")


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        (CMT, ("model", "img_backbone", "with_cp"), False),
        (LAZY, ("model", "img_backbone", "with_cp"), False),
        (RAPSAM, ("find_unused_parameters",), True),
    ],
)
def test_the_two_cases_are_patched_and_nothing_else_changes(
    name: str, key: tuple[str, ...], value: bool, examples: Path
) -> None:
    path = examples / name
    original, before = path.read_bytes(), resolved(path)

    planned = mmfix.patch(path)
    assert (planned.status, planned.written) == ("patched", False)
    assert path.read_bytes() == original, "planning writes nothing"
    assert planned.diff().startswith("--- a/")

    written = mmfix.patch(path, write=True)
    assert written.written
    assert path.read_bytes() == written.after == planned.after

    expected = copy.deepcopy(before)
    node = expected
    for part in key[:-1]:
        node = node[part]
    assert node[key[-1]] is not value
    node[key[-1]] = value
    assert resolved(path) == expected

    assert mmfix.check(path).findings == ()
    assert mmfix.patch(path, write=True).status == "clean"
    assert path.read_bytes() == written.after, "a second run changes nothing"

    undone = mmfix.patch(path, undo=True, write=True)
    assert undone.written
    assert path.read_bytes() == original
    assert mmfix.patch(path, undo=True, write=True).changed is False


def test_a_named_cure_replaces_the_one_of_an_earlier_patch(examples: Path) -> None:
    path = examples / CMT
    mmfix.patch(path, write=True)
    other = mmfix.patch(path, remedy="non-reentrant", write=True)
    assert other.remedies == ("non-reentrant",)
    after = resolved(path)
    assert after["model"]["img_backbone"]["with_cp"] is True
    assert after["custom_imports"]["imports"] == ["mmfix.nonreentrant_checkpoint"]
    assert mmfix.patch(path, remedy="non-reentrant", write=True).changed is False


def test_an_unknown_cure_names_the_known_ones(examples: Path) -> None:
    with pytest.raises(mmfix.PatchError, match=r"no cure is called nonsense .*checkpoint-off"):
        mmfix.patch(examples / CMT, remedy="nonsense")


def test_a_base_is_not_patched(examples: Path) -> None:
    with pytest.raises(mmfix.PatchError, match="nothing can train this config by itself"):
        mmfix.patch(examples / "cmt/_base_/nuscenes.py")


def test_output_writes_a_copy_whose_base_still_resolves(examples: Path, tmp_path: Path) -> None:
    path, copy_path = examples / CMT, tmp_path / "elsewhere" / "patched.py"
    copy_path.parent.mkdir()
    original = path.read_bytes()
    result = mmfix.patch(path, output=copy_path, write=True)
    assert (result.target, path.read_bytes()) == (str(copy_path), original)
    expected = resolved(path)
    expected["model"]["img_backbone"]["with_cp"] = False
    assert resolved(copy_path) == expected
    with pytest.raises(mmfix.PatchError, match="is the config itself"):
        mmfix.patch(path, output=path)


@pytest.mark.parametrize("name", [CMT, LAZY])
def test_overlay_inherits_the_config(name: str, examples: Path) -> None:
    path = examples / name
    overlay = path.with_name(path.stem + "_mmfix.py")
    original = path.read_bytes()
    result = mmfix.patch(path, overlay=True, write=True)
    assert (result.target, path.read_bytes()) == (str(overlay), original)
    expected = resolved(path)
    expected["model"]["img_backbone"]["with_cp"] = False
    assert resolved(overlay) == expected
    again = mmfix.patch(path, overlay=True, write=True)
    assert (again.changed, again.status) == (False, "clean")


def test_overlay_does_not_overwrite_a_file_of_yours(examples: Path) -> None:
    yours = (examples / CMT).with_name("cmt_aqr_voxel0100_r50_800x320_cbgs_mmfix.py")
    yours.write_text("x = 1\n")
    with pytest.raises(
        mmfix.PatchError, match="is there already, and holds something that mmfix did not write"
    ):
        mmfix.patch(examples / CMT, overlay=True, write=True)
    assert yours.read_text() == "x = 1\n"


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="POSIX permissions")
def test_a_read_only_target_is_refused(examples: Path) -> None:
    path = examples / CMT
    original = path.read_bytes()
    path.chmod(0o444)
    with pytest.raises(mmfix.PatchError, match="read-only"):
        mmfix.patch(path, write=True)
    assert path.read_bytes() == original
    assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []


# ---------------------------------------------------------------- in memory


def test_a_config_in_memory_is_judged_without_origins(examples: Path) -> None:
    config = Config.fromfile(str(examples / CMT), import_custom_modules=False)
    report = mmfix.check(config)
    assert codes(report) == codes(mmfix.check(examples / CMT))
    assert report.findings[0].origins == ()
    assert report.configs[0].path == "<memory>"
    assert "no file and line" in report.notes[0]


@pytest.mark.parametrize("name", [CMT, RAPSAM, LAZY])
def test_a_patched_copy_for_the_runner(name: str, examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (examples.parent / ".git").mkdir()  # a training script runs in its repository
    monkeypatch.chdir(examples.parent)
    config = Config.fromfile(str(examples / name), import_custom_modules=False)
    before = copy.deepcopy(config.to_dict())
    result = mmfix.patch(config)
    assert result.status == "patched"
    assert type(result.config) is Config
    assert config.to_dict() == before, "the original is left alone"
    mmfix.patch(examples / name, write=True)
    assert result.config.to_dict() == resolved(examples / name)
    assert mmfix.check(result.config).findings == ()
    assert mmfix.patch(result.config).status == "clean"


def test_what_is_printed_of_a_patch_is_what_was_done(examples: Path) -> None:
    config = Config.fromfile(str(examples / LAZY), import_custom_modules=False)
    result = mmfix.patch(config)
    assert "<memory>: a copy is patched with checkpoint-off\n" in str(result)
    assert str(result).splitlines()[-1] == "1 config: 1 changed"
    assert "data_root" not in str(result) + repr(result), "not the whole config"
    planned = mmfix.patch(examples / LAZY)
    assert planned.diff() in str(planned)
    assert str(mmfix.patch(result.config)).splitlines()[-1] == "1 config: nothing to patch"


def test_a_new_dict_in_memory_can_be_read_by_attribute(examples: Path) -> None:
    config = Config.fromfile(str(examples / RAPSAM), import_custom_modules=False)
    config.model.type = "FarSAM"  # of the one that is here, it is known that its graph varies
    result = mmfix.patch(config, remedy="static-graph")
    assert result.config.model_wrapper_cfg.static_graph is True
    assert result.config.model_wrapper_cfg["broadcast_buffers"] is False


def test_a_plain_dict_works_too(examples: Path) -> None:
    config = resolved(examples / CMT)
    patched = mmfix.patch(config).config
    assert type(patched) is dict
    assert (config["model"]["img_backbone"]["with_cp"], patched["model"]["img_backbone"]["with_cp"]) == (
        True,
        False,
    )


def test_values_are_changed_in_place(tmp_path: Path) -> None:
    model = "model = dict(type='RetinaNet', backbone=dict(type='ResNet', depth=18, with_cp=True))\n"
    rest = "find_unused_parameters = True\ntrain_cfg = dict(max_epochs=1)\n"
    rest += "train_dataloader = dict()\noptim_wrapper = dict(optimizer=dict(type='SGD'))\n"
    (tmp_path / "a.py").write_text(model + rest)
    result = mmfix.patch(tmp_path / "a.py", in_place_value=True)
    assert result.after is not None
    assert result.after.decode().startswith(model.replace("True", "False") + rest)
    assert [place.key for place in result.places] == ["model.backbone.with_cp"]
    with pytest.raises(ValueError, match="leave alone what"):
        mmfix.patch(tmp_path / "a.py", in_place_value=True, overlay=True)


@pytest.mark.parametrize("option", ["output", "overlay", "undo", "write", "in_place_value"])
def test_in_memory_there_is_no_file_to_write(option: str) -> None:
    with pytest.raises(TypeError, match="has no file"):
        mmfix.patch({"model": {}}, **{option: True})  # type: ignore[arg-type]


def test_what_is_no_config_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a path, a Config or a dict, not int"):
        mmfix.check(3)


# ---------------------------------------------------------------- the package


def test_every_exported_name_is_there() -> None:
    assert sorted(mmfix.__all__) == sorted(mmfix._EXPORTS)
    for name in mmfix.__all__:
        assert getattr(mmfix, name) is not None
        assert name in dir(mmfix)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        mmfix.nonsense  # type: ignore[attr-defined]


def test_patch_stays_the_function_whatever_is_imported() -> None:
    code = (
        "import mmfix.patches.plan, mmfix\n"
        "assert callable(mmfix.patch), mmfix.patch\n"
        "from mmfix import patch\n"
        "assert patch is mmfix.patch\n"
        "from mmfix.patches import plan\n"
        "assert callable(plan) and callable(mmfix.patch)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nonreentrant_checkpoint_is_exported() -> None:
    from mmfix.nonreentrant import use_nonreentrant_checkpoint

    assert mmfix.use_nonreentrant_checkpoint is use_nonreentrant_checkpoint


# ---------------------------------------------------------------- files that are there already


def test_a_named_cure_keeps_lines_apart_when_the_gap_is_gone(examples: Path) -> None:
    path = examples / CMT
    mmfix.patch(path, write=True)
    path.write_bytes(path.read_bytes().replace(b"\n\n# >>> mmfix", b"\n# >>> mmfix") + b"total_epochs = 7\n")
    before = resolved(path)
    mmfix.patch(path, remedy="non-reentrant", write=True)
    after = resolved(path)
    assert (before["find_unused_parameters"], before["total_epochs"]) == (True, 7)
    assert (after["find_unused_parameters"], after["total_epochs"]) == (True, 7)
    mmfix.patch(path, undo=True, write=True)
    assert b"\nfind_unused_parameters = True\ntotal_epochs = 7\n" in path.read_bytes()


def test_output_does_not_overwrite_a_file_of_yours(examples: Path) -> None:
    path, target = examples / CMT, examples / "cmt" / "mine.py"
    target.write_text("precious = 1\n")
    with pytest.raises(
        mmfix.PatchError, match=r"is there already.*choose another name .* or delete it first"
    ):
        mmfix.patch(path, output=target, write=True)
    assert target.read_text() == "precious = 1\n"


def test_output_does_not_overwrite_another_config_that_is_patched(examples: Path) -> None:
    other = examples / "cmt" / "other.py"
    other.write_bytes((examples / CMT).read_bytes() + b"mine = 1\n")
    mmfix.patch(other, write=True)
    before = other.read_bytes()
    with pytest.raises(mmfix.PatchError, match="is there already"):
        mmfix.patch(examples / CMT, output=other, write=True)
    assert other.read_bytes() == before


def test_output_again_and_with_another_cure(examples: Path) -> None:
    path, target = examples / CMT, examples / "cmt" / "copy.py"
    mmfix.patch(path, output=target, write=True)
    assert mmfix.patch(path, output=target, write=True).changed is False
    assert mmfix.patch(path, output=target, remedy="non-reentrant", write=True).written


@pytest.mark.parametrize("overlay", [True, False])
def test_an_overlay_you_changed_is_not_overwritten(overlay: bool, examples: Path) -> None:
    path, target = examples / CMT, examples / "cmt" / "over.py"
    mmfix.patch(path, overlay=True, output=target, write=True)
    assert mmfix.patch(path, overlay=True, output=target, remedy="non-reentrant", write=True).written
    changed = target.read_bytes() + b"total_epochs = 7\n"
    target.write_bytes(changed)
    with pytest.raises(mmfix.PatchError, match="holds something that mmfix did not write"):
        mmfix.patch(path, overlay=overlay, output=target, write=True)
    assert target.read_bytes() == changed


def test_undo_leaves_text_that_looks_like_a_block(examples: Path) -> None:
    path = examples / CMT
    text = path.read_text() + 'doc = """\n# >>> mmfix: mine\nprecious\n# <<< mmfix <<<\n"""\n'
    path.write_text(text)
    assert mmfix.patch(path, undo=True, write=True).changed is False
    mmfix.patch(path, write=True)
    mmfix.patch(path, undo=True, write=True)
    assert path.read_text() == text


# ---------------------------------------------------------------- what cannot be copied


@pytest.mark.parametrize("kind", [dict, Config])
def test_values_that_cannot_be_copied_are_shared(kind: type, examples: Path) -> None:
    lock, numbers = threading.Lock(), (number for number in range(3))
    plain = {**resolved(examples / CMT), "lock": lock, "more": {"numbers": [numbers], "pair": (lock, {})}}
    config = kind(plain)
    result = mmfix.patch(config).config
    assert type(result) is kind
    assert result["lock"] is lock
    assert result["more"]["numbers"][0] is numbers
    assert result["more"]["numbers"] is not config["more"]["numbers"]
    assert result["more"]["pair"][1] is not config["more"]["pair"][1]
    assert type(result["more"]) is type(config["more"])
    assert result["model"]["img_backbone"]["with_cp"] is False
    assert config["model"]["img_backbone"]["with_cp"] is True


def test_one_dict_under_two_names_is_patched_under_one(examples: Path) -> None:
    config = resolved(examples / CMT)
    config["spare"] = config["model"]["img_backbone"]
    result = mmfix.patch(config).config
    assert (result["model"]["img_backbone"]["with_cp"], result["spare"]["with_cp"]) == (False, True)


def test_a_printed_report_names_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\nmodel = dict(\n")
    printed = str(mmfix.check(tmp_path / "a.py")).splitlines()
    assert printed[0].startswith(f"{tmp_path / 'a.py'}:2: error: syntax error")
    assert printed[-1] == "1 config checked: 1 not readable"


def test_a_diff_of_a_file_elsewhere_has_no_absolute_names(examples: Path) -> None:
    path = examples / CMT
    name = path.as_posix().lstrip("/")
    assert mmfix.patch(path).diff().splitlines()[:2] == [f"--- a/{name}", f"+++ b/{name}"]
