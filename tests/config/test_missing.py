"""A base that is not where a config says: what it may have set is unknown, the rest is as it is with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import pytest
from parity import write

from mmfix.config.document import ConfigDocument
from mmfix.config.origin import Unknown
from mmfix.config.reader import Reader
from mmfix.config.values import absent
from mmfix.errors import ConfigError

BASE = """\
model = dict(type='A', backbone=dict(type='R', depth=50, with_cp=True), heads=[dict(n=1), dict(n=2)])
lr = 0.1
names = ('a', 'b')
"""
LAZY = "from mmengine.config import read_base\nwith read_base():\n    from .b import *\n"

#: A child of BASE, read with it and without it.
CHILDREN = {
    "nothing of its own": "_base_ = './b.py'\n",
    "a dict merged": "_base_ = './b.py'\nmodel = dict(backbone=dict(depth=18), neck=dict(type='N'))\n",
    "a list replaced": "_base_ = './b.py'\nmodel = dict(heads=[dict(n=3)])\n",
    "a dict deleted": "_base_ = './b.py'\nmodel = dict(backbone=dict(_delete_=True, type='S'))\n",
    "all deleted": "_base_ = ['./b.py']\nmodel = dict(_delete_=True, type='S', backbone=dict(type='T'))\n",
    "deleted by an unknown": "import time\n_base_ = './b.py'\nmodel = dict(_delete_=time.time() > 0, type='S')\n",
    "a scalar over a dict": "_base_ = './b.py'\nmodel = None\n",
    "an attribute": "_base_ = './b.py'\nlr = _base_.lr * 2\nmodel = dict(neck=_base_.model.backbone)\n",
    "an item": "_base_ = './b.py'\nx = _base_['names'][0]\n",
    "a placeholder": "_base_ = './b.py'\nx = {{_base_.model.backbone}}\ny = dict(z={{_base_.lr}})\n",
    "get and in": "_base_ = './b.py'\nx = _base_.get('lr', 3)\ny = 'lr' in _base_\nz = 'nope' in _base_.keys()\n",
    "unpacked": "_base_ = './b.py'\nx = dict(**_base_.model)\ny = dict(a=1, **_base_)\nz = {**_base_}\n",
    "a loop over a part": "_base_ = './b.py'\nys = []\nfor k in _base_.model:\n    ys.append(k)\n",
    "copied and counted": "_base_ = './b.py'\nimport copy\nx = copy.deepcopy(_base_.model)\nn = len(_base_)\nm = dict(_base_)\n",
    "written into": "_base_ = './b.py'\nm = _base_.model\nm.type = 'B'\nx = m.type\n",
    "a base between": "_base_ = './d.py'\nmodel = dict(backbone=dict(with_cp=False))\n",
    "another base beside": "_base_ = ['./b.py', './e.py']\nother = dict(y=2)\n",
    "lazily": LAZY + "model.update(dict(type='B'))\nx = lr\n",
    "lazily by name": LAZY.replace("*", "lr, model") + "x = lr\ny = dict(m=model)\n",
}  # fmt: skip
MORE = {
    "d.py": "_base_ = ['./b.py']\nmodel = dict(backbone=dict(depth=34), neck=dict(type='N'))\n",
    "e.py": "other = dict(x=1)\n",
}


def load(folder: Path, text: str, *base_dirs: Path, name: str = "c.py") -> ConfigDocument:
    (folder / name).write_text(text)
    folders = [(str(path), f"--base-dir {path}") for path in base_dirs]
    return Reader(lambda _: folders).load(str(folder / name))


def unsound(found: Any, real: Any, key: str = "") -> List[str]:
    """What was said without the base and does not hold with it."""
    if isinstance(found, Unknown):
        return []
    if isinstance(found, dict) and isinstance(real, dict):
        wrong = [
            f"{key}.{name} is there" for name in real if name not in found and absent(found, name) is None
        ]
        for name, value in found.items():
            wrong += unsound(value, real.get(name), f"{key}.{name}")
        return wrong
    if isinstance(found, (list, tuple)) and isinstance(real, (list, tuple)) and len(found) == len(real):
        return [line for one, other in zip(found, real) for line in unsound(one, other, f"{key}[]")]
    return [] if found == real else [f"{key} is {real!r}, not {found!r}"]


@pytest.mark.parametrize("name", CHILDREN)
def test_what_is_known_without_a_base_holds_with_it(name: str, tmp_path: Path) -> None:
    write(tmp_path, {**MORE, "c.py": CHILDREN[name]})
    found = load(tmp_path, CHILDREN[name])
    assert [Path(base.path).name for base in found.missing] == ["b.py"] or "lazily" in name
    assert found.tree.missing
    (tmp_path / "b.py").write_text(BASE)
    assert unsound(found.tree, load(tmp_path, CHILDREN[name]).tree) == []


def test_what_the_file_sets_itself_is_known(tmp_path: Path) -> None:
    document = load(
        tmp_path, "_base_ = './gone.py'\nmodel = dict(type='A', backbone=dict(with_cp=True), l=[{}])\n"
    )
    assert document.get(("model", "backbone", "with_cp")) is True
    assert isinstance(absent(document.tree, "find_unused_parameters"), Unknown)
    assert isinstance(absent(document.get(("model", "backbone")), "depth"), Unknown)
    assert absent(document.get(("model", "l", 0)), "n") is None, "a list is replaced as a whole"
    assert (document.missing[0].entry, document.missing[0].origin.line) == ("./gone.py", 1)


def test_what_a_loop_over_a_missing_base_gives_is_unknown(tmp_path: Path) -> None:
    document = load(
        tmp_path, "_base_ = './gone.py'\nxs = [k for k in _base_]\nfor k in _base_:\n    y = k\nz = 1\n"
    )
    unknown = {key[0]: found.reason for key, found in document.unknowns()}
    assert unknown["xs"] == "loops over what a base that is not here may have set"
    assert set(unknown) == {"xs", "k", "y"}


@pytest.mark.parametrize("place", ["datasets/coco.py", "schedules/schedule_1x.py", "default_runtime.py"])
def test_a_base_of_data_or_of_the_schedule_holds_no_model(place: str, tmp_path: Path) -> None:
    text = f"_base_ = ['../_base_/{place}']\nmodel = dict(type='A')\ndata = dict(samples_per_gpu=2)\n"
    document = load(tmp_path, text)
    assert absent(document.get(("model",)), "backbone") is None
    assert absent(document.get(("data",)), "train") is not None
    assert absent(document.tree, "find_unused_parameters") is not None, "mmgen 0.7.3 sets it in one"


CLONE = "../mmdetection3d/configs/_base_/default_runtime.py"


@pytest.mark.parametrize("below", ["mmdetection3d/configs/_base_", "configs/_base_", "_base_", ""])
def test_a_folder_that_holds_the_tail(below: str, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    (folder / below).mkdir(parents=True)
    (folder / below / "default_runtime.py").write_text("log_level = 'INFO'\n")
    (tmp_path / "p").mkdir()
    document = load(tmp_path / "p", f"_base_ = '{CLONE}'\n", tmp_path / "empty", folder)
    assert (document.get(("log_level",)), document.tree.missing) == ("INFO", ())
    assert document.missing[0].read == str(folder / below / "default_runtime.py")
    assert document.missing[0].where == f"--base-dir {folder}"


def installed(folder: Path, modern: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ``mmdet3d`` of one of the eras on ``sys.path``, with that base among its configs."""
    files: Dict[str, str] = {
        "mmdet3d/__init__.py": "raise RuntimeError('imported')\n",
        "mmdet3d/.mim/configs/_base_/default_runtime.py": "log_level = 'INFO'\n",
    }
    if modern:
        files["mmdet3d/registry.py"] = ""
    write(folder, {**files, "c.py": ""})
    monkeypatch.syspath_prepend(str(folder))


@pytest.mark.parametrize(
    ("modern", "own", "read"),
    [
        (False, "data = dict(samples_per_gpu=1)", True),
        (True, "data = dict(samples_per_gpu=1)", False),
        (True, "train_dataloader = dict()", True),
        (False, "train_dataloader = dict()", False),
    ],
)
def test_an_installed_package_of_the_same_era(
    modern: bool, own: str, read: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path / "site", modern, monkeypatch)
    (tmp_path / "p").mkdir()
    document = load(tmp_path / "p", f"_base_ = '{CLONE}'\n{own}\n")
    assert document.get(("log_level",), None) == ("INFO" if read else None)
    base = document.missing[0]
    if read:
        assert base.where == "the configs of the installed mmdet3d"
    else:
        assert base.hint == "the installed mmdet3d has it, but is of another era"


def test_a_path_that_does_not_say_whose_it_is_reads_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path / "site", False, monkeypatch)
    document = load(tmp_path, "_base_ = './configs/_base_/default_runtime.py'\ndata = dict()\n")
    folder = tmp_path / "site" / "mmdet3d" / ".mim"
    hint = f"the installed mmdet3d has one; if that is meant: --base-dir {folder}"
    assert (document.missing[0].read, document.missing[0].hint) == ("", hint)
    assert load(tmp_path, "_base_ = './configs/_base_/default_runtime.py'\n", folder).missing[0].read


@pytest.mark.parametrize(
    ("entry", "there", "hint"),
    [
        ("./retinanet", ["retinanet.py"], "did you mean retinanet.py?"),
        ("./retinanet.yml", ["retinanet.yaml"], "did you mean retinanet.yaml?"),
        ("./retinanet_r50.py", ["retinanet_r50_fpn.py", "other.py"], "did you mean retinanet_r50_fpn.py?"),
        ("./retinanet_r50.py", ["retinanet_r50_fpn.py", "retinanet_r50_pafpn.py"], ""),
        ("./retinanet_r50.py", ["notes.txt"], ""),
    ],
)
def test_a_name_that_is_nearly_right(entry: str, there: List[str], hint: str, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in there:
        (tmp_path / "b" / name).write_text("")
    entry = entry.replace("./", "../b/")
    (tmp_path / "p").mkdir()
    assert load(tmp_path / "p", f"_base_ = '{entry}'\n").missing[0].hint == hint


@pytest.mark.parametrize("base", ["mmrazor::det/b.py", "../mmrazor/.mim/configs/det/b.py"])
def test_a_clone_is_read_as_if_it_were_installed_in_place(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mmrazor/__init__.py", "mmrazor/registry.py", "configs/det/b.py", "projects/c.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("lr = 0.5\n" if name == "configs/det/b.py" else "")
    monkeypatch.syspath_prepend(str(tmp_path))
    document = load(tmp_path / "projects", f"_base_ = '{base}'\ndefault_scope = 'mmrazor'\n")
    assert document.get(("lr",)) == 0.5


@pytest.mark.parametrize(
    "text",
    [
        "_base_ = 'nosuchpackage::a/b.py'\n",  # MMEngine takes no configs from it
        "_base_ = 'mmdet::b.py'\n",
    ],
)
def test_a_malformed_base_is_still_an_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "_base_ = 'mmrazor::_base_/datasets/a.py'\nmodel = dict(type='A')\n",
        "from mmengine.config import read_base\nwith read_base():\n    from mmrazor.configs._base_.x import *\n",
    ],
    ids=["classic", "lazy"],
)
def test_a_base_of_a_package_that_is_not_installed(text: str, tmp_path: Path) -> None:
    document = load(tmp_path, text)
    assert "mmrazor" in document.missing[0].entry
    assert document.tree.missing


OLD = "_base_ = './b.py'\nplugin_dir = 'plugin/'\nmodel = dict(type='A')\n"


@pytest.mark.parametrize("line", ["from pickle import FALSE\n", "import torch\n", "import torch.nn as nn\n"])
def test_an_import_before_the_base_in_a_config_of_mmcv1(line: str, tmp_path: Path) -> None:
    write(tmp_path, {"c.py": "", "b.py": "data = dict(samples_per_gpu=2)\n"})
    document = load(tmp_path, line + OLD)
    assert (document.kind, document.get(("data", "samples_per_gpu"))) == ("classic", 2)
    assert isinstance(document.get(("FALSE",), Unknown("")), Unknown), "the import is not run"


@pytest.mark.parametrize(
    "base", ["f'{folder}/b.py'", "[folder + '/b.py']", "'{}/b.py'.format(folder)"], ids=["f", "+", "format"]
)
def test_a_base_that_is_put_together_in_a_config_of_mmcv1(base: str, tmp_path: Path) -> None:
    """mmcv 1.x runs the file before it looks at `_base_`; MMEngine evaluates this line alone."""
    text = f"folder = './bases'\n_base_ = {base}\nmodel = dict(type='A')\n"
    write(tmp_path, {"c.py": "", "bases/b.py": "lr = 1\n"})
    assert load(tmp_path, text + "optimizer_config = dict()\n").to_dict() == {
        "lr": 1, "folder": "./bases", "model": {"type": "A"}, "optimizer_config": {}
    }  # fmt: skip
    with pytest.raises(ConfigError, match="cannot be evaluated: name 'folder' is not defined"):
        load(tmp_path, text + "optim_wrapper = dict()\n")


def test_its_era_may_show_in_its_base_only(tmp_path: Path) -> None:
    write(tmp_path, {"c.py": "", "b.py": "data = dict(samples_per_gpu=2)\n"})
    assert load(tmp_path, "import torch\n_base_ = './b.py'\nlr = 1\n").kind == "classic"
    (tmp_path / "b.py").write_text("train_dataloader = dict()\n")
    with pytest.raises(ConfigError, match="mixes `_base_ = "):
        load(tmp_path, "import torch\n_base_ = './b.py'\nlr = 1\n")


def test_mmengine_keeps_its_rule(tmp_path: Path) -> None:
    text = "from mmdet.models import R\nmodel = dict(type=R)\ntrain_dataloader = dict()\n"
    assert load(tmp_path, text).kind == "lazy"
    assert load(tmp_path, text.replace("train_dataloader", "data")).kind == "classic"
