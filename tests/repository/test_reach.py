"""What a training may import of a repository: never less than it does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Tuple

import pytest

from mmfix.repository.own_names import OwnNames
from mmfix.repository.reach import Reach

#: Files beside `lib/net.py`, what the config imports, and whether `lib/net.py` may be imported.
CASES: Dict[str, Tuple[Dict[str, str], Tuple[str, ...], bool]] = {
    "nobody": ({"lib/__init__.py": "", "tools/train.py": "import torch"}, (), False),
    "the config": ({"lib/__init__.py": ""}, ("lib.net",), True),
    "its package, which does not import it": ({"lib/__init__.py": ""}, ("lib",), False),
    "its package": ({"lib/__init__.py": "from .net import Net"}, ("lib",), True),
    "its package, over more lines": (
        {"lib/__init__.py": "from .net import (  # all\n  Net,\n)"},
        ("lib",),
        True,
    ),
    "its package, as a module": ({"lib/__init__.py": "from . import net"}, ("lib",), True),
    "a script": ({"lib/__init__.py": "", "tools/train.py": "import os, lib.net"}, (), True),
    "a function of a script": ({"tools/train.py": "def main():\n    from lib import net\n"}, (), True),
    "a script beside it": ({"lib/run.py": "import net\nif __name__ == '__main__': ..."}, (), True),
    "a file that nobody runs": ({"lib/other.py": "import lib.net"}, (), False),
    "what that file imports": (
        {"lib/other.py": "import lib.net", "tools/train.py": "import lib.other"},
        (),
        True,
    ),
    "a text": ({"tools/train.py": "import_module('lib.net')"}, (), True),
    "a text with a function": ({"setup.py": "setup(entry_points=dict(x='lib.net:main'))"}, (), True),
    "names made at run time": (
        {"lib/__init__.py": "import importlib, os\nfor it in os.listdir(''): importlib.import_module(it)"},
        ("lib",),
        True,
    ),
    "a package that is imported where training starts": (
        {"lib/__init__.py": "", "lib/in/p/__init__.py": "import lib.net"},
        ("in.p",),
        True,
    ),
    "a folder with a hyphen": ({"my-lib/net.py": "import lib.net"}, ("my-lib.net",), True),
}


@pytest.mark.parametrize("name", CASES)
def test_what_leads_to_a_file(tmp_path: Path, name: str) -> None:
    files, modules, expected = CASES[name]
    texts = {
        str(tmp_path / path): text.encode()
        for path, text in {"lib/net.py": "class Net: ...", **files}.items()
    }

    found = Reach(texts, (str(tmp_path),)).files(modules, ())

    assert (str(tmp_path / "lib" / "net.py") in found) is expected


def test_what_the_framework_imports_of_a_package(tmp_path: Path) -> None:
    texts = {
        "mmdet/__init__.py": b"",
        "mmdet/registry.py": b"HOOKS = Registry('hook', locations=['mmdet.hooks'])",
        "mmdet/hooks.py": b"",
        "mmdet/other.py": b"",
    }
    here = {str(tmp_path / path): text for path, text in texts.items()}

    found = {os.path.relpath(path, tmp_path) for path in Reach(here, (str(tmp_path),)).files((), ("mmdet",))}

    assert found == {"mmdet/__init__.py", "mmdet/registry.py", "mmdet/hooks.py"}


def test_a_config_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "one.py").write_text("model = dict(type='Ghost')\n")
    (tmp_path / "datasets").mkdir()  # no package: not walked
    (tmp_path / "datasets" / "points.py").write_text("class Points: ...\n")
    (tmp_path / "net.py").write_text("@MODELS.register_module(name='Nett')\nclass Net: ...\n")

    own = OwnNames((str(tmp_path),))

    assert not own.says("Ghost")
    assert own.says("Points")
    assert not own.says("Ne")
    assert own.names == {"Nett"}
    assert [place.module for place in own.places("Nett")] == ["net"]
    assert own.places("Net") == []
