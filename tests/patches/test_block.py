"""The marked block: every byte of the file stays, and undo gives exactly the old bytes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from patch_helpers import load, overrides_of, patch_and_check

from mmfix.errors import PatchError
from mmfix.patches import Verifier, plan, undo
from mmfix.patches.block import FIRST, LAST, append, comment, split

ENDINGS = {
    "plain": b"a = 1\n",
    "no newline at the end": b"a = 1",
    "CRLF": b"a = 1\r\nb = 2\r\n",
    "CRLF, no newline at the end": b"a = 1\r\nb = 2",
    "old Mac line ends": b"a = 1\rb = 2\r",
    "mixed line ends": b"a = 1\r\nb = 2\nc = 3\nd = 4\r\n",
    "empty": b"",
    "one empty line": b"\n",
    "many empty lines at the end": b"a = 1\n\n\n\n",
    "only a comment": b"# a config",
    "a comment at the end": b"a = 1  # yes \\\n# last \\",
    "a form feed at the end": b"a = 1\n\x0c",
    "blanks at the end": b"a = 1\n    ",
    "coding line": b"# -*- coding: utf-8 -*-\na = '\xc3\xa9'",
    "a string over lines": b"a = '''x\ny'''",
    "a continuation inside": b"a = 1 + \\\n    2",
    "an open-looking comment": b"a = 1\n# (\n",
}


@pytest.mark.parametrize("data", ENDINGS.values(), ids=ENDINGS)
def test_patch_keeps_and_undo_restores(data: bytes, tmp_path: Path, verifier: Verifier) -> None:
    path = tmp_path / "leaf.py"
    path.write_bytes(data)
    assert patch_and_check(path, overrides_of({"find_unused_parameters": True}), verifier)
    patched = path.read_bytes()
    assert (b"\r\n" in patched[len(data) :]) == data.startswith(b"a = 1\r\nb = 2") * (b"c = 3" not in data)


def test_byte_order_mark_is_kept_in_yaml(tmp_path: Path, verifier: Verifier) -> None:
    path = tmp_path / "leaf.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert patch_and_check(path, overrides_of({"b": 2}), verifier) == ["b: 2"]


@given(st.binary(max_size=40).filter(lambda data: b"# >>> mmfix" not in data and b"# <<< mmfix" not in data))
def test_undo_is_exact_for_any_bytes(data: bytes) -> None:
    patched = append(data, ["a = 1"])
    assert patched.startswith(data)
    assert undo(patched) == data
    assert patched[len(data) :].decode("ascii").splitlines()[-2:] == ["a = 1", LAST]


@given(st.lists(st.sampled_from(["\n", "\r\n", "\r", "a=1", " ", "\x0c", "#"]), max_size=8).map("".join))
def test_undo_is_exact_for_any_line_ends(text: str) -> None:
    assert undo(append(text.encode(), ["a = 1"])) == text.encode()


def test_undo_without_a_block() -> None:
    assert undo(b"a = 1\n") is None
    assert undo(b'a = "# >>> mmfix: no"\n') is None


@pytest.mark.parametrize("before", [b"a = 1\n", b"a = 1"])
def test_undo_keeps_what_was_written_after_the_block(before: bytes) -> None:
    assert undo(append(before, ["a = 2"]) + b"c = 3\n") == b"a = 1\nc = 3\n"


@pytest.mark.parametrize(
    "data",
    [
        FIRST.encode() + b"\na = 1\n",
        b"a = 1\n" + LAST.encode() + b"\n",
        LAST.encode() + b"\n" + FIRST.encode() + b"\n",
        append(append(b"a = 1\n", ["a = 2"]), ["a = 3"]),
    ],
)
def test_damaged_block(data: bytes) -> None:
    with pytest.raises(PatchError, match=r"damaged.*delete it by hand"):
        undo(data)


def test_block_of_another_line_ending_is_found() -> None:
    """Git may rewrite all line ends of a file."""
    patched = append(b"a = 1\nb = 2\n", ["a = 2"]).replace(b"\n", b"\r\n")
    assert undo(patched) == b"a = 1\r\nb = 2\r\n"
    found = split(patched)
    assert found is not None
    assert found.block.splitlines()[1] == "a = 2"


def test_comments_are_ascii_one_line_and_no_template() -> None:
    assert comment("a\nb \u2192 {{ fileBasename }}") == "# a b \\u2192 { { fileBasename }}"


def test_block_text(tmp_path: Path) -> None:
    path = tmp_path / "leaf.py"
    path.write_text("model = dict(backbone=dict(with_cp=True))\n")
    document, reader = load(path)
    data = plan(document, overrides_of({"model.backbone.with_cp": False, "b": 1}, "MMF101: why"), reader)
    assert data.decode() == (
        "model = dict(backbone=dict(with_cp=True))\n"
        "\n"
        '# >>> mmfix: added by "mmfix patch"; remove with "mmfix patch --undo" >>>\n'
        "# model.backbone.with_cp: True -> False (MMF101: why)\n"
        "# b: not set -> 1 (MMF101: why)\n"
        "model['backbone']['with_cp'] = False\n"
        "b = 1\n"
        "# <<< mmfix <<<\n"
    )


def test_undo_never_joins_lines() -> None:
    """The empty line above the block is gone, and something follows the block."""
    without_gap = append(b"a = 1\n", ["a = 2"]).replace(b"\n\n#", b"\n#") + b"b = 3\n"
    assert undo(without_gap) == b"a = 1\nb = 3\n"


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("original", "before", "after", "left"),
    [
        ("a|", "a|", "", "a|"),
        ("a|", "a|", "b", "a|b"),
        ("a|", "a||", "b|", "a|b|"),
        ("a|", "a||||", "", "a|||"),
        ("a|", "|", "b|", "|b|"),
        ("a|", "", "b|", "b|"),
        ("a", "a||", "", "a"),
        ("a", "a|", "", "a|"),
        ("a", "a|", "b|", "a|b|"),
        ("a", "a||", "b|", "a|b|"),
        ("a", "a|||", "", "a||"),
    ],
)
def test_undo_takes_only_the_gap_that_is_there(
    original: str, before: str, after: str, left: str, eol: str
) -> None:
    def data(text: str) -> bytes:
        return text.replace("|", eol).encode()

    block = data("|".join(append(data(original or "|"), ["x = 2"]).decode().split(FIRST)[1].splitlines()))
    assert undo(data(before) + FIRST.encode() + block + eol.encode() + data(after)) == data(left)


def test_a_gap_that_is_gone_after_a_windows_line() -> None:
    """A block in ``\\n`` below a last line in ``\\r\\n``: the two belong together."""
    patched = append(b"a = 1\nb = 2\nc = 3\r\n", ["x = 2"]).replace(b"\r\n\n#", b"\r\n#")
    assert undo(patched) == b"a = 1\nb = 2\nc = 3\r\n"


MARKERS = f"{FIRST}\nprecious\n{LAST}\n"
TEXT_THAT_LOOKS_LIKE_A_BLOCK = {
    "string.py": f'doc = """\n{MARKERS}"""\n',
    "raw.py": f"doc = r'''\n{MARKERS}'''\n",
    "brackets.py": f"a = [\n{FIRST}\n1,\n{LAST}\n]\n",
    "scalar.yaml": f"a: |\n{''.join('  ' + line for line in MARKERS.splitlines(True))}",
    "quoted.yaml": f"a: '\n{MARKERS}'\n",
    "any.json": MARKERS,
}


@pytest.mark.parametrize("name", TEXT_THAT_LOOKS_LIKE_A_BLOCK)
def test_text_that_looks_like_a_block_is_none(name: str) -> None:
    text = TEXT_THAT_LOOKS_LIKE_A_BLOCK[name].encode()
    assert undo(text, name) is None
    if not name.endswith(".json"):
        comment_only = b"x: 1\n" if name.endswith("ml") else b"x = 1\n"
        assert undo(append(comment_only, ["# y"]), name) == comment_only
    if name.endswith(".py"):
        assert undo(append(text, ["x = 1"]), name) == text


def test_half_a_block_in_a_string_is_no_damage() -> None:
    text = f'doc = """\n{LAST}\n"""\n'.encode()
    assert undo(text, "a.py") is None
    assert undo(append(text, ["x = 1"]), "a.py") == text


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (append(b"a = '''\n", ["x = 1"]), "a.py"),
        (append(b"a = (\n", ["x = 1"]), "a.py"),
        (append(b"a: [\n", ["x: 1"]), "a.yaml"),
    ],
)
def test_a_file_too_broken_to_tell_is_left_alone(data: bytes, name: str) -> None:
    with pytest.raises(PatchError, match=rf"^{name}.*: is not valid .*correct the file, or delete"):
        undo(data, name)


def test_a_syntax_error_elsewhere_does_not_stop_undo() -> None:
    assert undo(append(b"a = = 1\n", ["x = 1"]), "a.py") == b"a = = 1\n"


def test_a_class_that_a_lazy_config_imports_is_said_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "lazy.py"
    path.write_text("from torch.optim import SGD\nmodel = dict(type=SGD, neck=dict(type=SGD, depth=1))\n")
    document, reader = load(path)
    data = plan(document, overrides_of({"model.neck": {"type": "a.B"}}), reader)
    assert b"# model.neck: {'type': 'torch.optim.SGD', 'depth': 1} -> {'type': 'a.B'} (MMF101)\n" in data
