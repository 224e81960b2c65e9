"""Source that cannot be read, or is too much: bounded, explained, never raised."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmfix.python.source import Unparsable
from mmfix.repository import source
from mmfix.repository.finder import Finder
from mmfix.repository.index import Index
from mmfix.repository.library import Library
from mmfix.repository.modules import Modules
from mmfix.repository.registrations import read_registrations
from mmfix.repository.source import parse_bytes
from mmfix.repository.walk import MAX_FILES, walk_sources

GOOD = b"from mmdet.registry import MODELS\n@MODELS.register_module()\nclass A: pass\n"
MARK = b"# register_module\n"

BAD: Dict[str, Any] = {
    "syntax error": (MARK + b"class A(:\n", "syntax error", 2),
    "print statement": (MARK + b"print 'x'\n", "Python 2", 2),
    "except comma": (MARK + b"try:\n  pass\nexcept IOError, e:\n  pass\n", "Python 2", 4),
    "raise comma": (MARK + b"raise IOError, 'x'\n", "Python 2", 2),
    "null bytes": (MARK + b"x = 1\0\n", "", None),
    "null bytes only": (b"\0" * 100 + MARK, "", None),
    "unknown encoding": (b"# coding: no-such-coding\n" + MARK, "", None),
    "not the encoding": (b"# coding: utf-8\nx = '\xe9'\n" + MARK, "", None),
    "not text": (b"\x80\x81register_module", "", None),
    "too many brackets": (MARK + b"x = " + b"(" * 5000 + b")" * 5000, "", None),
    "too deep": (MARK + b"x = " + b"-" * 200_000 + b"1", "", None),
    "too large": (GOOD + b"#" * 5_000_000, "larger than 4 MB", 1),
    "too large, no mark": (b"#" * 5_000_000, "larger than 4 MB", 1),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_a_problem_and_the_others_are_read(tmp_path: Path, case: str) -> None:
    content, reason, line = BAD[case]
    (tmp_path / "bad.py").write_bytes(content)
    (tmp_path / "good.py").write_bytes(GOOD)
    lib = Library([str(tmp_path)])
    found = lib.find("A", "mmdet")
    assert [entry.module for entry in found.candidates] == ["good"]
    (problem,) = (
        p for p in found.problems if p.place is not None and p.place.path == str(tmp_path / "bad.py")
    )
    assert reason in problem.reason
    module = lib.module("bad")
    assert module is not None
    assert (module.tree, module.problem) == (None, problem)
    if line is not None:
        assert problem.place is not None
        assert problem.place.line == line


FINE = {
    "latin-1 with a cookie": b"# -*- coding: latin-1 -*-\nx = '\xe9'\n" + GOOD,
    "BOM": b"\xef\xbb\xbf" + GOOD,
    "CRLF": GOOD.replace(b"\n", b"\r\n"),
    "CR": GOOD.replace(b"\n", b"\r"),
    "form feed and other separators in text": b"x = '\x0c\x1c\xe2\x80\xa8'\n" + GOOD,
    "invalid escape": b"x = '\\d'\n" + GOOD,
    "no newline at the end": GOOD.rstrip(),
}


@pytest.mark.parametrize("case", FINE)
def test_odd_but_right_files(tmp_path: Path, case: str) -> None:
    (tmp_path / "m.py").write_bytes(FINE[case])
    found = Library([str(tmp_path)]).find("A", "mmdet")
    assert len(found.candidates) == 1
    assert found.problems == ()


def test_thousands_of_elif_do_not_raise(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_bytes(b"if x: pass\n" + b"elif x: pass\n" * 3000 + MARK + GOOD)
    lib = Library([str(tmp_path)])
    found = lib.find("A", "mmdet")
    assert found.candidates or found.problems
    lib.names("m")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_bytes(GOOD)
    (tmp_path / "m.py").chmod(0)
    (tmp_path / "closed").mkdir(mode=0)
    found = Library([str(tmp_path)]).find("A", "mmdet")
    (tmp_path / "closed").chmod(0o700)
    assert found.candidates == ()
    assert [problem.reason for problem in found.problems] == ["cannot be read: permission denied"]


@pytest.mark.parametrize("root", ["missing", "file.py", "nul\0l", "", "~"])
def test_roots_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    (tmp_path / "file.py").write_bytes(GOOD)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    lib = Library([root if root in ("", "~") else str(tmp_path / root)])
    assert lib.find("A", "mmdet").candidates == ()
    assert lib.module("file") is None


@pytest.mark.skipif(os.name == "nt", reason="needs a right that users do not have on Windows")
class TestLinks:
    def test_loops_end(self, tmp_path: Path) -> None:
        repo = tmp_path / "repo"
        (repo / "a" / "b").mkdir(parents=True)
        (repo / "m.py").write_bytes(GOOD)
        (repo / "a" / "b" / "up").symlink_to(repo, target_is_directory=True)
        (repo / "a" / "self").symlink_to(repo / "a" / "self")
        (repo / "loop.py").symlink_to(repo / "loop.py")
        (repo / "out").symlink_to(tmp_path, target_is_directory=True)
        (repo / "twin").symlink_to(repo / "a", target_is_directory=True)
        assert [file.path for file in walk_sources(str(repo)).files] == [str(repo / "m.py")]

    @pytest.mark.parametrize(("repository", "found"), [(".", 1), ("repo", 0)], ids=["inside", "outside"])
    def test_a_linked_directory_is_read_once_or_said(
        self, repository: str, found: int, tmp_path: Path
    ) -> None:
        (tmp_path / "repo").mkdir()
        (tmp_path / "lib").mkdir()
        (tmp_path / repository / ".git").mkdir()
        (tmp_path / "lib" / "m.py").write_bytes(GOOD)
        (tmp_path / "lib" / "back").symlink_to(tmp_path / "repo", target_is_directory=True)
        (tmp_path / "repo" / "x").symlink_to(tmp_path / "lib", target_is_directory=True)
        (tmp_path / "repo" / "y").symlink_to(tmp_path / "lib", target_is_directory=True)
        walk = walk_sources(str(tmp_path / "repo"))
        assert len(walk.files) == found
        said = "2 links lead out of the repository and are not followed unless they are named: x, y"
        assert [problem.reason for problem in walk.problems] == [] if found else [said]

    def test_what_is_installed_may_be_links_to_anywhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        packages, cache = tmp_path / "packages", tmp_path / "cache"
        (packages / "net-1.0.dist-info").mkdir(parents=True)
        (packages / "net").mkdir()
        cache.mkdir()
        (cache / "m.py").write_bytes(GOOD)
        (packages / "net" / "__init__.py").symlink_to(cache / "m.py")
        assert walk_sources(str(packages / "net")).files == ()
        monkeypatch.syspath_prepend(str(packages))
        assert len(walk_sources(str(packages / "net")).files) == 1

    def test_a_package_that_is_a_link_is_named_by_the_scope(self, tmp_path: Path) -> None:
        (tmp_path / "fork" / "net").mkdir(parents=True)
        (tmp_path / "repo" / ".git").mkdir(parents=True)
        (tmp_path / "fork" / "net" / "__init__.py").write_bytes(GOOD)
        (tmp_path / "repo" / "net").symlink_to(tmp_path / "fork" / "net", target_is_directory=True)
        lib = Library([str(tmp_path / "repo")])
        assert lib.find("A", None).candidates == ()
        assert len(lib.find("A", "net").candidates) == 1


SKIPPED = [
    *(".git", ".hidden", "node_modules", "venv", "env", "lib/site-packages", "__pycache__", "my_environment"),
    *("data", "work_dirs", "build", "tests", "docs"),
]


@pytest.mark.parametrize("folder", SKIPPED)
def test_directories_without_model_code_are_left_out(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder / "deep").mkdir(parents=True)
    (tmp_path / folder / "deep" / "m.py").write_bytes(GOOD)
    if folder == "my_environment":
        (tmp_path / folder / "pyvenv.cfg").write_bytes(b"")
    assert walk_sources(str(tmp_path)).files == ()


@pytest.mark.parametrize("folder", ["data", "build", "tests"])
def test_but_python_packages_of_these_names_are_not(tmp_path: Path, folder: str) -> None:
    (tmp_path / "fork" / folder).mkdir(parents=True)
    (tmp_path / "fork" / folder / "__init__.py").write_bytes(b"")
    assert len(walk_sources(str(tmp_path)).files) == 1


def test_bounds_of_a_walk(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"m{number}.py").write_bytes(b"")
    few = walk_sources(str(tmp_path), max_files=10)
    assert len(few.files) == 10
    assert few.problems
    assert "too many files" in few.problems[0].reason
    late = walk_sources(str(tmp_path), max_seconds=-1)
    assert late.problems
    assert walk_sources(str(tmp_path)).problems == ()


@pytest.mark.slow
def test_a_root_with_100000_files_is_bounded(tmp_path: Path) -> None:
    for folder in range(100):
        (tmp_path / f"d{folder}").mkdir()
        for number in range(1000):
            suffix = "py" if folder < 30 else "txt"
            (tmp_path / f"d{folder}" / f"m{number}.{suffix}").touch()
    started = time.monotonic()
    found = Library([str(tmp_path)]).find("A", "mmdet")
    assert time.monotonic() - started < 15
    assert any("too many files" in problem.reason for problem in found.problems)
    assert len(walk_sources(str(tmp_path)).files) <= MAX_FILES


PIECES = st.sampled_from(
    [
        *(
            "@",
            "R",
            ".register_module",
            "(",
            ")",
            "name=",
            "'A'",
            "[",
            "]",
            ",",
            "force=True",
            "module=",
            "A",
            "x()",
        ),
        *(
            "\n",
            "\n    ",
            "class A: pass",
            "def A(): pass",
            "for A in",
            ":",
            "{",
            "}",
            "**",
            "*",
            "=",
            "if x:",
            "B.C",
        ),
        *(
            "from . import *",
            "from .m import R",
            "from m import *",
            "import m as R",
            "R = A",
            "A = R",
            "R = R",
        ),
    ]
)


def look(root: Path) -> Any:
    index = Index(str(root), "", walk_sources(str(root)))
    named = {name: list(index.named(name)) for name in index.names()}
    return named, [index.file_of(name) for name in ("m", "n")], index.problems()


@given(
    content=st.one_of(
        st.binary(max_size=200), st.lists(PIECES, max_size=25).map(lambda parts: " ".join(parts).encode())
    )
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_can_be_looked_at(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "m.py").write_bytes(content)
        (root / "n.py").write_bytes(content + b"\n" + MARK)
        assert look(root) == look(root)  # cold, then from the cache
        modules = Modules(Finder([folder]))
        for name in ("A", "R", "B.C"):
            modules.where("m", name)
            modules.scope("n", name)


@given(
    pieces=st.lists(PIECES, max_size=12), head=st.sampled_from(["@R.register_module(", "R.register_module("])
)
@settings(max_examples=300, deadline=None)
def test_any_registration_can_be_read(pieces: Any, head: str) -> None:
    text = (
        f"from mmdet.registry import MODELS as R\nclass A: pass\n{head}{' '.join(pieces)})\nclass B: pass\n"
    )
    tree, _ = parse_bytes(text.encode(), "m.py")
    if tree is not None:
        found, problems = read_registrations(tree, text.encode(), "m.py", "m", False)
        assert all(entry.registry == "MODELS" and entry.line >= 2 for entry in found)
        assert all("run time" in problem.reason for problem in problems)


@pytest.mark.parametrize(
    ("line", "needs"),
    [
        (b"match x:", "3.10"),
        (b"except* ValueError:", "3.11"),
        (b"type X = int", "3.12"),
        (b"def f[T](x: T): pass", "3.12"),
        (b"x = 1 +", ""),
        (b"def f(:", ""),
        (b"class A(object)", ""),
    ],
)
def test_another_python_is_advised_only_for_a_line_that_needs_it(
    line: bytes, needs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "sys", SimpleNamespace(version_info=(3, 8)))
    reason = source._explain(Unparsable("syntax error: invalid syntax", 1, "invalid syntax"), line + b"\n")
    advice = f"needs Python {needs}; run mmfix with the Python you train with"
    assert reason == (advice if needs else "syntax error: invalid syntax")
