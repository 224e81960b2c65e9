"""A config that mmfix has patched before."""

from __future__ import annotations

from pathlib import Path

import pytest
from patch_helpers import load, overrides_of, patch_and_check, statements

from mmfix.errors import PatchError
from mmfix.patches import Verifier, before_block, plan, undo

TEXT = b"model = dict(backbone=dict(with_cp=True), head=dict(a=1, b=2))\nother = [1, 2]\n"


@pytest.fixture
def path(tmp_path: Path, verifier: Verifier) -> Path:
    path = tmp_path / "leaf.py"
    path.write_bytes(TEXT)
    patch_and_check(path, overrides_of({"model.backbone.with_cp": False}, "first"), verifier)
    return path


def test_the_same_again_changes_nothing(path: Path) -> None:
    document, reader = load(path)
    again = plan(document, overrides_of({"model.backbone.with_cp": False}, "another reason"), reader)
    assert again == path.read_bytes()


def test_new_overrides_join_the_old_ones(path: Path, verifier: Verifier) -> None:
    overrides = overrides_of({"find_unused_parameters": True, "other[0]": 5}, "second")
    document, reader = load(path)
    data = plan(document, overrides, reader)
    verifier.verify(document, data, overrides, reader)
    assert data.count(b">>> mmfix") == 1
    assert undo(data) == TEXT
    assert data[len(TEXT) :].decode().splitlines()[2:-1] == [
        "# model.backbone.with_cp: True -> False (first)",
        "# other[0]: 1 -> 5 (second)",
        "# find_unused_parameters: not set -> True (second)",
        "model['backbone']['with_cp'] = False",
        "other[0] = 5",
        "find_unused_parameters = True",
    ]


def test_one_after_the_other_is_both_at_once(path: Path, tmp_path: Path) -> None:
    both = overrides_of({"model.backbone.with_cp": False}, "first") + overrides_of(
        {"a.b": {"c": 1}}, "second"
    )
    document, reader = load(path)
    in_steps = plan(document, both[1:], reader)
    plain = reader.load(str(path), text=TEXT.decode())
    assert plan(plain, both, reader) == in_steps


def test_an_override_of_the_block_is_overridden(path: Path, verifier: Verifier) -> None:
    overrides = overrides_of({"model.backbone": {"with_cp": 2}}, "second")
    document, reader = load(path)
    data = plan(document, overrides, reader)
    verifier.verify(document, data, overrides, reader)
    assert statements(data) == ["model['backbone']['with_cp'] = 2"]


def test_overriding_back_removes_the_block(path: Path) -> None:
    document, reader = load(path)
    assert plan(document, overrides_of({"model.backbone.with_cp": True}), reader) == TEXT


def test_text_after_the_block_counts(path: Path, verifier: Verifier) -> None:
    path.write_bytes(path.read_bytes() + b"model['head']['a'] = 7\n")
    overrides = overrides_of({"x": 1}, "second")
    document, reader = load(path)
    data = plan(document, overrides, reader)
    verifier.verify(document, data, overrides, reader)
    assert undo(data) == TEXT + b"model['head']['a'] = 7\n"
    assert statements(data) == ["model['backbone']['with_cp'] = False", "x = 1"]


def test_a_block_changed_by_hand_keeps_its_meaning(path: Path, verifier: Verifier) -> None:
    path.write_bytes(path.read_bytes().replace(b"= False\n", b"= False\nmodel['head'] = dict(a=9)\n"))
    overrides = overrides_of({"x": 1})
    document, reader = load(path)
    data = plan(document, overrides, reader)
    verifier.verify(document, data, overrides, reader)
    assert statements(data) == ["model['backbone']['with_cp'] = False", "model['head'] = dict(a=9)", "x = 1"]


def test_without_a_reader_a_second_block_is_refused(path: Path) -> None:
    document, _ = load(path)
    with pytest.raises(PatchError, match="already has an mmfix block"):
        plan(document, overrides_of({"x": 1}))


def test_before_the_block_lines_stay_lines(path: Path) -> None:
    """The empty line above the block is gone and a line follows it."""
    path.write_bytes(path.read_bytes().replace(b"\n\n#", b"\n#") + b"after = 1\n")
    document, reader = load(path)
    assert before_block(document, reader).text == TEXT.decode() + "after = 1\n"


def test_before_the_block_is_the_file_without_the_block_s_own_overrides(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"= False\n", b"= False\nmodel['head'] = dict(a=9)\n"))
    document, reader = load(path)
    with pytest.raises(PatchError, match=r"was changed by hand: it also sets model\.head\.a"):
        before_block(document, reader)


def test_without_a_block_before_is_now(path: Path) -> None:
    path.write_bytes(TEXT)
    document, reader = load(path)
    assert before_block(document, reader) is document
