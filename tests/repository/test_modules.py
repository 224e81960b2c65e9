"""Modules by dotted name, and the directories of a config's code."""

from __future__ import annotations

import importlib.machinery
import os
from pathlib import Path
from typing import Any, Dict, List

import pytest

from mmfix.repository.library import Library
from mmfix.repository.roots import config_package, source_roots


def plant(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    return root


SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]
FILES = (
    *(
        "p/__init__.py",
        "p/m.py",
        "p/both.py",
        "p/both/__init__.py",
        f"p/fast{SUFFIX}",
        "p/fast.py",
        "p/plain/x.py",
    ),
    *("single.py", "space/deep/y.py", "odd-name/z.py"),
)


@pytest.mark.parametrize(
    ("dotted", "path", "is_package"),
    [
        ("p", "p/__init__.py", True),
        ("p.m", "p/m.py", False),
        ("p.both", "p/both/__init__.py", True),
        ("p.plain", "p/plain", True),
        ("p.plain.x", "p/plain/x.py", False),
        ("single", "single.py", False),
        ("space.deep.y", "space/deep/y.py", False),
        ("p.fast", None, False),
        ("p.missing", None, False),
        ("p.m.x", None, False),
        ("single.x", None, False),
        ("P.m", None, False),
        ("p/m", None, False),
        ("..p", None, False),
        ("", None, False),
        (".", None, False),
        ("p..m", None, False),
        ("sys", None, False),
        ("no_such_package.x", None, False),
        ("a" * 5000, None, False),
        (".".join("a" * 5000), None, False),
        ("a\0", None, False),
    ],
)
def test_module(tmp_path: Path, dotted: str, path: Any, is_package: bool) -> None:
    module = Library([str(plant(tmp_path, *FILES))]).module(dotted)
    if path is None:
        assert module is None
    else:
        assert module is not None
        assert (module.path, module.is_package, module.name) == (str(tmp_path / path), is_package, dotted)
        assert module.tree is not None


def test_a_package_without_init_gives_way_to_an_installed_one(tmp_path: Path) -> None:
    lib = Library([str(plant(tmp_path, "yaml/x.py"))])
    module = lib.module("yaml")
    assert module is not None
    assert module.path.endswith("__init__.py")


def test_a_module_is_parsed_once(tmp_path: Path) -> None:
    lib = Library([str(plant(tmp_path, *FILES))])
    assert lib.module("p.m") is lib.module("p.m")


ROOTS: Dict[str, Any] = {
    "git": (["repo/.git/HEAD"], "repo/a/b/c.py", {}, ["repo"]),
    "git file of a worktree": (["repo/.git"], "repo/c.py", {}, ["repo"]),
    "setup.py": (["repo/setup.py"], "repo/configs/x/c.py", {}, ["repo"]),
    "pyproject": (["repo/pyproject.toml"], "repo/c.py", {}, ["repo"]),
    "nearest": (["repo/.git/HEAD", "repo/det/setup.py"], "repo/det/configs/c.py", {}, ["repo/det"]),
    "configs": (["repo/x.py"], "repo/configs/a/b/c.py", {}, ["repo"]),
    "project with its own configs": (
        ["repo/setup.py", "repo/projects/A/a.py", "repo/projects/B/b.py", "repo/projects/_c/c.py"],
        "repo/projects/B/configs/c.py",
        {},
        ["repo", "repo/projects/B", "repo/projects/A"],
    ),
    "installed": (["site/mmx/__init__.py"], "site/mmx/.mim/configs/a/c.py", {}, ["site"]),
    "nothing": (["other/x.py"], "other/c.py", {}, []),
    "custom import beside": (
        ["other/model.py"],
        "other/c.py",
        {"custom_imports": {"imports": ["model"]}},
        ["other"],
    ),
    "custom import above": (
        ["top/models/net.py"],
        "top/a/b/c.py",
        {"custom_imports": {"imports": "models.net", "allow_failed_imports": False}},
        ["top"],
    ),
    "custom import in the root already": (
        ["repo/setup.py", "repo/models/net.py", "repo/a/models/net.py"],
        "repo/a/c.py",
        {"custom_imports": {"imports": ["models.net"]}},
        ["repo"],
    ),
    "plugin": (["top/plug/in/x.py"], "top/a/c.py", {"plugin": True, "plugin_dir": "plug/in/"}, ["top"]),
    "plugin of a project in a repository": (
        [
            "repo/.git/HEAD",
            "repo/plug/x.py",
            "repo/tools/train.py",
            "repo/a/plug/x.py",
            "repo/a/tools/train.py",
        ],
        "repo/a/configs/c.py",
        {"plugin": True, "plugin_dir": "plug/"},
        ["repo/a", "repo"],
    ),
    "plugin of the repository": (
        ["repo/.git/HEAD", "repo/plug/x.py", "repo/tools/train.py", "repo/a/plug/x.py"],
        "repo/a/b/c.py",
        {"plugin": True, "plugin_dir": "plug/"},
        ["repo"],
    ),
    "plugin off": (["top/plug/in/x.py"], "top/a/c.py", {"plugin": False, "plugin_dir": "plug/in/"}, []),
    "nonsense": (
        [],
        "a/c.py",
        {"custom_imports": {"imports": [1, "", "..", "/", None, "\0"]}, "plugin": True, "plugin_dir": 3},
        [],
    ),
    "more nonsense": (
        [],
        "a/c.py",
        {"custom_imports": ["x"], "plugin": True, "plugin_dir": "../../../.."},
        [],
    ),
}


@pytest.mark.parametrize("case", ROOTS)
def test_source_roots(tmp_path: Path, case: str) -> None:
    files, config, tree, expected = ROOTS[case]
    plant(tmp_path, *files, config)
    assert source_roots(str(tmp_path / config), tree) == tuple(str(tmp_path / root) for root in expected)


def test_a_home_directory_is_no_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, ".git/HEAD", "configs/c.py", "work/c.py", "setup.py")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert source_roots(str(tmp_path / "configs" / "c.py"), {}) == ()
    assert source_roots(str(tmp_path / "work" / "c.py"), {}) == ()


def test_a_config_in_memory_belongs_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, "setup.py", "sub/x.py")
    monkeypatch.chdir(tmp_path / "sub")
    assert [os.path.realpath(root) for root in source_roots(None, {})] == [os.path.realpath(str(tmp_path))]
    assert config_package(None) is None


def test_config_package(tmp_path: Path) -> None:
    plant(tmp_path, "mmx/__init__.py", "mmx/.mim/configs/a/c.py", "loose/.mim/configs/c.py")
    assert config_package(str(tmp_path / "mmx/.mim/configs/a/c.py")) == "mmx"
    assert config_package(str(tmp_path / "loose/.mim/configs/c.py")) is None


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("p", "Net", ("p.impl.net", "Net")),
        ("p", "Renamed", ("p.impl.net", "Net")),
        ("p", "impl", ("p.impl", "")),
        ("p.user", "impl.net.Net", ("p.impl.net", "Net")),
        ("p.user", "nets.Net", ("p.impl.net", "Net")),
        ("p.user", "SIZE", ("p.impl.net", "SIZE")),
        ("p.user", "Optional_", ("p.impl.net", "Net")),
        ("p.user", "missing", None),
        ("p.user", "jit", ("p.user", "jit")),
        ("p.nowhere", "Net", None),
    ],
)
def test_where(tmp_path: Path, module: str, name: str, expected: Any) -> None:
    files: List[Any] = [
        (
            "p/__init__.py",
            "from .impl import Net\nfrom .impl.net import Net as Renamed\nfrom . import impl\n",
        ),
        ("p/impl/__init__.py", "from .net import *\n"),
        ("p/impl/net.py", "SIZE = 3\nclass Net: pass\n"),
        (
            "p/user.py",
            "from p import impl\nimport p.impl.net as nets\nfrom .impl.net import SIZE\n"
            "try:\n    from p import Net as Optional_\nexcept ImportError:\n    Optional_ = None\n"
            "if fast:\n    from nothere import jit\nelse:\n    def jit(f): return f\n",
        ),
    ]
    for path, text in files:
        plant(tmp_path, path).joinpath(path).write_text(text, encoding="utf-8")
    assert Library([str(tmp_path)]).where(module, name) == expected
