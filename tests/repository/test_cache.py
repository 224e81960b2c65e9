"""The cache saves work, and losing, breaking or sharing it changes no answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Optional

import pytest

from mmfix.python.disk import instead
from mmfix.repository import cache, index
from mmfix.repository.library import Library

TEXT = "from mmdet.registry import MODELS\n@MODELS.register_module()\nclass {}: pass\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "a.py").write_text(TEXT.format("A"), encoding="utf-8")
    (tmp_path / "repo" / "b.py").write_text(TEXT.format("B").replace("()", "(x)"), encoding="utf-8")
    return tmp_path / "repo"


def answer(repo: Path, directory: Optional[Path], name: str = "A") -> Any:
    found = Library([str(repo)], cache_dir=None if directory is None else str(directory)).find(name, "mmdet")
    return found.candidates, [problem for problem in found.problems if str(repo) in str(problem)]


def entries(directory: Path) -> Dict[str, str]:
    return {str(path): path.read_text(encoding="utf-8") for path in directory.rglob("*.json")}


def own_entry(directory: Path, repo: Path) -> Path:
    (name,) = [path for path, text in entries(directory).items() if json.loads(text)["key"] == f"{repo}\n"]
    return Path(name)


def test_a_warm_index_reads_no_file(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cold = answer(repo, tmp_path / "cache")
    assert len(cold[0]) == len(cold[1]) == 1
    monkeypatch.setattr(index, "read_bytes", lambda *_: pytest.fail("a file was read"))
    assert answer(repo, tmp_path / "cache") == cold


def test_a_changed_file_is_read_again(repo: Path, tmp_path: Path) -> None:
    answer(repo, tmp_path / "cache")
    (repo / "a.py").write_text("\n" + TEXT.format("A"), encoding="utf-8")
    assert answer(repo, tmp_path / "cache")[0][0].line == 4
    stat = (repo / "a.py").stat()
    (repo / "a.py").write_text("\n" + TEXT.format("C"), encoding="utf-8")  # same size
    os.utime(repo / "a.py", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))
    assert answer(repo, tmp_path / "cache")[0] == ()
    assert len(answer(repo, tmp_path / "cache", "C")[0]) == 1


def test_a_removed_file_is_forgotten(repo: Path, tmp_path: Path) -> None:
    answer(repo, tmp_path / "cache")
    (repo / "a.py").unlink()
    assert answer(repo, tmp_path / "cache")[0] == ()
    assert "a.py" not in json.loads(own_entry(tmp_path / "cache", repo).read_text(encoding="utf-8"))["value"]


def test_a_new_setup_py_changes_dotted_names(repo: Path, tmp_path: Path) -> None:
    (repo / "sub").mkdir()
    (repo / "a.py").rename(repo / "sub" / "a.py")
    assert answer(repo, tmp_path / "cache")[0][0].module == "sub.a"
    (repo / "sub" / "setup.py").write_text("", encoding="utf-8")
    assert answer(repo, tmp_path / "cache")[0][0].module == "a"


def breakages(value: Any) -> Dict[str, Any]:
    stamp, rows, problems = value["a.py"]
    return {
        "a list": [],
        "text": "x",
        "number entries": {"a.py": 3},
        "short entry": {"a.py": [stamp]},
        "short row": {"a.py": [stamp, [rows[0][:3]], problems]},
        "wrong types": {"a.py": [stamp, [[1, *rows[0][1:]]], problems]},
        "row of dicts": {"a.py": [stamp, [{}], problems]},
        "rows no list": {"a.py": [stamp, 7, problems]},
        "problem wrong": {"a.py": [stamp, rows, [["x"]]]},
        "problem types": {"a.py": [stamp, rows, [[1, "x"]]]},
        "unhashable": {"a.py": [stamp, [[["A"], *rows[0][1:]]], problems]},
    }


BREAKAGES = """a list, text, number entries, short entry, short row, wrong types, row of dicts, rows no list,
problem wrong, problem types, unhashable"""


@pytest.mark.parametrize("how", BREAKAGES.replace("\n", " ").split(", "))
def test_a_foreign_value_is_ignored_and_rebuilt(repo: Path, tmp_path: Path, how: str) -> None:
    cold = answer(repo, tmp_path / "cache")
    path = own_entry(tmp_path / "cache", repo)
    good = path.read_text(encoding="utf-8")
    entry = json.loads(good)
    entry["value"] = breakages(entry["value"])[how]
    path.write_text(json.dumps(entry), encoding="utf-8")
    assert answer(repo, tmp_path / "cache") == cold
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(good)


@pytest.mark.parametrize(
    "junk", [b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"stamp": 1}', b"[" * 100_000, b"1" * 9999]
)
def test_a_broken_file_is_ignored_and_rebuilt(repo: Path, tmp_path: Path, junk: bytes) -> None:
    cold = answer(repo, tmp_path / "cache")
    path = own_entry(tmp_path / "cache", repo)
    path.write_bytes(junk)
    assert answer(repo, tmp_path / "cache") == cold
    assert json.loads(path.read_text(encoding="utf-8"))["key"] == f"{repo}\n"


@pytest.mark.parametrize("field", ["stamp", "key"])
def test_another_version_s_value_is_not_used(tmp_path: Path, field: str) -> None:
    cache.store("kind", "key", [1], str(tmp_path))
    assert cache.load("kind", "key", str(tmp_path)) == [1]
    (path,) = tmp_path.rglob("*.json")
    entry = json.loads(path.read_text(encoding="utf-8"))
    entry[field] = "another"
    path.write_text(json.dumps(entry), encoding="utf-8")
    assert cache.load("kind", "key", str(tmp_path)) is None


def test_a_cache_that_cannot_be_written(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert answer(repo, tmp_path / "file" / "cache") == answer(repo, tmp_path / "cache")
    assert (tmp_path / "file").read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("value", ["off", "OFF", "", " "])
def test_off(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MMFIX_CACHE_DIR", value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert len(answer(repo, None)[0]) == 1
    assert not (tmp_path / "xdg").exists()


def test_the_variable_moves_it(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMFIX_CACHE_DIR", str(tmp_path / "moved"))
    answer(repo, None)
    assert own_entry(tmp_path / "moved", repo).is_file()


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/mmfix/code"),
        ("linux", {}, "/home/me/.cache/mmfix/code"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, None),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, "/home/me/Library/Caches/mmfix/code"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/mmfix/code"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="spells the paths of a POSIX system")
def test_the_user_s_directory(
    monkeypatch: pytest.MonkeyPatch, platform: str, environ: Dict[str, str], expected: Optional[str]
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("HOME", "/home/me")
    assert cache.cache_directory(environ) == expected


CHILD = """
import sys
from mmfix.repository import cache
from mmfix.repository.library import Library
who, directory, repo = sys.argv[1:]
for turn in range(60):
    cache.store("kind", "key", [who] * 20000, directory)
    value = cache.load("kind", "key", directory)
    assert isinstance(value, list) and len(value) == 20000 and len(set(value)) == 1, value
    assert len(Library([repo], directory).find("A", "mmdet").candidates) == 1
"""


def test_two_processes_write_at_once(repo: Path, tmp_path: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, who, str(tmp_path / "cache"), str(repo)], stderr=subprocess.PIPE
        )
        for who in "ab"
    ]
    assert [(child.communicate(timeout=120)[1], child.returncode) for child in children] == [(b"", 0)] * 2
    assert not list((tmp_path / "cache").rglob("*.tmp"))


def test_nothing_is_kept_or_recalled_while_files_are_read_otherwise(tmp_path: Path) -> None:
    cache.store("kind-1", "key", "of the files", str(tmp_path))
    with instead({str(tmp_path / "a.py"): b""}):
        assert cache.load("kind-1", "key", str(tmp_path)) is None
        cache.store("kind-1", "key", "of others", str(tmp_path))
    assert cache.load("kind-1", "key", str(tmp_path)) == "of the files"
