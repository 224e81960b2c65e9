"""Every case of every codemod: what a file becomes, what is refused, and that nothing else changes."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import libcst as cst
import pytest

from mmfix.codemods.all import CODEMODS
from mmfix.codemods.apply import edited
from mmfix.codemods.codemod import Case, NodeEdit
from mmfix.remedies.own_code import Refused

CASES = [(codemod, case) for codemod in CODEMODS.values() for case in codemod.cases]
IDS = [f"{codemod.name}: {case.name}" for codemod, case in CASES]


def write(path: Path, text: str, ends: str = "\n", mark: bytes = b"") -> None:
    path.write_bytes(mark + text.replace("\n", ends).encode())


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
@pytest.mark.parametrize(("codemod", "case"), CASES, ids=IDS)
def test_a_case(codemod, case, ends, mark, tmp_path):
    path = tmp_path.resolve() / "net.py"
    write(path, case.before, ends, mark)
    if case.refused:
        with pytest.raises(Refused) as error:
            edited(codemod, case.spots(str(path)), str(tmp_path.resolve()))
        assert error.value.why == case.refused
        assert error.value.path == str(path)
        return
    found = edited(codemod, case.spots(str(path)), str(tmp_path.resolve()))
    changed = case.after != case.before
    assert [edit.after for edit in found] == [mark + case.after.replace("\n", ends).encode()] * changed
    for edit in found:
        assert edit.before == path.read_bytes()  # nothing is written
        ast.parse(edit.after)


SPOILED = {
    "change more than it says": lambda call: call.with_changes(func=cst.Name("other")),
    "a second run would change it again": lambda call: call,
    "does not compile": lambda call: call.with_changes(args=[cst.Arg(cst.Name("x"), cst.Name("a"))] * 2),
}


@pytest.mark.parametrize("why", SPOILED)
def test_what_an_edit_must_not_do(why, tmp_path):
    """The promise is held against any codemod, also a wrong one."""
    codemod = CODEMODS["non-reentrant-in-code"]
    path = tmp_path.resolve() / "net.py"
    write(path, codemod.cases[0].before)

    def edits(spots, sources, refused):
        code = sources.files.get(spots[0].path)
        source, (node,) = sources.of(code), code.scopes.calls(spots[0].line)
        call = source.call(node)
        return {call: NodeEdit(source, call, spots[0].line, SPOILED[why], lambda tree: None)}

    with pytest.raises(Refused, match=why):
        edited(replace(codemod, edits=edits), codemod.cases[0].spots(str(path)), str(path.parent))


@pytest.mark.parametrize("codemod", CODEMODS.values(), ids=list(CODEMODS))
def test_a_codemod_is_a_file(codemod):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", codemod.name)
    assert codemod.edits.__module__ == f"mmfix.codemods.{codemod.name.replace('-', '_')}"
    assert len({case.name for case in codemod.cases}) == len(codemod.cases)
    said = {(case.after != case.before, bool(case.refused)) for case in codemod.cases}
    assert said == {(True, False), (False, True), (False, False)}


def test_an_encoding_line_is_kept(tmp_path):
    codemod = CODEMODS["non-reentrant-in-code"]
    path = tmp_path.resolve() / "net.py"
    head = "# -*- coding: latin-1 -*-\nfrom torch.utils.checkpoint import checkpoint\n"
    text = head + "y = checkpoint('ü', x)  # <-\n"
    path.write_bytes(text.encode("latin-1"))
    spots = Case("", text).spots(str(path))
    (edit,) = edited(codemod, spots, str(path.parent))
    assert edit.after == text.replace("x)", "x, use_reentrant=False)").encode("latin-1")


def test_a_link_out_of_the_repository_is_not_followed(tmp_path):
    codemod = CODEMODS["non-reentrant-in-code"]
    case = codemod.cases[0]
    (tmp_path / "mine").mkdir()
    outside, link = tmp_path.resolve() / "net.py", tmp_path / "mine" / "net.py"
    write(outside, case.before)
    link.symlink_to(outside)
    with pytest.raises(Refused, match="not in the repository"):
        edited(codemod, case.spots(str(link)), str(tmp_path.resolve() / "mine"))
    assert outside.read_text() == case.before


@pytest.mark.parametrize("below", ["env/lib/python3.9/site-packages/mmdet", "third_party/mmdet"])
def test_what_is_installed_or_a_submodule_is_left_alone(below, tmp_path):
    codemod = CODEMODS["non-reentrant-in-code"]
    folder = tmp_path.resolve() / below
    folder.mkdir(parents=True)
    (folder / ".git").write_text("gitdir: elsewhere\n")
    write(folder / "net.py", codemod.cases[0].before)
    with pytest.raises(Refused, match="not in the repository"):
        edited(codemod, codemod.cases[0].spots(str(folder / "net.py")), str(tmp_path.resolve()))
