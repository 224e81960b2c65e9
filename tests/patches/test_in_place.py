"""Values that are changed where they stand: every other byte stays, and undo restores all."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import pytest
from patch_helpers import change_and_check, load, overrides_of, write_files

from mmfix.config.reader import Reader
from mmfix.errors import ConfigError, PatchError
from mmfix.patches import Verifier, planned, take_out

FIRST = '# >>> mmfix: added by "mmfix patch"; remove with "mmfix patch --undo" >>>'

#: Text, overrides, text afterwards (mmfix's block left out).
CHANGED: Dict[str, Any] = {
    "bool": ("a = False\n", {"a": True}, "a = True\n"),
    "comment and spacing": ("a  =  False  # why\nb = 1\n", {"a": True}, "a  =  True  # why\nb = 1\n"),
    "keyword": ("m = dict(x=dict(cp = 1 ,y=2))\n", {"m.x.cp": 0}, "m = dict(x=dict(cp = 0 ,y=2))\n"),
    "braces": ("m = {'x': {'cp':True}}\n", {"m.x.cp": False}, "m = {'x': {'cp':False}}\n"),
    "two in one line": (
        "m = dict(a=True, b=True, c=True)\n",
        {"m.a": False, "m.c": 22},
        "m = dict(a=False, b=True, c=22)\n",
    ),
    "two statements in one line": ("a = 1; b = 1\n", {"b": 2}, "a = 1; b = 2\n"),
    "all names of a value": ("a = b = False\n", {"a": True, "b": True}, "a = b = True\n"),
    "negative number": ("a = dict(lr=-1, x=+2)\n", {"a.lr": 0.5, "a.x": -3}, "a = dict(lr=0.5, x=-3)\n"),
    "quotes": ('a = "x"  # "y"\n', {"a": "new"}, 'a = "new"  # "y"\n'),
    "other quotes": ("a = 'x'\n", {"a": "new"}, "a = 'new'\n"),
    "quotes in quotes": ('a = "x"\n', {"a": 'a"b'}, "a = 'a\"b'\n"),
    "three quotes": ('a = """x\ny"""\n', {"a": "z"}, "a = 'z'\n"),
    "strings that stand together": ("a = dict(b='x'\n  'y', c=1)\n", {"a.b": "z"}, "a = dict(b='z', c=1)\n"),
    "tuple without brackets": ("a = 1, 2\n", {"a": (3, 4, 5)}, "a = (3, 4, 5)\n"),
    "first of a tuple without brackets": ("a = 1, 2\n", {"a[0]": 3}, "a = 3, 2\n"),
    "tuple": ("a = dict(s=(1, 2))\n", {"a.s[1]": 7}, "a = dict(s=(1, 7))\n"),
    "in a list": ("a = [dict(x=1), dict(x=1)]\n", {"a[1].x": 2}, "a = [dict(x=1), dict(x=2)]\n"),
    "one more": ("a = ['x',  # first\n]\n", {"a": ["x", "y"]}, "a = ['x', 'y',  # first\n]\n"),
    "one more in a tuple": ("a = (1,)\n", {"a": (1, 2)}, "a = (1, 2,)\n"),
    "one more in double quotes": ('a = ["x"]\n', {"a": ["x", "y"]}, 'a = ["x", "y"]\n'),
    "list": ("a = [1,\n  2]\nb = 1\n", {"a": [3]}, "a = [3]\nb = 1\n"),
    "dict": ("a = dict(b=1)\n", {"a": None}, "a = None\n"),
    "brackets around": ("a = (\n    False)\n", {"a": True}, "a = (\n    True)\n"),
    "continued": ("a = \\\n  False\n", {"a": True}, "a = \\\n  True\n"),
    "set again": ("m = dict(a=1)\nm['a'] = 2\n", {"m.a": 3}, "m = dict(a=1)\nm['a'] = 3\n"),
    "update": ("m = dict(a=1)\nm.update(a=2)\n", {"m.a": 3}, "m = dict(a=1)\nm.update(a=3)\n"),
    "annotated": ("a: bool = False\n", {"a": True}, "a: bool = True\n"),
    "in an if": ("if True:\n    a = False\n", {"a": True}, "if True:\n    a = True\n"),
    "tab": ("if True:\n\ta\t=\tFalse\t# x\n", {"a": True}, "if True:\n\ta\t=\tTrue\t# x\n"),
    "carriage returns": ("a = False\r\nb = 1\r\n", {"a": True}, "a = True\r\nb = 1\r\n"),
    "lone carriage returns": ("b = 'é'\ra = False\r", {"a": True}, "b = 'é'\ra = True\r"),
    "form feed": ("b = 1\n\x0c\na = False  # \x0c\n", {"a": True}, "b = 1\n\x0c\na = True  # \x0c\n"),
    "no end": ("b = 1\na = False", {"a": True}, "b = 1\na = True"),
    "no end, carriage returns": ("b = 1\r\na = False", {"a": True}, "b = 1\r\na = True"),
    "coding line": ("# coding: latin-1\na = 0  # ö\n", {"a": 1}, "# coding: latin-1\na = 1  # ö\n"),
    "not ASCII": ("名 = '配置'; a = ['é', False]\n", {"a[1]": True}, "名 = '配置'; a = ['é', True]\n"),
    "not ASCII itself": ("a = '配置'\n", {"a": "x"}, "a = 'x'\n"),
    "beside a template": (
        "b = '{{ fileBasenameNoExtension }}'\na = dict(c=1)  # {{ x }}\n",
        {"a.c": 2},
        "b = '{{ fileBasenameNoExtension }}'\na = dict(c=2)  # {{ x }}\n",
    ),
    "under _delete_": ("m = dict(_delete_=True, a=1)\n", {"m.a": 2}, "m = dict(_delete_=True, a=2)\n"),
    "many lines": (
        "a = dict(x=1)\n",
        {"a.x": {f"name_{number}": "a long text" for number in range(5)}},
        "a = dict(x=dict(\n" + "".join(f"    name_{number}='a long text',\n" for number in range(5)) + "))\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGED)
def test_the_literal_alone_is_changed(case: str, tmp_path: Path, verifier: Verifier) -> None:
    before, overrides, after = CHANGED[case]
    path = tmp_path / "a.py"
    path.write_bytes(before.encode())
    made = change_and_check(path, overrides_of(overrides), verifier)
    text = made.data.decode()
    head, _, block = text.partition(FIRST)
    assert head.rstrip("\r\n") == after.rstrip("\r\n")
    assert not [line for line in block.splitlines() if line and not line.startswith(("#", " mmfix"))]
    assert not made.elsewhere
    assert {record.line for record in made.places}


#: Text, override, a part of the reason why it is appended.
APPENDED: Dict[str, Any] = {
    "not set": ("b = 1\n", {"a": True}, "nothing sets it"),
    "two names": ("a = b = False\n", {"a": True}, "b would change, too"),
    "a name that is used twice": ("c = 1\na = dict(x=c)\nb = dict(x=c)\n", {"a.x": 0}, "an expression"),
    "a name that is a key": ("cp = True\na = dict(x=cp)\n", {"cp": False}, "a.x would change, too"),
    "one object under two names": ("n = dict(x=1)\na = [n]\nb = [n]\n", {"a[0].x": 2}, "would change, too"),
    "an expression": ("a = 2 * 1\n", {"a": 5}, "an expression"),
    "an expression of the same value": ("a = 1 * 2 - 1\n", {"a": 5}, "an expression"),
    "not": ("a = not False\n", {"a": False}, "an expression"),
    "a condition": ("a = True if 1 else False\n", {"a": False}, "an expression"),
    "multiplied": ("a = [dict(x=1)] * 2\n", {"a[0].x": 2}, "an expression"),
    "a comprehension": ("a = [dict(x=1) for _ in range(2)]\n", {"a[0].x": 2}, "a comprehension"),
    "a comprehension of one": ("a = [dict(x=1) for _ in range(1)]\n", {"a[0].x": 2}, "a comprehension"),
    "a function": ("def f():\n    return dict(x=1)\na = f()\n", {"a.x": 2}, "a function"),
    "a lambda": ("a = (lambda: dict(x=1))()\n", {"a.x": 2}, "a function"),
    "a loop": ("a = dict()\nfor k in ('x', 'y'):\n    a[k] = 1\n", {"a.x": 2}, "a loop"),
    "an f-string": ("n = 1\na = f'r{n}'\n", {"a": "x"}, "an expression"),
    "a template": ("a = '{{ fileBasenameNoExtension }}'\n", {"a": "x"}, "not all of it"),
    "a comment in it": ("a = [1,  # one\n 2]\n", {"a": [3]}, "a comment stands in it"),
    "a list that is added to": ("a = [1]\na += [2]\n", {"a": [5]}, "not all of it"),
    "set by a call": ("a = dict(zip(['x'], [1]))\n", {"a.x": 2}, "expression"),
}  # fmt: skip


@pytest.mark.parametrize("case", APPENDED)
def test_what_cannot_be_changed_alone_is_appended(case: str, tmp_path: Path, verifier: Verifier) -> None:
    before, overrides, reason = APPENDED[case]
    path = tmp_path / "a.py"
    path.write_text(before)
    made = change_and_check(path, overrides_of(overrides), verifier)
    assert made.data.startswith(before.encode())
    assert not made.places
    assert [reason in each.reason for each in made.elsewhere] == [True], made.elsewhere


def test_what_a_base_sets_is_appended(tmp_path: Path, verifier: Verifier) -> None:
    write_files(
        tmp_path, {"base.py": "m = dict(a=1, b=1)\n", "a.py": "_base_ = './base.py'\nm = dict(a=2)\n"}
    )
    made = change_and_check(tmp_path / "a.py", overrides_of({"m.a": 3, "m.b": 3}), verifier)
    text = made.data.decode()
    assert text.startswith("_base_ = './base.py'\nm = dict(a=3)\n")
    assert text.count("m['b'] = 3\n") == 1
    assert [(each.reason, each.origin and each.origin.line) for each in made.elsewhere] == [
        ("a base sets it", 1)
    ]


def test_a_dict_that_replaces_that_of_a_base_is_appended(tmp_path: Path, verifier: Verifier) -> None:
    text = "_base_ = './base.py'\nm = dict(_delete_=True, a=2)\n"
    write_files(tmp_path, {"base.py": "m = dict(a=1, b=1)\n", "a.py": text})
    made = change_and_check(tmp_path / "a.py", overrides_of({"m": 3}), verifier)
    assert made.data.decode().startswith(text)
    assert [each.reason for each in made.elsewhere] == ["what stands there is not all of it"]


def test_a_lazy_config(tmp_path: Path, verifier: Verifier) -> None:
    head = "from mmengine.config import read_base\n\nwith read_base():\n    from .base import *\n\n"
    text = f"{head}m.update(dict(a=2))\nfind = False  # why\n"
    write_files(tmp_path, {"base.py": "m = dict(a=1, b=1)\n", "a.py": text})
    made = change_and_check(tmp_path / "a.py", overrides_of({"m.a": 3, "find": True}), verifier)
    assert made.data.decode().startswith(f"{head}m.update(dict(a=3))\nfind = True  # why\n")
    assert len(made.places) == 2


#: Text, overrides, text afterwards.
YAML: Dict[str, Any] = {
    "plain": ("m:\n  a: true  # why\n  b: 1\n", {"m.a": False}, "m:\n  a: false  # why\n  b: 1\n"),
    "as it was": ("m: {a: True}\n", {"m.a": False}, "m: {a: False}\n"),
    "quoted": ("m:\n  - 'x'\n  - y\n", {"m[0]": "z"}, 'm:\n  - "z"\n  - y\n'),
    "number": ("m: [1, 0.5]\n", {"m[1]": 1e-5}, "m: [1, 1.0e-05]\n"),
    "flow list": ("m: [1, 2]\n", {"m": [3]}, "m: [3]\n"),
    "carriage returns": ("a: 1\r\nb: 2\r\n", {"b": 3}, "a: 1\r\nb: 3\r\n"),
}


@pytest.mark.parametrize("case", YAML)
def test_yaml(case: str, tmp_path: Path, verifier: Verifier) -> None:
    before, overrides, after = YAML[case]
    path = tmp_path / "a.yaml"
    path.write_bytes(before.encode())
    made = change_and_check(path, overrides_of(overrides), verifier)
    assert made.data.decode().startswith(after)
    assert made.places


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x\n",
        "b: &x 1\na: *x\n",
        "a: !!int 1\n",
        "a: |\n  text\n",
        "a:\n  - 1\n",
        "a: [1, # x\n 2]\n",
    ],
)
def test_yaml_that_cannot_be_changed_in_place_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text)
    document, reader = load(tmp_path / "a.yaml")
    with pytest.raises(PatchError, match="sets 'a' itself"):
        planned(document, overrides_of({"a": 5}), reader, in_place=True)


def test_json(tmp_path: Path, verifier: Verifier) -> None:
    before = b'{\r\n  "m": {"cp" : true, "n": [1,2]},\r\n "b": "\\u00e9"}'
    path = tmp_path / "a.json"
    path.write_bytes(before)
    document, reader = load(path)
    overrides = overrides_of({"m.cp": False, "m.n[1]": 5, "b": "z"})
    made = planned(document, overrides, reader, in_place=True)
    verifier.verify(document, made.data, overrides, reader)
    assert made.data == b'{\r\n  "m": {"cp" : false, "n": [1,5]},\r\n "b": "z"}'
    with pytest.raises(PatchError, match=r"appended to a JSON file \(use --overlay or"):
        planned(document, overrides_of({"m.cp": False, "c": 1}), reader, in_place=True)


def test_a_byte_order_mark_is_refused_as_ever(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes("\ufeffa = False\n".encode())
    with pytest.raises(ConfigError, match=r"U\+FEFF|invalid character"):
        load(tmp_path / "a.py")


def test_a_value_that_has_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("a = 1\n")
    document, reader = load(tmp_path / "a.py")
    with pytest.raises(PatchError, match="cannot be written as text"):
        planned(document, overrides_of({"a": object()}), reader, in_place=True)


def test_a_later_patch_leaves_it_in_place_and_undo_takes_both(tmp_path: Path, verifier: Verifier) -> None:
    before = "a = False\nm = dict(x=1)\n"
    path = tmp_path / "a.py"
    path.write_text(before)
    change_and_check(path, overrides_of({"a": True}), verifier)
    document, reader = load(path)
    made = planned(document, overrides_of({"m.y": 2, "m.x": 3}), reader)
    text = made.data.decode()
    assert text.startswith("a = True\nm = dict(x=1)\n")
    assert "m['x'] = 3\n" in text
    assert "m['y'] = 2\n" in text
    assert take_out(made.data, str(path), Reader()).data == before.encode()  # type: ignore[union-attr]
