"""Types that no registry has (MMF207): what is looked for where, and what is kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Mapping, Set

import pytest

from mmfix.config.keypath import format_key
from mmfix.config.reader import Reader
from mmfix.rules.rule import MMENGINE
from mmfix.training import read
from mmfix.training import unknown_types as unknown_types_room
from mmfix.training.type_verdict import ELSEWHERE, NOT_IMPORTED, NOWHERE, OTHER_ERA
from mmfix.training.unknown_types import UnknownType, unknown_types

OWN = "@MODELS.register_module()\nclass {}: ...\n"
SCOPE = "default_scope = 'mmdet'\n"
IMPORT = "custom_imports = dict(imports=['own'])\n"


def found_in(folder: Path, text: str = "", files: Mapping[str, str] = {}) -> Dict[str, UnknownType]:
    """What is found in a config of a repository, by type, once some files were written."""
    written = {"setup.py": "", "config.py": MMENGINE + text} if text else {}
    for name, code in {**written, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(code)
    return {one.text: one for one in unknown_types(read(Reader().load(str(folder / "config.py"))))}


def model(kind: str) -> str:
    return f"{SCOPE}{IMPORT}model = dict(type='{kind}')\n"


@pytest.mark.parametrize(
    ("text", "why", "meant"),
    [
        (model("RetinaNett"), NOWHERE, "RetinaNet"),
        (model("mmdet.RetinaNett"), NOWHERE, "mmdet.RetinaNet"),
        (model("rEtinaNet"), NOWHERE, "RetinaNet"),
        (model("retinanet"), "", ""),
        (model("OwnNett"), NOWHERE, "OwnNet"),
        (model("SaidSomewhere"), "", ""),
        (model("CenterPoint"), ELSEWHERE, "mmdet3d.CenterPoint"),
        (model("DefaultFormatBundle"), OTHER_ERA, ""),
        (model("mmdet3d.CenterPoint"), "", ""),
        (SCOPE + IMPORT + "model = dict(_scope_='mmdet3d', type='CenterPoint')\n", "", ""),
        (SCOPE + IMPORT + "model = dict(type='FCOS', norm_cfg=dict(type='Ghost'))\n", "", ""),
        (SCOPE + IMPORT + "model = dict(type='FCOS', norm_cfg=dict(type='SynBN'))\n", NOWHERE, "SyncBN"),
        (SCOPE + IMPORT + "model = dict(type='Albu', transforms=[dict(type='RandomGamm')])\n", "", ""),
        (SCOPE + IMPORT + "variable = dict(type='RetinaNett')\n", "", ""),
        ("default_scope = 'ownlib'\n" + IMPORT + "model = dict(type='RetinaNett')\n", "", ""),
        (SCOPE + "custom_imports = dict(imports=['gone'])\nmodel = dict(type='RetinaNett')\n", "", ""),
    ],
)
def test_why_a_type_is_not_found(tmp_path: Path, text: str, why: str, meant: str) -> None:
    found = found_in(tmp_path, text, {"own.py": OWN.format("OwnNet") + "# SaidSomewhere\n"})

    assert {one.verdict.why for one in found.values()} == ({why} if why else set())
    assert {one.verdict.meant for one in found.values()} == ({meant} if why else set())


def test_the_import_is_named_as_the_config_names_others(tmp_path: Path) -> None:
    files = {
        "app/own/__init__.py": "",
        "app/own/net.py": OWN.format("OwnNet"),
        "app/own/head.py": "import torch",
    }
    text = SCOPE + "custom_imports = dict(imports=['own.head'])\nmodel = dict(type='OwnNet')\n"
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "setup.py").write_text("")

    found = found_in(tmp_path / "app", text, {name[4:]: code for name, code in files.items()})

    assert (found["OwnNet"].verdict.why, found["OwnNet"].verdict.module) == (NOT_IMPORTED, "own.net")


def test_what_a_config_imports_itself_is_imported(tmp_path: Path) -> None:
    files = {"own.py": "import torch", "other/net.py": OWN.format("OwnNet")}

    assert "OwnNet" in found_in(tmp_path, model("OwnNet"), files)
    assert found_in(tmp_path, "import other.net\n" + model("OwnNet"), files) == {}


@pytest.mark.parametrize(("folder", "found"), [("pose", {"OwnNet"}), ("other", set())])
def test_a_script_says_what_its_own_project_imports(tmp_path: Path, folder: str, found: Set[str]) -> None:
    # one repository, two projects: what trains the one imports nothing of the other, whatever trains that
    files = {
        "pose/setup.py": "",
        "pose/tools/train.py": "import posenet",
        "pose/posenet/__init__.py": "import torch",
        f"{folder}/setup.py": "",
        f"{folder}/nets/net.py": OWN.format("OwnNet"),
    }
    text = SCOPE + "model = dict(type='OwnNet')\n"

    assert set(found_in(tmp_path, text, files)) == found


def test_one_finding_for_all_places_in_the_order_of_the_config(tmp_path: Path) -> None:
    text = model("FCOS") + "train_dataloader.update(dataset=dict(pipeline=[dict(type='Resizee')]))\n"
    text += "val_dataloader = train_dataloader\n"

    found = found_in(tmp_path, text, {"own.py": "import torch"})

    keys = ["train_dataloader.dataset.pipeline[0].type", "val_dataloader.dataset.pipeline[0].type"]
    assert [format_key(key) for key in found["Resizee"].keys] == keys


def test_what_was_found_is_kept_until_the_repository_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMFIX_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("mmfix.repository.state._FRESH_SECONDS", 0)
    home = tmp_path / "home"
    files = {"own.py": "import torch", "other.py": OWN.format("OwnNet")}
    assert "OwnNet" in found_in(home, model("OwnNet"), files)

    unknown_types_room._one_book.cache_clear()  # as in another process
    with monkeypatch.context() as closed:
        closed.setattr("mmfix.training.type_look_up.verdict", None)
        assert "OwnNet" in found_in(home)

    assert found_in(home, files={"own.py": "import other"}) == {}
