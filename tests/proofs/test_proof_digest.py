"""What changes the check sums of a config and of the user's code, and what does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from proof_helpers import MODEL, document

from mmfix.config.memory import from_mapping
from mmfix.config.reader import Reader
from mmfix.proofs.digest import NotDigestible, code_sums, digest
from mmfix.rules.common import MMCV1
from mmfix.training import read

BASE = """
model = dict(
    type='FCOS',
    backbone=dict(type='mmdet.ResNet', depth=50, init_cfg=dict(type='Pretrained', checkpoint='a.pth')),
    out=(0, 1))
find_unused_parameters = True
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("depth=50", "depth=50  # a comment\n        "),
        ("type='mmdet.ResNet', depth=50", "depth=50, type='mmdet.ResNet'"),
        ("a.pth", "/elsewhere/b.pth"),
        ("find_unused", "work_dir = '/tmp/x'\nload_from = 'x.pth'\nresume = True\nfind_unused"),
        ("find_unused", "optim_wrapper['optimizer'] = dict(type='AdamW', lr=0.5)\nfind_unused"),
        ("find_unused", "optim_wrapper['clip_grad'] = dict(max_norm=1)\nfind_unused"),
        ("find_unused", "train_dataloader['batch_size'] = 7\nfind_unused"),
        ("find_unused", "train_cfg['max_epochs'] = 7\nfind_unused"),
        ("find_unused", "data_root = open('x').read()\nfind_unused"),
    ],
)
def test_what_does_not_decide_does_not_change_it(old: str, new: str) -> None:
    assert digest(document(BASE.replace(old, new, 1))) == digest(document(BASE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("depth=50", "depth=101"),
        ("depth=50", "depth=50.0"),
        ("depth=50", "depth=50, with_cp=True"),
        ("(0, 1)", "[0, 1]"),
        ("(0, 1)", "((0, 1),)"),
        ("= True", "= False"),
        ("find_unused", "model_wrapper_cfg = dict(type='MMDistributedDataParallel')\nfind_unused"),
        ("find_unused", "strategy = dict(type='DDPStrategy')\nfind_unused"),
        ("find_unused", "runner_type = 'FlexibleRunner'\nfind_unused"),
        ("find_unused", "static_graph = True\nfind_unused"),
        ("find_unused", "activation_checkpointing = ['backbone']\nfind_unused"),
        ("find_unused", "custom_hooks = [dict(type='EMAHook')]\nfind_unused"),
        ("find_unused", "custom_imports = dict(imports=['own'])\nfind_unused"),
        ("find_unused", "optim_wrapper['accumulative_counts'] = 4\nfind_unused"),
        ("find_unused", "optim_wrapper['type'] = 'AmpOptimWrapper'\nfind_unused"),
        ("find_unused", "train_cfg['type'] = 'OwnLoop'\nfind_unused"),
        ("find_unused", "optim_wrapper = dict(a=dict(optimizer=dict(), accumulative_counts=2))\nfind_unused"),
    ],
)
def test_what_decides_changes_it(old: str, new: str) -> None:
    assert digest(document(BASE.replace(old, new, 1))) != digest(document(BASE))


def test_the_same_text_elsewhere_and_the_setup_of_it() -> None:
    assert digest(document(BASE, "/a/b.py")) == digest(document(BASE, "/c/d.py"))
    assert digest(read(document(BASE))) == digest(document(BASE))


def test_the_eras_differ() -> None:
    text = "model = dict(type='FCOS')\n"
    old = Reader().load("config.py", text=MMCV1 + text)
    assert digest(old) != digest(document(text))
    assert digest(old) != digest(Reader().load("config.py", text=MMCV1 + text + "fp16 = dict()\n"))


def test_an_unknown_value_that_decides_is_said() -> None:
    text = "model = dict(type='FCOS', backbone=dict(depth=int(open('x').read())))\n"
    with pytest.raises(NotDigestible, match=r"model\.backbone\.depth"):
        digest(document(text))


def test_a_lazy_config(repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository / "configs", tmp_path / "configs")
    path = "configs/lazy/cmt_aqr_r50.py"
    here, there = Reader().load(str(repository / path)), Reader().load(str(tmp_path / path))
    assert here.kind == "lazy"
    assert digest(here) == digest(there)
    base = tmp_path / "configs/lazy/_base_/cmt_r50.py"
    base.write_text(base.read_text().replace("with_cp=True", "with_cp=False"))
    assert digest(Reader().load(str(tmp_path / path))) != digest(here)


def test_values_in_memory_have_a_stable_text() -> None:
    def config(value: object) -> object:
        return from_mapping({"model": {"type": Path, "x": value}, "train_dataloader": {}})

    assert digest(config(object())) == digest(config(object()))  # type: ignore[arg-type]
    assert digest(config({1, 2})) == digest(config({2, 1}))  # type: ignore[arg-type]
    assert digest(config(float("nan"))) != digest(config(float("inf")))  # type: ignore[arg-type]


def test_the_code_below_the_root_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "__init__.py").write_text("")
    (tmp_path / "own" / "model.py").write_text(MODEL)
    (tmp_path / "own" / "other.py").write_text("x = 1\n")
    (tmp_path / "setup.py").write_text("")
    config = document("model = dict(type='Own')\n", str(tmp_path / "configs" / "a.py"))
    sums = code_sums(config, str(tmp_path))
    assert "own/model.py" in sums
    assert "own/other.py" not in sums
    assert all((tmp_path / name).is_file() for name in sums)
    (tmp_path / "own" / "model.py").write_bytes(MODEL.replace("\n", "\r\n").encode())
    assert code_sums(config, str(tmp_path)) == sums
    assert code_sums(config, str(tmp_path / "configs")) == {}


def test_installed_packages_are_not_the_users_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "libs"
    (site / "own").mkdir(parents=True)
    (site / "own-1.dist-info").mkdir()
    (site / "own" / "__init__.py").write_text("")
    (site / "own" / "model.py").write_text(MODEL)
    (tmp_path / "setup.py").write_text("")
    monkeypatch.syspath_prepend(str(site))
    config = document("model = dict(type='own.Own')\n", str(tmp_path / "configs" / "a.py"))
    assert code_sums(config, str(tmp_path)) == {}
