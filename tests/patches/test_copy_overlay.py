"""``--output`` and ``--overlay``: new files that inherit what the original inherits, or the original."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict

import pytest
from patch_helpers import load, overrides_of, write_files

from mmfix.errors import PatchError
from mmfix.patches import Verifier, is_untouched, plan_copy, plan_overlay, write_atomically

BASE = """
    default_scope = 'mmdet'
    model = dict(backbone=dict(with_cp=True), neck=None, heads=[dict(cp=True), dict(cp=True)])
    """
FILES: Dict[str, str] = {
    "_base_/base.py": BASE,
    "_base_/more.json": '{"seed": {"value": 1}}',
    "classic/leaf.py": (
        "# \u00e9\n_base_ = ['../_base_/base.py',  # \u00e9\n"
        "          '../_base_/more.json']\nmodel = dict(a={{ _base_.model.backbone }})\n"
    ),
    "classic/old.py": "_base_ = ('../_base_/base.py')\n",
    "classic/alone.py": "model = dict(backbone=dict(with_cp=True))\n",
    "classic/computed.py": "_base_ = '../_base_/' + 'base.py'\n",
    "classic/templated.py": "_base_ = '../_base_/base.py'\nwork_dir = '{{ fileBasenameNoExtension }}'\n",
    "lazy/leaf.py": (
        "from mmengine.config import read_base\nwith read_base():\n"
        "    from .._base_.base import *\n    from .other import x as y\n"
        "from torch.optim import SGD\noptimizer = dict(type=SGD)\n"
    ),
    "lazy/other.py": "x = 1\n",
    "lazy/le-af.py": "from mmengine.config import read_base\nwith read_base():\n    from .other import *\n",
    "data/leaf.json": '{"_base_": ["../_base_/base.py"], "model": {"a": 1}, "find_unused_parameters": false}',
    "data/leaf.yaml": "# settings\n_base_: ../_base_/base.py\nfind_unused_parameters: false\n",
    "data/list.yaml": "_base_:\n  - ../_base_/base.py\n  - '../_base_/more.json'\nb: 1\n",
}
CP = {"model.backbone.with_cp": False}
TARGETS = ["near", "lazy/deeper", ""]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_files(tmp_path, FILES)
    for name in TARGETS:
        (tmp_path / name).mkdir(exist_ok=True)
    return tmp_path


@pytest.mark.parametrize("target", [*TARGETS, "same"])
@pytest.mark.parametrize(
    "name",
    [
        "classic/leaf.py",
        "classic/old.py",
        "classic/alone.py",
        "lazy/leaf.py",
        "data/leaf.json",
        "data/leaf.yaml",
    ],
)
def test_copy(folder: Path, verifier: Verifier, name: str, target: str) -> None:
    source = folder / name
    path = (source.parent if target == "same" else folder / target) / f"copy{source.suffix}"
    before = source.read_bytes()
    overrides = overrides_of({**CP, "x.y": [1, 2]})
    document, reader = load(source)
    data = plan_copy(document, overrides, str(path), reader).data
    assert not path.exists()
    verifier.verify(document, data, overrides, reader, str(path))
    write_atomically(str(path), data)
    resolved, _ = load(path)
    assert resolved.get(("model", "backbone", "with_cp")) is False
    assert source.read_bytes() == before
    if target == "same" and source.suffix != ".json":
        assert data.startswith(before)


def test_copy_changes_only_the_references(folder: Path) -> None:
    document, reader = load(folder / "classic/leaf.py")
    text = plan_copy(document, [], str(folder / "copy.py"), reader).data.decode()
    assert text == FILES["classic/leaf.py"].replace("../_base_", "./_base_")
    document, reader = load(folder / "lazy/leaf.py")
    text = plan_copy(document, [], str(folder / "lazy/deeper/copy.py"), reader).data.decode()
    assert text == FILES["lazy/leaf.py"].replace("from .._base_.base", "from ..._base_.base").replace(
        "from .other", "from ..other"
    )
    document, reader = load(folder / "data/list.yaml")
    text = plan_copy(document, [], str(folder / "copy.yaml"), reader).data.decode()
    assert text == '_base_:\n  - "./_base_/base.py"\n  - "./_base_/more.json"\nb: 1\n'


def test_copy_of_a_patched_file(folder: Path, verifier: Verifier) -> None:
    document, reader = load(folder / "classic/old.py")
    first = plan_copy(document, overrides_of(CP), str(folder / "classic/copy.py"), reader).data
    patched = reader.load(str(folder / "classic/old.py"), text=first.decode())
    overrides = overrides_of({"x": 1})
    data = plan_copy(patched, overrides, str(folder / "copy.py"), reader).data
    verifier.verify(patched, data, overrides, reader, str(folder / "copy.py"))
    assert data.count(b">>> mmfix") == 1


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("classic/computed.py", "copy.py", "computes `_base_`.*folder of the original"),
        ("classic/old.py", "copy.json", "must keep its file type"),
        ("classic/old.py", "nowhere/copy.py", "its folder does not exist"),
    ],
)
def test_copy_refused(folder: Path, name: str, target: str, message: str) -> None:
    document, reader = load(folder / name)
    with pytest.raises(PatchError, match=message):
        plan_copy(document, overrides_of(CP), str(folder / target), reader)


def test_copy_whose_file_name_counts_is_refused_by_the_check(folder: Path, verifier: Verifier) -> None:
    document, reader = load(folder / "classic/templated.py")
    target = str(folder / "classic/copy.py")
    data = plan_copy(document, overrides_of(CP), target, reader).data
    with pytest.raises(PatchError, match="would also change work_dir from 'templated' to 'copy'"):
        verifier.verify(document, data, overrides_of(CP), reader, target)


@pytest.mark.parametrize("target", [*TARGETS, "same"])
@pytest.mark.parametrize(
    "name",
    ["classic/leaf.py", "classic/alone.py", "lazy/leaf.py", "data/leaf.json", "data/leaf.yaml"],
)
def test_overlay(folder: Path, verifier: Verifier, name: str, target: str) -> None:
    source = folder / name
    path = (source.parent if target == "same" else folder / target) / f"over{source.suffix}"
    pairs = {**CP, "x.y": [1, 2], "find_unused_parameters": True}
    if name != "classic/alone.py":
        pairs.update({"model.heads[1].cp": False, "model.neck.a": None})
    overrides = overrides_of(pairs)
    document, reader = load(source)
    data = plan_overlay(document, overrides, str(path))
    verifier.verify(document, data, overrides, reader, str(path))
    write_atomically(str(path), data)
    assert load(path)[0].get(("model", "backbone", "with_cp")) is False


def test_python_overlay_of_data(folder: Path, verifier: Verifier) -> None:
    document, reader = load(folder / "data/leaf.json")
    path = str(folder / "over.py")
    data = plan_overlay(document, overrides_of(CP), path)
    verifier.verify(document, data, overrides_of(CP), reader, path)
    assert data.decode().splitlines()[2:-1] == [
        "_base_ = './data/leaf.json'",
        "model = dict(backbone=dict(with_cp=False))",
    ]


def test_overlay_text(folder: Path) -> None:
    document, _ = load(folder / "lazy/leaf.py")
    text = plan_overlay(
        document, overrides_of({**CP, "optimizer.lr": 0.1}), str(folder / "lazy/deeper/o.py")
    ).decode()
    assert is_untouched(text.encode())
    assert text.splitlines()[:-1] == [
        '# Made by "mmfix patch --overlay": ../leaf.py with these changes:',
        "# model.backbone.with_cp: True -> False (MMF101)",
        "# optimizer.lr: not set -> 0.1 (MMF101)",
        "from mmengine.config import read_base",
        "",
        "with read_base():",
        "    from ..leaf import *",
        "",
        "model['backbone']['with_cp'] = False",
        "optimizer['lr'] = 0.1",
    ]
    document, _ = load(folder / "data/leaf.json")
    text = plan_overlay(document, overrides_of(CP), str(folder / "o.json")).decode()
    assert json.loads(text) == {"_base_": "./data/leaf.json", "model": {"backbone": {"with_cp": False}}}


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("lazy/le-af.py", "lazy/over.py", "'le-af' is not a Python name.*rename it"),
        ("classic/alone.py", "classic/alone.py", "cannot have the name of the config"),
        ("classic/alone.py", "classic/over.json", "must be .py"),
        ("data/leaf.json", "data/over.yaml", "must be .json or .py"),
        ("classic/alone.py", "nowhere/over.py", "its folder does not exist"),
    ],
)
def test_overlay_refused(folder: Path, name: str, target: str, message: str) -> None:
    document, _ = load(folder / name)
    with pytest.raises(PatchError, match=message):
        plan_overlay(document, overrides_of(CP), str(folder / target))


def test_overlay_solves_what_a_block_cannot(folder: Path, verifier: Verifier) -> None:
    document, reader = load(folder / "classic/leaf.py")
    overrides = overrides_of({"model.a.with_cp": False})
    path = str(folder / "classic/over.py")
    data = plan_overlay(document, overrides, path)
    verifier.verify(document, data, overrides, reader, path)
