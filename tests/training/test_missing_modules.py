"""Modules of `custom_imports` that are not there (MMF208)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmfix.config.reader import Reader
from mmfix.training.missing_modules import missing_modules

#: Of the repository; a name with a slash at its end is an empty folder.
FILES = ("setup.py", "lib/__init__.py", "lib/heads.py", "projects/Lane/nets/__init__.py", "third_party/")


@pytest.mark.parametrize(
    ("imports", "parent", "meant"),
    [
        ("lib.heads", None, ""),
        ("lib.haeds", "lib", "lib.heads"),
        ("lib.necks", "lib", ""),
        ("lib.heads.Head", "lib.heads", ""),
        ("projectz.Lane.nets", "", "projects.Lane.nets"),
        ("projectz.Lane.gone", None, ""),
        ("projects.Lane.nets", None, ""),
        ("projects.Lane.netz", "projects.Lane", "projects.Lane.nets"),
        ("projects.Lame.nets", "projects", ""),
        ("third_party.ops", None, ""),
        ("mmengine.hooks", None, ""),
        ("mmengine.hookz", "mmengine", "mmengine.hooks"),
        ("mmpretrain.models", None, ""),
        ("os.path", None, ""),
        ("not a module", None, ""),
    ],
)
def test_what_is_missed(tmp_path: Path, imports: str, parent: str, meant: str) -> None:
    for name in FILES:
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.mkdir() if name.endswith("/") else place.write_text("")
    (tmp_path / "config.py").write_text(f"custom_imports = dict(imports=[{imports!r}])\n")

    found = missing_modules(Reader().load(str(tmp_path / "config.py")))

    assert [(one.parent, one.meant) for one in found] == ([] if parent is None else [(parent, meant)])
    assert all(one.key == ("custom_imports", "imports", 0) and not one.is_skipped for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "custom_imports = None",
        "custom_imports = dict(imports=[])",
        "custom_imports = dict(imports=[3])",
        "_base_ = ['gone.py']\ncustom_imports = dict(imports=['lib.gone'])",
    ],
)
def test_where_nothing_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "setup.py").write_text("")
    (tmp_path / "config.py").write_text(text)

    assert missing_modules(Reader().load(str(tmp_path / "config.py"))) == ()
