"""The line of a file that is shown beside a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmfix.config.origin import Origin
from mmfix.results.place import source_line


@pytest.mark.parametrize(
    ("data", "line", "shown"),
    [
        (b"a\nb = 1\nc", 2, "b = 1"),
        (b"a\r\nb = 1\r\nc", 2, "b = 1"),
        (b"a\rb = 1\rc", 2, "b = 1"),
        (b"a\n  b\x0c\x1c = 1\nc", 3, "c"),
        (b"\xef\xbb\xbfa = 1", 1, "a = 1"),
        ("# coding: latin-1\nb = 'ö'".encode(), 2, "b = 'ö'"),
        ("# coding: latin-1\nb = 'ö'".encode("latin-1"), 2, "b = 'ö'"),
        (b"# coding: nonsense\nb = '\xf6'", 2, "b = '\ufffd'"),
        (b"a", 2, ""),
        (b"a", 0, ""),
        (b"x" * 100, 1, "x" * 57 + "..."),
    ],
)
def test_a_line(data: bytes, line: int, shown: str, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(data)
    assert source_line(Origin(str(path), line, 1)) == shown


@pytest.mark.parametrize("path", ["/dev/zero", "/nowhere", "", "<memory>", "a\0b", "."])
def test_no_line(path: str) -> None:
    assert source_line(Origin(path, 1, 1)) == ""


def test_a_file_that_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    for text in ("a = 1", "a = 22"):
        path.write_text(text)
        assert source_line(Origin(str(path), 1, 1)) == text
