"""Comments that ignore findings: what is one, and which line it is about."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Tuple

import pytest

from mmfix.project.adding import with_comments
from mmfix.project.ignores import Ignore, ignores_of


def read(text: str) -> Tuple[Ignore, ...]:
    return ignores_of(text, "c.py")


@pytest.mark.parametrize(
    ("text", "target", "selectors", "reason"),
    [
        ("a = 1  # mmfix: ignore[MMF101] we know", 1, ("MMF101",), "we know"),
        ("# mmfix: ignore[MMF101] we know\na = 1", 2, ("MMF101",), "we know"),
        ("# mmfix: ignore[MMF101]\n# more\n\na = 1", 4, ("MMF101",), ""),
        (
            "a = dict(\n    # mmfix: ignore[late-freezing, MMF1] x\n    b=1)",
            3,
            ("late-freezing", "MMF1"),
            "x",
        ),
        ("a = dict(b=1,  # on  # mmfix: ignore[MMF101]: x\n  c=2)", 1, ("MMF101",), "x"),
        ("#mmfix:ignore[mmf101] -- x\r\na = 1", 2, ("mmf101",), "x"),
        ("# mmfix: ignore-file[MMF101] all of it\na = 1", 0, ("MMF101",), "all of it"),
        ("a = 1\n# mmfix: ignore[MMF101] nothing follows", 2, ("MMF101",), "nothing follows"),
    ],
)
def test_what_a_comment_is_about(text: str, target: int, selectors: Tuple[str, ...], reason: str) -> None:
    (found,) = read(text)
    assert (found.target, found.selectors, found.reason, found.problem) == (target, selectors, reason, "")


@pytest.mark.parametrize(
    "text",
    [
        "a = '# mmfix: ignore[MMF101] text'",
        'a = """\n# mmfix: ignore[MMF101] text\n"""',
        "# see mmfix: ignore[MMF101]",
        '# >>> mmfix: added by "mmfix patch"; remove with "mmfix patch --undo" >>>\na = 1\n# <<< mmfix <<<',
        "a = 1",
    ],
)
def test_what_is_none(text: str) -> None:
    assert read(text) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# mmfix: ignore MMF101", "is not understood; write `# mmfix: ignore[rule] reason`"),
        ("# mmfix: ingore[MMF101] x", "is not understood"),
        ("# mmfix: ignore[] x", "names no rule, so nothing is ignored"),
        ("# mmfix: ignore[MMF999] x", "names no rule with 'MMF999'; did you mean MMF"),
        ("# mmfix: ignore[late-freezin] x", "did you mean late-freezing?"),
    ],
)
def test_what_is_wrong_with_one(text: str, problem: str) -> None:
    (found,) = read(text)
    assert problem in found.problem


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("model:\n  with_cp: true  # mmfix: ignore[MMF101] x\n", [2]),
        ("model:\n  # mmfix: ignore[MMF101] x\n\n  with_cp: true\n", [4]),
        ("a: {b: 1, # mmfix: ignore[MMF101] x\n  c: 2}\n", [1]),
        ("a: |\n  text\n# mmfix: ignore[MMF101] x\nb: 1\n", [4]),
        ("# mmfix: ignore-file[MMF101] x\na: 1\n", [0]),
        ("a: 1 # mmfix: ignore[MMF101] x\nb: 'x\n# mmfix: ignore[MMF101] x\n", [1]),
        ("a: '# mmfix: ignore[MMF101] x'\n", []),
        ("a: |\n  # mmfix: ignore[MMF101] x\nb: 1\n", []),
        ('a: "b\n  # mmfix: ignore[MMF101] x"\n', []),
        ("a: b# mmfix: ignore[MMF101] x\n", []),
    ],
)
def test_yaml(text: str, targets: List[int]) -> None:
    assert [item.target for item in ignores_of(text, "c.yaml")] == targets
    assert [item.target for item in ignores_of(text.replace("\n", "\r\n"), "c.yml")] == targets


def test_json_has_no_comments() -> None:
    assert ignores_of('{"a": "# mmfix: ignore[MMF101] x"}\n', "c.json") == ()


@pytest.mark.parametrize(
    ("before", "lines", "after"),
    [
        ("a:\n  b: 1\n", {2: ["MMF101"]}, "a:\n  b: 1  # mmfix: ignore[MMF101] x\n"),
        ("a: 1  # one\n", {1: ["MMF101"]}, "# mmfix: ignore[MMF101] x\na: 1  # one\n"),
        ("a: 1\n", {0: ["MMF101"]}, "# mmfix: ignore-file[MMF101] x\na: 1\n"),
        ("a: |\n  b\n", {2: ["MMF101"]}, None),
        ("a: [\n", {1: ["MMF101"]}, None),
    ],
)
def test_put_into_yaml(before: str, lines: Dict[int, Sequence[str]], after: Optional[str]) -> None:
    made, failed = with_comments(before.encode(), "c.yaml", lines, "x")
    assert made.decode() == (before if after is None else after)
    assert failed == (() if after is not None else tuple(lines))


@pytest.mark.parametrize(
    ("before", "lines", "after"),
    [
        (b"a = dict(b=1)\n", [1], b"a = dict(b=1)  # mmfix: ignore[MMF101] why\n"),
        (b"a = dict(b=1)", [1], b"a = dict(b=1)  # mmfix: ignore[MMF101] why"),
        (b"a = 1  # x\r\n", [1], b"# mmfix: ignore[MMF101] why\r\na = 1  # x\r\n"),
        (
            b"a = dict(\n\tb='" + b"x" * 90 + b"')\n",
            [2],
            b"a = dict(\n\t# mmfix: ignore[MMF101] why\n\tb='" + b"x" * 90 + b"')\n",
        ),
        (b"a = '#'\n", [1], b"# mmfix: ignore[MMF101] why\na = '#'\n"),
        (b"a = 1 + \\\n  2\n", [1], b"# mmfix: ignore[MMF101] why\na = 1 + \\\n  2\n"),
        (b"a = 1 + \\\n  2\n", [2], b"a = 1 + \\\n  2  # mmfix: ignore[MMF101] why\n"),
        (b"a = '''x\ny'''\n", [1], b"# mmfix: ignore[MMF101] why\na = '''x\ny'''\n"),
        (b"a = '''x\ny'''\n", [2], b"a = '''x\ny'''  # mmfix: ignore[MMF101] why\n"),
        (
            b"#!/x\n# coding: utf-8\na = 1\n",
            [0],
            b"#!/x\n# coding: utf-8\n# mmfix: ignore-file[MMF101] why\na = 1\n",
        ),
        (b"\xef\xbb\xbfa = 1\n", [0], b"\xef\xbb\xbf# mmfix: ignore-file[MMF101] why\na = 1\n"),
        (
            b"a = 1\nb = 2\n",
            [1, 2],
            b"a = 1  # mmfix: ignore[MMF101] why\nb = 2  # mmfix: ignore[MMF101] why\n",
        ),
    ],
)
def test_a_comment_is_put_where_it_is_one(before: bytes, lines: List[int], after: bytes) -> None:
    assert with_comments(before, "c.py", dict.fromkeys(lines, ("MMF101",)), "why") == (after, ())


@pytest.mark.parametrize(
    ("before", "line"),
    [(b"a = '''x\ny\nz'''\n", 2), (b"a = 1 + \\\n  '''\n'''\n", 2), (b"a = (\n", 1), (b"", 7)],
)
def test_where_there_is_no_place_nothing_changes(before: bytes, line: int) -> None:
    assert with_comments(before, "c.py", {line: ("MMF101",)}, "why") == (before, (line,))
