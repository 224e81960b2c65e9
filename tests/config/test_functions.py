"""Functions that a config defines are called as Python calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmfix.config.reader import Reader
from mmfix.errors import ConfigError

CALLS = {
    "f(1, 2)": {"a": 1, "b": 2, "rest": (), "c": 4, "more": {}},
    "f(1, b=2, c=5)": {"a": 1, "b": 2, "rest": (), "c": 5, "more": {}},
    "f(1, a=2)": {"a": 1, "b": 3, "rest": (), "c": 4, "more": {"a": 2}},
    "f(1, 2, 3, d=6)": {"a": 1, "b": 2, "rest": (3,), "c": 4, "more": {"d": 6}},
    "f(*[1, 2], **dict(c=7))": {"a": 1, "b": 2, "rest": (), "c": 7, "more": {}},
}
DEFINED = (
    "def f(a, /, b=3, *rest, c=4, **more):\n    return dict(a=a, b=b, rest=rest, c=c, more=more)\n"
    "def g(a, /):\n    return a\n"
    "def h(a):\n    def inner():\n        yield a\n    return a\n"
)


@pytest.mark.parametrize("call", CALLS)
def test_arguments(call: str, tmp_path: Path) -> None:
    (tmp_path / "c.py").write_text(f"{DEFINED}x = {call}\n")
    assert Reader().load(str(tmp_path / "c.py")).to_dict()["x"] == CALLS[call]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("f()", "missing a required argument: 'a'"),
        ("f(a=1)", "missing a required argument: 'a'"),
        ("g(a=1)", "positional-only"),
        ("g(1, 2)", "takes 1 positional arguments but 2 were given"),
        ("h(1, a=1)", "multiple values"),
        ("h(b=1)", "unexpected keyword"),
    ],
)
def test_wrong_arguments(call: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "c.py").write_text(f"{DEFINED}x = {call}\n")
    with pytest.raises(ConfigError, match=words):
        Reader().load(str(tmp_path / "c.py"))


def test_a_generator_inside_does_not_make_one_outside(tmp_path: Path) -> None:
    (tmp_path / "c.py").write_text(f"{DEFINED}x = h(2)\n")
    assert Reader().load(str(tmp_path / "c.py")).to_dict()["x"] == 2
