"""Keys that are renamed or taken out where they stand: every other byte stays, and undo restores all."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any, Dict, Mapping, NamedTuple

import pytest
from patch_helpers import change_and_check, load, overrides_of, write_files

from mmfix.config.keypath import parse_key
from mmfix.config.reader import Reader
from mmfix.findings import KeyMove
from mmfix.patches import Verifier, planned, take_out

FIRST = '# >>> mmfix: added by "mmfix patch"; remove with "mmfix patch --undo" >>>'


class Moved(NamedTuple):
    """A config, its keys that move, and the text afterwards; what is set besides."""

    text: str
    moves: Dict[str, str]
    after: str
    sets: Mapping[str, Any] = MappingProxyType({})


MOVED = {
    "a name": Moved("ab = 1  # why\n", {"ab": "abc"}, "abc = 1  # why\n", {"abc": 1}),
    "a keyword": Moved(
        "m = dict(x=dict(ab = 1 ,y=2))\n", {"m.x.ab": "b"}, "m = dict(x=dict(b = 1 ,y=2))\n", {"m.x.b": 1}
    ),
    "in braces": Moved("m = {\"ab\": 1, 'y': 2}\n", {"m.ab": "b"}, "m = {\"b\": 1, 'y': 2}\n", {"m.b": 1}),
    "a line": Moved("a = 1\nab = 2  # why\nb = 3\n", {"ab": ""}, "a = 1\nb = 3\n"),
    "the first line": Moved("ab = 2\nb = 3\n", {"ab": ""}, "b = 3\n"),
    "the last line": Moved("a = 1\n\n# said\nab = 2", {"ab": ""}, "a = 1\n\n# said"),
    "several lines": Moved("a = 1\nab = dict(\n    c=1,\n)  # why\nb = 1\n", {"ab": ""}, "a = 1\nb = 1\n"),
    "a line of a dict": Moved(
        "m = dict(\n    x=1,  # one\n    ab=2,  # two\n    y=3)\n",
        {"m.ab": ""},
        "m = dict(\n    x=1,  # one\n    y=3)\n",
    ),
    "the first line of a dict": Moved(
        "m = dict(\n    ab=2,\n    y=3,\n)\n", {"m.ab": ""}, "m = dict(\n    y=3,\n)\n"
    ),
    "the last line of a dict": Moved(
        "m = dict(\n    y=3,\n    ab=2\n)\n", {"m.ab": ""}, "m = dict(\n    y=3,\n)\n"
    ),
    "behind another one": Moved("m = dict(x=1, ab=2, y=3)\n", {"m.ab": ""}, "m = dict(x=1, y=3)\n"),
    "in front": Moved("m = dict(ab=2, y=3)\n", {"m.ab": ""}, "m = dict(y=3)\n"),
    "at the end of a line": Moved(
        "m = dict(x=1,\n         ab=2)  # m\n", {"m.ab": ""}, "m = dict(x=1)  # m\n"
    ),
    "all of a dict": Moved("m = dict(x=dict(ab=2), y=1)\n", {"m.x.ab": ""}, "m = dict(x=dict(), y=1)\n"),
    "all of braces": Moved("m = {'ab': 2}\n", {"m.ab": ""}, "m = {}\n"),
    "in a list": Moved("m = [dict(x=1, ab=2)]\n", {"m[0].ab": ""}, "m = [dict(x=1)]\n"),
    "carriage returns": Moved("a = 1\r\nab = 2\r\nb = 1\r\n", {"ab": ""}, "a = 1\r\nb = 1\r\n"),
    "not ASCII": Moved("名 = dict(é='配', ab='置', y=1)\n", {"名.ab": ""}, "名 = dict(é='配', y=1)\n"),
    "two": Moved(
        "m = dict(ab=1, cd=2, y=3)\n", {"m.ab": "b", "m.cd": ""}, "m = dict(b=1, y=3)\n", {"m.b": 1}
    ),
    "gone, and set elsewhere": Moved("m = dict(y=3)\nab = 2\n", {"ab": ""}, "m = dict(y=4)\n", {"m.y": 4}),
}


@pytest.mark.parametrize("name", MOVED)
def test_a_key_is_renamed_or_taken_out(name: str, tmp_path: Path, verifier: Verifier) -> None:
    case = MOVED[name]
    path = tmp_path / "a.py"
    path.write_bytes(case.text.encode())
    moves = [KeyMove(parse_key(key), to) for key, to in case.moves.items()]
    made = change_and_check(path, overrides_of(dict(case.sets)), verifier, moves)
    text = made.data.decode()
    assert text[: text.index(FIRST)].rstrip("\r\n") == case.after.rstrip("\r\n")
    assert set(made.gone) == {move.key for move in moves}
    assert not [line for line in text[text.index(FIRST) :].splitlines() if line and not line.startswith("#")]


def test_a_name_is_merged_into_what_a_base_has(tmp_path: Path, verifier: Verifier) -> None:
    write_files(tmp_path, {"b.py": "m = dict(x=1, y=2)", "a.py": "_base_ = './b.py'\nmm = dict(y=3)"})
    made = change_and_check(tmp_path / "a.py", overrides_of({"m.y": 3}), verifier, [KeyMove(("mm",), "m")])
    assert made.data.startswith(b"_base_ = './b.py'\nm = dict(y=3)\n")


#: Text, the key, why it stays.
STAYS = {
    "in a loop": ("for i in range(2):\n    ab = 1\n", "ab", "it stands in a loop"),
    "beside another statement": ("a = 1; ab = 2\n", "ab", "more than it stands on its line"),
    "two names": ("a = ab = 1\n", "ab", "its name does not stand in this file"),
    "set by a subscript": ("m = dict()\nm['ab'] = 1\n", "m.ab", "its name does not stand in this file"),
    "used": (
        "ab = 1\nb = ab + 1\n",
        "ab",
        "the file could not be read then: loading stops here with NameError: name 'ab' is not defined",
    ),
    "a comment": ("m = dict(x=1,  # one\n         ab=2)\n", "m.ab", "a comment stands beside it"),
    "spread": ("n = dict(x=1)\nm = dict(ab=1, **n)\n", "m.ab", "its name does not stand in this file"),
    "in two places": ("n = dict(x=1, ab=2)\nm = dict(p=n, q=n)\n", "m.p.ab", "n.ab would change, too"),
}


@pytest.mark.parametrize("name", STAYS)
def test_what_is_not_there_by_itself_stays_and_why(name: str, tmp_path: Path) -> None:
    text, key, why = STAYS[name]
    path = tmp_path / "a.py"
    path.write_text(text)
    document, reader = load(path)
    made = planned(document, overrides_of({"new": 1}), reader, in_place=True, moves=[KeyMove(parse_key(key))])
    assert made.data.startswith(text.encode())
    assert [each.reason for each in made.elsewhere if each.is_move] == [why]
    assert made.gone == ()


def test_a_base_is_left_alone(tmp_path: Path) -> None:
    write_files(tmp_path, {"b.py": "ab = 1", "a.py": "_base_ = './b.py'\nx = 1"})
    document, reader = load(tmp_path / "a.py")
    made = planned(document, overrides_of({"x": 2}), reader, in_place=True, moves=[KeyMove(("ab",))])
    assert [each.reason for each in made.elsewhere] == ["a base sets it"]
    assert b"ab" not in made.data


def test_a_later_patch_keeps_what_was_moved(tmp_path: Path, verifier: Verifier) -> None:
    """And it is all undone together, also where it was written without a loader first."""
    path = tmp_path / "a.py"
    before = "m = dict(ab=1, cd=2)\nx = 1\n"
    path.write_text(before)
    document, reader = load(path)
    moves = [KeyMove(("m", "ab"), "b"), KeyMove(("m", "cd"))]
    first = planned(document, overrides_of({"m.b": 1}), reader, False, True, moves)
    path.write_bytes(first.data)
    document, reader = load(path)
    made = planned(document, overrides_of({"x": 2}), reader)
    assert made.data.startswith(b"m = dict(b=1)\nx = 1\n")
    assert reader.load(str(path), text=made.data.decode()).to_dict() == {"m": {"b": 1}, "x": 2}
    found = take_out(made.data, str(path), Reader())
    assert found is not None
    assert found.data == before.encode()
