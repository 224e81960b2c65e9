"""Which of several classes of one name is meant: the one that a run imports."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from mmfix.repository.importing import named_modules
from mmfix.repository.library import Library

NET = "from mmdet.registry import MODELS\n\n@MODELS.register_module({})\nclass Net: pass\n"
TWO = {"a/net.py": NET.format(""), "b/net.py": NET.format("")}
FORCED = {name: NET.format("force=True") for name in TWO}


def plant(root: Path, files: Dict[str, str]) -> str:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(root)


def modules(root: str, *named: str, scope: str = "mmdet") -> List[str]:
    return [item.module for item in Library([root]).find("Net", scope, named=named).candidates]


CASES: Dict[str, Tuple[Dict[str, str], Tuple[str, ...], List[str]]] = {
    "named": (TWO, ("b.net",), ["b.net"]),
    "by its package": ({**TWO, "b/__init__.py": "from . import net\n"}, ("b",), ["b.net"]),
    "two steps away": (
        {**TWO, "c.py": "import d.e\n", "d/__init__.py": "", "d/e.py": "from b.net import Net\n"},
        ("c",),
        ["b.net"],
    ),
    "a package of what is named": (
        {**TWO, "c/__init__.py": "import b.net\n", "c/d.py": ""},
        ("c.d",),
        ["b.net"],
    ),
    "in a try": (
        {**TWO, "c.py": "try:\n    import b.net\nexcept ImportError:\n    pass\n"},
        ("c",),
        ["b.net"],
    ),
    "only in a function": ({**TWO, "c.py": "def f():\n    import b.net\n"}, ("c", "a.net"), ["a.net"]),
    "in a circle": (
        {**TWO, "c.py": "import d\n", "d.py": "import c, b.net\n"},
        ("c",),
        ["b.net"],
    ),
    "by the training script": ({**TWO, "tools/train.py": "import b.net\n"}, (), ["b.net"]),
    "by a script that cannot be read": ({**TWO, "tools/train.py": "def (\n"}, (), ["a.net", "b.net"]),
    "nowhere": (TWO, (), ["a.net", "b.net"]),
    "both": (TWO, ("a.net", "b.net"), ["a.net", "b.net"]),
    "nothing that is there": (TWO, ("x.y", "..", "", "b."), ["a.net", "b.net"]),
    "the last of two that are forced": (FORCED, ("b.net", "a.net"), ["a.net"]),
    "two that are forced, in no known order": (FORCED, (), ["a.net", "b.net"]),
    "the forced one is not imported": ({**TWO, "a/net.py": NET.format("force=True")}, ("b.net",), ["b.net"]),
    "one that nobody imports is all there is": ({"a/net.py": TWO["a/net.py"]}, ("c",), ["a.net"]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_imported_class_is_meant(tmp_path: Path, case: str) -> None:
    files, named, expected = CASES[case]
    assert modules(plant(tmp_path, files), *named) == expected


def test_a_plugin_that_shadows_a_released_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released = NET.replace("mmdet.registry", "mmfixdet.registry").format("")
    plant(
        tmp_path / "site",
        {"mmfixdet/__init__.py": "", "mmfixdet/net.py": released, "mmfixdet/registry.py": ""},
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    root = plant(tmp_path / "repo", {"projects/plug/net.py": released})
    assert modules(root, scope="mmfixdet") == ["mmfixdet.net"]
    plug = "projects.plug.net"
    assert modules(root, plug, scope="mmfixdet") == [plug], "it is for a release without the name"
    out = released.replace("\n\n@", "\nMODELS._module_dict.pop('Net')\n\n@")
    for text in (released.replace("()", "(force=True)"), out):
        plant(tmp_path / "repo", {"projects/plug/net.py": text})
        assert modules(root, plug, scope="mmfixdet") == [plug]
    maybe = released.replace("@MODELS.register_module()\n", "")
    maybe += "\nif 'Net' not in MODELS:\n    MODELS.register_module()(Net)\n"
    plant(tmp_path / "repo", {"projects/plug/net.py": maybe})
    assert modules(root, plug, scope="mmfixdet") == ["mmfixdet.net", plug]


def test_the_training_script_of_a_project_inside_the_repository(tmp_path: Path) -> None:
    files = {f"{project}/plug/net.py": TWO["a/net.py"] for project in ("detection", "segmentation")}
    root = plant(tmp_path, {**files, "detection/train.py": "import plug.net\n"})
    found = Library([root, str(tmp_path / "detection")]).find("Net", "mmdet").candidates
    assert [item.path for item in found] == [str(tmp_path / "detection" / "plug" / "net.py")]


def test_one_file_is_one_class_whatever_it_is_imported_as(tmp_path: Path) -> None:
    plant(tmp_path, {"projects/plug/net.py": TWO["a/net.py"]})
    library = Library([str(tmp_path / "projects"), str(tmp_path)])
    assert [item.module for item in library.find("Net", "mmdet").candidates] == ["plug.net"]
    link = tmp_path / "projects" / "plug" / "again.py"
    link.symlink_to(tmp_path / "projects" / "plug" / "net.py")
    assert len(Library([str(tmp_path)]).find("Net", "mmdet").candidates) == 1


def test_several_copies_of_a_framework_and_5000_classes(tmp_path: Path) -> None:
    files: Dict[str, str] = {}
    for copy in range(5):
        for number in range(100):
            body = "".join(
                f"@MODELS.register_module()\nclass C{number}_{index}: pass\n" for index in range(10)
            )
            files[f"copy{copy}/net{number}.py"] = f"from mmdet.registry import MODELS\n{body}"
        files[f"copy{copy}/__init__.py"] = "".join(f"from .net{number} import *\n" for number in range(100))
    (tmp_path / "loop").symlink_to(tmp_path)
    library = Library([plant(tmp_path, files)])
    started = time.process_time()
    found = library.find("C7_3", "mmdet", named=("copy3",))
    assert [item.module for item in found.candidates] == ["copy3.net7"]
    assert len(library.find("C7_3", "mmdet").candidates) == 5
    assert time.process_time() - started < 20


NAMED: List[Tuple[Dict[str, Any], Tuple[str, ...]]] = [
    ({}, ()),
    ({"custom_imports": {"imports": ["a.b", "c"]}}, ("a.b", "c")),
    ({"custom_imports": {"imports": "a.b"}}, ("a.b",)),
    ({"custom_imports": {"imports": [1, None]}}, ()),
    ({"custom_imports": 3}, ()),
    ({"plugin": True, "plugin_dir": "projects/plug/"}, ("projects.plug",)),
    ({"plugin": True, "plugin_dir": ["projects/a/", "projects/b"]}, ("projects.a", "projects.b")),
    ({"plugin": True}, ("/repo/configs",)),
    ({"plugin": True, "plugin_dir": 3}, ()),
    ({"plugin": False, "plugin_dir": "projects/plug/"}, ()),
]


@pytest.mark.parametrize(("tree", "expected"), NAMED)
def test_the_modules_that_a_config_names(tree: Dict[str, Any], expected: Tuple[str, ...]) -> None:
    assert named_modules("/repo/configs/a.py", tree) == expected
