"""Blocks that no loader has confirmed: they say so, and a later run with a loader verifies all they set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from patch_helpers import load, overrides_of, write_files

import mmfix
from mmfix.errors import PatchError
from mmfix.patches import (
    Verifier,
    before_block,
    block_overrides,
    is_unconfirmed,
    plan,
    plan_copy,
    plan_overlay,
    undo,
)
from mmfix.patches.block import UNCONFIRMED
from mmfix.rules.rule import MMENGINE

BASE = "model = dict(backbone=dict(with_cp=True, depth=50))\n"
CP = overrides_of({"model.backbone.with_cp": False})
DEPTH = overrides_of({"model.backbone.depth": 18})
CRASHES = MMENGINE + (
    "model = dict(type='A', backbone=dict(type='ResNet', with_cp=True))\nfind_unused_parameters = True\n"
)
LEAVES = {
    "leaf.py": "_base_ = './base.py'\n",
    "leaf.yaml": "_base_: ./base.py\n",
    "windows.py": "_base_ = './base.py'\r\na = 1\r\n",
    "unended.py": "_base_ = './base.py'",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_files(tmp_path, {"base.py": BASE})
    for name, text in LEAVES.items():
        (tmp_path / name).write_bytes(text.encode())
    (tmp_path / "leaf.json").write_text('{"_base_": "./base.py"}\n')
    return tmp_path


@pytest.mark.parametrize("name", LEAVES)
def test_the_block_says_so_and_is_replaced_byte_for_byte(name: str, folder: Path) -> None:
    path = folder / name
    before = path.read_bytes()
    document, reader = load(path)
    confirmed, unconfirmed = plan(document, CP, reader), plan(document, CP, reader, confirmed=False)
    lines = unconfirmed.decode().splitlines()
    assert lines.count(UNCONFIRMED) == 1
    assert [line for line in lines if line != UNCONFIRMED] == confirmed.decode().splitlines()
    assert undo(unconfirmed, str(path)) == before

    path.write_bytes(unconfirmed)
    document, reader = load(path)
    assert is_unconfirmed(document)
    assert plan(document, CP, reader, confirmed=False) == unconfirmed
    assert plan(document, (), reader, confirmed=False) == unconfirmed
    assert plan(document, (), reader) == confirmed
    assert plan(document, CP, reader) == confirmed
    assert [(o.key, o.value) for o in block_overrides(document, before_block(document, reader))] == [
        (o.key, o.value) for o in CP
    ]
    both = plan(document, DEPTH, reader)
    assert UNCONFIRMED not in both.decode()
    assert both.decode().count("->") == 2


def test_the_words_in_a_string_or_elsewhere_are_the_users(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f"{UNCONFIRMED}\nmodel = dict(backbone=dict(with_cp=True))\n")
    document, reader = load(tmp_path / "a.py")
    assert not is_unconfirmed(document)
    data = plan(document, CP, reader)
    (tmp_path / "a.py").write_bytes(data)
    assert not is_unconfirmed(load(tmp_path / "a.py")[0])


def test_overlays_and_copies_say_so(folder: Path) -> None:
    document, reader = load(folder / "leaf.py")
    overlay = plan_overlay(document, CP, str(folder / "over.py"), confirmed=False).decode()
    assert overlay.splitlines()[0] == UNCONFIRMED
    assert (
        UNCONFIRMED in plan_copy(document, CP, str(folder / "copy.py"), reader, confirmed=False).data.decode()
    )
    document, reader = load(folder / "leaf.json")
    assert UNCONFIRMED in plan_overlay(document, CP, str(folder / "over.py"), confirmed=False).decode()


def test_json_cannot_say_so_and_is_refused(folder: Path) -> None:
    document, reader = load(folder / "leaf.json")
    with pytest.raises(PatchError, match=r"no place to say .*--overlay --output NAME\.py"):
        plan_overlay(document, CP, str(folder / "over.json"), confirmed=False)
    with pytest.raises(PatchError, match="no place to say"):
        plan_copy(document, CP, str(folder / "copy.json"), reader, confirmed=False)


@pytest.fixture
def crashes(tmp_path: Path) -> Path:
    (tmp_path / "cfg.py").write_text(CRASHES)
    return tmp_path / "cfg.py"


def test_a_confirmed_file_is_not_made_unconfirmed(crashes: Path) -> None:
    for options in ({}, {"overlay": True}, {"output": crashes.with_name("copy.py")}):
        written = mmfix.patch(crashes, "checkpoint-off", write=True, **options)
        assert written.confirmed_by
        again = mmfix.patch(crashes, "checkpoint-off", write=True, no_loader=True, **options)
        assert (again.changed, again.confirmed_by) == (False, "")
        mmfix.patch(crashes, undo=True, write=True)


def test_what_no_loader_wrote_elsewhere_is_replaced_by_a_confirmed_one(crashes: Path) -> None:
    for options in ({"overlay": True}, {"output": crashes.with_name("copy.py")}):
        first = mmfix.patch(crashes, write=True, no_loader=True, **options)
        second = mmfix.patch(crashes, write=True, **options)
        assert second.before == first.after
        assert second.confirmed_by
        assert UNCONFIRMED not in Path(second.target).read_text()


def test_all_that_an_unconfirmed_block_sets_is_verified(
    crashes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the config before the block, and not only what a new cure adds."""
    asked = []
    verify = Verifier.verify

    def watched(self: Verifier, document: Any, data: bytes, overrides: Any, *rest: Any) -> str:
        asked.append((document.text, {override.key: override.value for override in overrides}))
        return verify(self, document, data, overrides, *rest)

    monkeypatch.setattr(Verifier, "verify", watched)
    mmfix.patch(crashes, write=True, no_loader=True)
    result = mmfix.patch(crashes, write=True)
    assert (result.status, result.written, result.remedies) == ("patched", True, ())
    assert asked == [(CRASHES, {("model", "backbone", "with_cp"): False})]


def test_what_the_loader_refuses_stays_as_it_is(crashes: Path) -> None:
    """The reader does not follow the call, which fails when it is run."""
    crashes.write_text("_base_ = []\nimport sys\nsys.modules['os'].listdir('/not/there')\n" + CRASHES)
    mmfix.patch(crashes, write=True, no_loader=True)
    before = crashes.read_bytes()
    with pytest.raises(PatchError, match="cannot load this config, patched or not: FileNotFoundError"):
        mmfix.patch(crashes, write=True)
    assert crashes.read_bytes() == before


def test_a_second_finding_is_cured_together_with_the_unconfirmed_block(crashes: Path) -> None:
    mmfix.patch(crashes, write=True, no_loader=True)
    text = crashes.read_text()
    neck = "model['neck'] = dict(type='ResNet', with_cp=True)\n"
    crashes.write_text(text.replace("# >>> mmfix", f"{neck}# >>> mmfix"))
    result = mmfix.patch(crashes, write=True)
    assert result.confirmed_by, result
    assert [override.value for override in result.overrides] == [False]
    assert UNCONFIRMED not in crashes.read_text()
    assert mmfix.load(crashes).to_dict()["model"]["backbone"]["with_cp"] is False
    assert mmfix.load(crashes).to_dict()["model"]["neck"]["with_cp"] is False
