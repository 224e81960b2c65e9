"""A line with a mark below what it is about, whatever is in the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmfix.config.origin import Origin
from mmfix.report.text.excerpt import excerpt
from mmfix.report.text.page import Page


@pytest.mark.parametrize(
    ("text", "column", "line", "mark"),
    [
        ("a = True", 5, "a = True", "    ^^^^"),
        ("a = 'two words'  # b", 5, "a = 'two words'  # b", "    ^^^^^^^^^^^"),
        ("a = -1.5e3", 5, "a = -1.5e3", "    ^^^^^^"),
        ("a = dict(b=1)", 5, "a = dict(b=1)", "    ^"),
        ("\ta = x.y", 6, " a = x.y", "     ^^^"),
        ("a = dict(名前='值', b=2)", 19, "a = dict(名前='值', b=2)", " " * 21 + "^"),
        ("a = '\x1b[31m'", 5, "a = '\\x1b[31m'", "    ^^^^^^^^^^"),
        ("a = True", 99, "a = True", "        ^"),
    ],
)
def test_the_mark_stands_below_the_value(
    tmp_path: Path, text: str, column: int, line: str, mark: str
) -> None:
    (tmp_path / "a.py").write_text(f"# first\n{text}\n", encoding="utf-8")
    assert list(excerpt(Origin(str(tmp_path / "a.py"), 2, column), Page())) == [
        f"      2 | {line}",
        f"        | {mark}",
    ]


@pytest.mark.parametrize("start", [0, 30, 200])
def test_a_long_line_is_cut_around_the_value(tmp_path: Path, start: int) -> None:
    (tmp_path / "a.py").write_text(f"{'x' * start}=12345{'y' * 200}\n")
    shown, mark = excerpt(Origin(str(tmp_path / "a.py"), 1, start + 2), Page(width=80))
    assert len(shown) <= 80
    assert shown[mark.index("^")] == "1"


def test_a_line_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("a = 1\n\n")
    for path, line in (("gone.py", 1), ("a.py", 2), ("a.py", 7)):
        assert list(excerpt(Origin(str(tmp_path / path), line, 1), Page())) == []
