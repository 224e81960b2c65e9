"""The way back from values that were changed in place, after others have edited the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import pytest
from patch_helpers import load, overrides_of

from mmfix.config.reader import Reader
from mmfix.errors import PatchError
from mmfix.patches import before_block, planned, take_out

TWO = "m = dict(\n    x=dict(\n        cp=True,\n    ),\n    y=dict(\n        cp=True,\n    ))\n"
FIND = "a = False  # why\nb = 1\n"


def patched(path: Path, text: str, overrides: Dict[str, Any]) -> str:
    """The text of a config, patched in place."""
    path.write_bytes(text.encode())
    document, reader = load(path)
    made = planned(document, overrides_of(overrides), reader, in_place=True)
    assert made.places
    return made.data.decode()


#: Text, overrides, what others replace by what in the patched file, and the text that undo gives.
EDITED: Dict[str, Any] = {
    "a line above": (FIND, {"a": True}, ("a = ", "# new\na = "), "# new\na = False  # why\nb = 1\n"),
    "a line below": (FIND, {"a": True}, ("b = 1", "b = 2\nc = 3"), "a = False  # why\nb = 2\nc = 3\n"),
    "its comment": (FIND, {"a": True}, ("# why", "# no"), "a = False  # no\nb = 1\n"),
    "its spacing": (FIND, {"a": True}, ("a = True  # why", "a=True"), "a=False\nb = 1\n"),
    "its name": (FIND, {"a": True}, ("a = True", "k = True"), "k = True  # why\nb = 1\n"),
    "set again": (FIND, {"a": True}, ("b = 1\n", "a = True\n"), "a = False  # why\na = True\n"),
    "set again alike": ("a = 0\nb = 1\n", {"a": 2}, ("b = 1\n", "a = 2\n"), "a = 0\na = 2\n"),
    "the second of equal lines": (TWO, {"m.y.cp": False, "m.x.cp": False}, ("m = ", "m = "), TWO),
    "an equal line above": (
        FIND,
        {"a": True},
        ("a = True  # why\n", "m = dict(\na = True  # why\n)\na = True  # why\n"),
        "m = dict(\na = True  # why\n)\na = False  # why\nb = 1\n",
    ),
    "its line ends": ("a = [1,\n  2]\nb = 1\n", {"a": [3]}, ("\n", "\r\n"), "a = [1,\r\n  2]\r\nb = 1\r\n"),
    "its line ends, many lines": (
        "a = 1\n",
        {"a": [f"a text of some length {number}" for number in range(5)]},
        ("\n", "\r\n"),
        "a = 1\r\n",
    ),
    "a comment": (FIND, {"a": True}, ("a = ", "# a = True  # why\na = "), f"# a = True  # why\n{FIND}"),
    "one more element": ("a = ['x']\n", {"a": ["x", "y"]}, ("a = ", "b = 1\na = "), "b = 1\na = ['x']\n"),
    "no base": (FIND, {"a": True}, ("b = 1", "_base_ = 'x.py'"), "a = False  # why\n_base_ = 'x.py'\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", EDITED)
def test_undo_after_edits_of_others(case: str, tmp_path: Path) -> None:
    before, overrides, (old, new), after = EDITED[case]
    path = tmp_path / "a.py"
    text = patched(path, before, overrides).replace(old, new, -1 if old == "\n" else 1)
    found = take_out(text.encode(), str(path), Reader())
    assert found is not None
    assert found.data.decode() == after
    assert bool(found.left) is (case == "its name")


#: Text, overrides, what others replace by what; what stays then.
LEFT: Dict[str, Any] = {
    "the literal": (FIND, {"a": True}, ("a = True", "a = None"), "a = None  # why\nb = 1\n"),
    "an expression": (FIND, {"a": True}, ("a = True", "a = True and b"), "a = True and b  # why\nb = 1\n"),
    "gone": (FIND, {"a": True}, ("a = True  # why\n", ""), "b = 1\n"),
    "an older value is the same": (
        "m = dict(a=True)\nm['a'] = False\n",
        {"m.a": True},
        ("m['a'] = True", "m['a'] = None"),
        "m = dict(a=True)\nm['a'] = None\n",
    ),
}


@pytest.mark.parametrize("case", LEFT)
def test_what_others_have_changed_stays_and_is_named(case: str, tmp_path: Path) -> None:
    before, overrides, (old, new), after = LEFT[case]
    path = tmp_path / "a.py"
    text = patched(path, before, overrides)
    found = take_out(text.replace(old, new, 1).encode(), str(path), Reader())
    assert found is not None
    assert found.data.decode() == after
    assert [record.now for record in found.left] == ["True"]


def test_without_a_reader_lines_must_do(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    text = patched(path, TWO, {"m.y.cp": False, "m.x.cp": False})
    found = take_out(text.encode(), str(path))
    assert found is not None
    assert found.data.decode() == TWO
    moved = take_out(f"# new\n{text}".encode(), str(path))
    assert moved is not None
    assert len(moved.left) == 2  # which is which, nobody can say


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"now": "True"', '"now": ""'),
        ('"was": "False"', '"was": 0'),
        ('"key": "a", ', ""),
        ("line 1: {", "line 1: "),
    ],
)
def test_a_record_that_was_changed_by_hand_is_refused(old: str, new: str, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    text = patched(path, FIND, {"a": True})
    assert old in text
    with pytest.raises(PatchError, match="no longer says what a line was"):
        take_out(text.replace(old, new).encode(), str(path), Reader())


def test_a_key_that_has_no_notation(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("a = {True: 1, None: 1}\n")
    document, reader = load(path)
    overrides = [*overrides_of({"a": {True: 2, None: 1}})]
    made = planned(document, overrides, reader, in_place=True)
    assert made.data.startswith(b"a = {True: 2, None: 1}\n")
    found = take_out(made.data, str(path), reader)
    assert found is not None
    assert found.data == path.read_bytes()


def test_braces_are_no_templates(tmp_path: Path) -> None:
    before = "a = {'b':{'c':{'d': 1}}}  # {{ x }} \"{{\"\n"
    path = tmp_path / "a.py"
    text = patched(path, before, {"a.b.c.d": 2})
    assert text.count("{{") == before.count("{{")
    found = take_out(text.encode(), str(path), Reader())
    assert found is not None
    assert found.data.decode() == before


def test_the_config_before_the_block_has_the_old_values(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(patched(path, FIND, {"a": True}))
    document, reader = load(path)
    assert document.tree == {"a": True, "b": 1}
    assert before_block(document, reader).tree == {"a": False, "b": 1}
