"""`mmfix diff`: which keys differ, which cannot be told, and the line that set each side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

import mmfix as package
from mmfix.errors import MmfixError
from mmfix.report.text.comparison import render_text
from mmfix.report.text.page import Page

MMENGINE = "train_dataloader = dict()\noptim_wrapper = dict()\n"
MMCV1 = "data = dict(samples_per_gpu=2)\noptimizer = dict(type='SGD')\n"
PIPELINE = (
    "p = [dict(type='Load'), dict(type='Resize', scale=(4, 2)), dict(type='Flip'), dict(type='Pack')]\n"
)
CUT = "p = [dict(type='Load'), dict(type='Flip'), dict(type='Pack')]\n"
MORE = (
    "p = [dict(type='Load'), dict(type='Color', a=1), dict(type='Resize', scale=(4, 3)), "
    "dict(type='Flip'), dict(type='Pack')]\n"
)
NUMBERED = "p = [dict(type='T%d' % i) for i in range({}, {})]\n"
LAZY = "from torch.nn import {0}\nmodel = dict(type={0})\n"
UNKNOWN = "import sys\nx = sys.argv[1]\n"

#: What -> the texts of both configs, and (kind, key, value before, value after) of each change.
CASES: Dict[str, Tuple[str, str, List[Tuple[str, str, Any, Any]]]] = {
    "nothing": ("a = dict(b=1)\n", "b = 1\na = dict(b=b)\ndel b\n", []),
    "order": ("a = dict(x=1, y=2)\n", "a = dict(y=2, x=1)\n", []),
    "a value": ("a = dict(b=1)\n", "a = dict(b=2)\n", [("changed", "a.b", 1, 2)]),
    "a type": ("a = 1\nb = (1, 2)\n", "a = True\nb = [1, 2]\n", [
        ("changed", "a", 1, True), ("changed", "b", [1, 2], [1, 2]),
    ]),
    "a key": ("a = dict(b=1)\n", "a = dict(c=dict(d=1))\n", [
        ("removed", "a.b", 1, None), ("added", "a.c", None, {"d": 1}),
    ]),
    "mmcv 1.x": (MMCV1, MMCV1.replace("2", "4"), [("changed", "data.samples_per_gpu", 2, 4)]),
    "mmengine": (MMENGINE, MMENGINE + "resume = True\n", [("added", "resume", None, True)]),
    "an element of a list": (PIPELINE, PIPELINE.replace("(4, 2)", "(4, 9)"), [
        ("changed", "p[1].scale", [4, 2], [4, 9]),
    ]),
    "an element put in, another one changed": (PIPELINE, MORE, [
        ("added", "p[1]", None, {"type": "Color", "a": 1}), ("changed", "p[2].scale", [4, 2], [4, 3]),
    ]),
    "an element taken out": (PIPELINE, CUT, [("removed", "p[1]", {"type": "Resize", "scale": [4, 2]}, None)]),
    "most of a long list": (NUMBERED.format(0, 9), NUMBERED.format(9, 18), [
        ("changed", f"p[{i}].type", f"T{i}", f"T{i + 9}") for i in range(9)
    ]),
    "most of a long list, and it grew": (NUMBERED.format(0, 9), NUMBERED.format(9, 12), [
        ("changed", "p", [{"type": f"T{i}"} for i in range(9)], [{"type": f"T{i}"} for i in range(9, 12)]),
    ]),
    "a list of numbers": ("s = [8, 11]\n", "s = [8, 16, 22]\n", [("changed", "s", [8, 11], [8, 16, 22])]),
    "lists of numbers": ("s = [(1, 2), (3, 4)]\n", "s = [(1, 2), 5]\n", [
        ("changed", "s", [[1, 2], [3, 4]], [[1, 2], 5]),
    ]),
    "unknown on one side": (UNKNOWN, "x = 1\n", [("cannot tell", "x", {"unknown": ...}, 1)]),
    "unknown on both sides": (UNKNOWN, UNKNOWN, [("cannot tell", "x", {"unknown": ...}, {"unknown": ...})]),
    "unknown in a list": ("import sys\ns = [1, len(sys.argv)]\n", "s = [1, 2]\n", [
        ("cannot tell", "s", [1, {"unknown": ...}], [1, 2]),
    ]),
    "a list that differs beside the unknown": ("import sys\ns = [1, len(sys.argv)]\n", "s = [3, 2]\n", [
        ("changed", "s", [1, {"unknown": ...}], [3, 2]),
    ]),
    "a base that is not here": ("_base_ = 'gone.py'\na = 1\n", "a = 1\nb = 2\n", [
        ("cannot tell", "b", {"unknown": ...}, 2), ("cannot tell", "", None, None),
    ]),
    "lazy": (LAZY.format("ReLU"), LAZY.format("GELU"), [
        ("changed", "model.type", "torch.nn.ReLU", "torch.nn.GELU"),
    ]),
    "an import and its full name": (LAZY.format("ReLU"), "model = dict(type='torch.nn.ReLU')\n", []),
    "an import and a name": (LAZY.format("ReLU"), "model = dict(type='ReLU')\n", [
        ("cannot tell", "model.type", "torch.nn.ReLU", "ReLU"),
    ]),
    "an import and another name": (LAZY.format("ReLU"), "model = dict(type='GELU')\n", [
        ("changed", "model.type", "torch.nn.ReLU", "GELU"),
    ]),
}  # fmt: skip


def without_reasons(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: ... if key == "unknown" else without_reasons(item) for key, item in value.items()}
    return [without_reasons(item) for item in value] if isinstance(value, list) else value


def changes(printed: str) -> List[Tuple[str, str, Any, Any]]:
    return [
        (
            change["kind"],
            change["key"],
            *(without_reasons(side and side["value"]) for side in (change["before"], change["after"])),
        )
        for change in json.loads(printed)["changes"]
    ]


@pytest.mark.parametrize("what", CASES)
def test_what_differs(what: str, tmp_path: Path, mmfix: Any) -> None:
    before, after, expected = CASES[what]
    (tmp_path / "a.py").write_text(before)
    (tmp_path / "b.py").write_text(after)
    done = mmfix("diff", "a.py", "b.py", "--format", "json")
    assert done.stderr == ""
    assert changes(done.stdout) == expected
    assert done.returncode == bool(expected)
    for change in json.loads(done.stdout)["changes"]:
        assert bool(change["why"]) == (change["kind"] == "cannot tell")


@pytest.mark.parametrize(
    ("name", "text"),
    [("b.json", '{"model": {"depth": 101}}'), ("b.yaml", "model:\n  depth: 101\n")],
)
def test_the_text_with_the_line_of_each_side(name: str, text: str, tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "base.py").write_text("depth = 50\nmodel = dict(depth=depth)\ndel depth\n")
    (tmp_path / "a.py").write_text("_base_ = 'base.py'\n")
    (tmp_path / name).write_text(text)
    done = mmfix("diff", "a.py", name)
    head, blank, key, old, new, blank_too, total = done.stdout.split("+++ ")[1].splitlines()
    assert (head, blank, key, blank_too) == (name, "", "model.depth", "")
    assert old == "  - 50  base.py:2:20  model = dict(depth=depth)"
    assert new.startswith(f"  + 101  {name}:")
    assert total == "1 key: 1 changed"


def test_long_values_are_cut_where_they_differ(tmp_path: Path) -> None:
    for name, last in (("a.py", "x"), ("b.py", "y")):
        (tmp_path / name).write_text(f"c = ['c%d' % i for i in range(80)] + [{last!r}]\nd = {last * 300!r}\n")
    found = package.diff(tmp_path / "a.py", tmp_path / "b.py")
    lines = render_text(found, Page()).splitlines()[2:]
    assert any(line.startswith("  - ...") and line.endswith("'x']") for line in lines)
    assert any(line.startswith("  + ...") and line.endswith("'y']") for line in lines)
    assert all(len(line) <= 100 for line in lines if line[4:5] != " ")


def test_a_base_that_was_found_elsewhere_is_told(tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "mmfix.toml").write_text("base-dirs = ['elsewhere']\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/gone.py").write_text("b = 1\n")
    (tmp_path / "a.py").write_text("_base_ = 'gone.py'\n")
    (tmp_path / "b.py").write_text("b = 1\n")
    done = mmfix("diff", "a.py", "b.py")
    assert done.returncode == 0
    assert done.stdout.endswith(
        "note: gone.py is not here; read from base-dirs of mmfix.toml\nno key differs\n"
    )


def test_deep_nesting(tmp_path: Path, mmfix: Any) -> None:
    for name, last in (("a.py", "1"), ("b.py", "2")):
        (tmp_path / name).write_text(f"a = {'dict(b=' * 60}{last}{')' * 60}\n")
    assert mmfix("diff", "a.py", "b.py").stdout.count("a.b.b") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a.py"], "name two configs, or one and --since REV"),
        (["a.py", "gone.py"], "gone.py: error: file not found"),
        (["a.py", "broken.py"], "broken.py:1: error:"),
        (["a.py", "--since", "HEAD"], "--since HEAD: is in no git repository"),
    ],
)
def test_what_cannot_be_compared(arguments: List[str], says: str, tmp_path: Path, mmfix: Any) -> None:
    (tmp_path / "a.py").write_text("a = 1\n")
    (tmp_path / "broken.py").write_text("a = = 1\n")
    for more in ((), ("--format", "json")):
        done = mmfix("diff", *arguments, *more)
        assert done.returncode == 2
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_in_python(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("a = 1\n")
    with pytest.raises(TypeError, match="two configs"):
        package.diff(tmp_path / "a.py")
    with pytest.raises(MmfixError, match="no git repository"):
        package.diff(tmp_path / "a.py", since="main")
    assert package.diff(tmp_path / "a.py", tmp_path / "a.py").exit_code == 0
