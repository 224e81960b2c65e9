"""Files are read within bounds, and text is parsed without a word to the terminal."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

from mmfix.python.source import Bounds, Unparsable, parse, read_bytes
from mmfix.python.trees import dotted, own_nodes

SMALL = Bounds("poem", 1_000_000)


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("a = 1\nb = (\n", "syntax error: ", 2),
        ("x = 1\0\n", "", None),
        (b"# coding: klingon\n", "", None),
        (b"x = '\xff'\n", "", None),
        ("x = " + "[" * 5000 + "]" * 5000, "", None),
        ("x = " + "-" * 90_000 + "1", "is nested too deeply to be read", None),
    ],
    ids=["syntax", "null", "encoding", "bytes", "brackets", "minus"],
)
def test_what_is_no_python(text: Any, reason: str, line: Any, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Unparsable) as caught:
        parse(text)
    assert caught.value.reason.startswith(reason)
    assert line is None or caught.value.line == line
    out, err = capfd.readouterr()
    assert out == ""
    # the parser of Python 3.8 is written in C and has a word of its own
    assert err == "" or (sys.version_info < (3, 9) and err == "s_push: parser stack overflow\n")


def test_invalid_escapes_are_no_news(recwarn: pytest.WarningsRecorder) -> None:
    assert isinstance(parse("x = '\\d'"), ast.Module)
    assert isinstance(parse(b"# coding: latin-1\nx = '\xe9'"), ast.Module)
    assert list(recwarn) == []


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"x" * 1_000_000)
    assert read_bytes(str(path), SMALL) == (b"x" * 1_000_000, None)
    path.write_bytes(b"x" * 1_000_001)
    data, problem = read_bytes(str(path), SMALL)
    assert (data, problem and problem.reason) == (b"", "larger than 1 MB, which no poem is")
    for missing in (str(tmp_path / "b.py"), str(tmp_path), "a\0b"):
        data, problem = read_bytes(missing, SMALL)
        assert data == b""
        assert problem is not None
        assert problem.reason.startswith("cannot be read: ")


def test_trees() -> None:
    assert [dotted(ast.parse(text, mode="eval").body) for text in ("a", "a.b.c", "a().b", "a[0]", "1")] == [
        *("a", "a.b.c", "", "", "")
    ]
    function = ast.parse("def f():\n    yield 1\n    def g(): yield 2\n    lambda: (yield 3)\n").body[0]
    assert [node.value.value for node in own_nodes(function) if isinstance(node, ast.Yield)] == [1]
    expression = ast.parse("lambda: (yield 3)", mode="eval").body
    assert any(isinstance(node, ast.Yield) for node in own_nodes(expression))
