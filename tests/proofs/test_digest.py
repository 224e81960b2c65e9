"""What changes the check sums of a config and of the user's code, and what does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from proof_helpers import MODEL, document, rehearsal, repository

from mmfix.config.memory import from_mapping
from mmfix.config.reader import Reader
from mmfix.proofs.digest import NotDigestible, digest
from mmfix.proofs.sources import code_sums
from mmfix.proofs.store import load, save
from mmfix.proofs.types import Proof
from mmfix.rules.rule import MMCV1
from mmfix.training import read

BASE = """
model = dict(
    type='FCOS',
    backbone=dict(type='mmdet.ResNet', depth=50, init_cfg=dict(type='Pretrained', checkpoint='a.pth')),
    out=(0, 1))
find_unused_parameters = True
"""
HOOKS = "default_hooks = dict({})\nfind_unused"


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
        ("find_unused", HOOKS.format("checkpoint=dict(type='CheckpointHook', interval=7)")),
        ("find_unused", HOOKS.format("timer=dict(type='mmengine.hooks.IterTimerHook')")),
        ("find_unused", HOOKS.format("logger=None, visualization=dict(type='DetVisualizationHook')")),
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
        ("find_unused", "train_cfg = dict(type='OwnLoop', max_epochs=12)\nfind_unused"),
        ("find_unused", "optim_wrapper['constructor'] = 'OwnConstructor'\nfind_unused"),
        ("find_unused", "data_preprocessor = dict(type='OwnPreprocessor')\nfind_unused"),
        ("find_unused", "runner_type = 'OwnRunner'\nfind_unused"),
        ("find_unused", HOOKS.format("freeze=dict(type='FreezeHook')")),
        ("find_unused", HOOKS.format("timer=dict(type='OwnTimer')")),
        ("find_unused", HOOKS.format("checkpoint=dict(type='own.CheckpointHook')")),
        ("find_unused", HOOKS.format("visualization=dict(type='OwnHook')")),
        ("find_unused", "optim_wrapper = dict(a=dict(optimizer=dict(), accumulative_counts=2))\nfind_unused"),
    ],
)
def test_what_decides_changes_it(old: str, new: str) -> None:
    assert digest(document(BASE.replace(old, new, 1))) != digest(document(BASE))


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [("max_epochs=12", "max_epochs=24", True), ("switch_at=3", "switch_at=5", False)],
)
def test_an_own_loop_may_read_any_key_but_its_length(old: str, new: str, same: bool) -> None:
    text = BASE + "train_cfg = dict(type='OwnLoop', max_epochs=12, switch_at=3)\n"
    assert (digest(document(text.replace(old, new))) == digest(document(text))) is same


def test_the_same_text_elsewhere_and_the_setup_of_it() -> None:
    assert digest(document(BASE, "/a/b.py")) == digest(document(BASE, "/c/d.py"))
    assert digest(read(document(BASE))) == digest(document(BASE))


def test_the_eras_differ() -> None:
    text = "model = dict(type='FCOS')\n"
    old = Reader().load("config.py", text=MMCV1 + text)
    assert digest(old) != digest(document(text))
    assert digest(old) != digest(Reader().load("config.py", text=MMCV1 + text + "fp16 = dict()\n"))
    own = "optimizer = dict(type='SGD', lr=0.1, constructor='Own')\n"
    assert digest(old) != digest(Reader().load("config.py", text=MMCV1 + text + own))


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


OWN_CLASSES = {
    "hooks": ("HOOKS", "class OwnHook(Base)", "custom_hooks = [dict(type='OwnHook')]"),
    "default": ("HOOKS", "class OwnTimer(Base)", "default_hooks = dict(timer=dict(type='OwnTimer'))"),
    "loops": ("LOOPS", "class OwnLoop(Base)", "train_cfg = dict(type='OwnLoop', max_epochs=1)"),
    "dotted": ("HOOKS", "class Dotted(Base)", "custom_hooks = [dict(type='own.dotted.Dotted')]"),
    "wrapper": ("OPTIM_WRAPPERS", "class OwnWrapper(Base)", "optim_wrapper = dict(type='OwnWrapper')"),
    "constructor": (
        "OPTIM_WRAPPER_CONSTRUCTORS",
        "class OwnConstructor(Base)",
        "optim_wrapper = dict(type='OptimWrapper', constructor='OwnConstructor')",
    ),
    "ddp": ("MODEL_WRAPPERS", "class OwnDDP(Base)", "model_wrapper_cfg = dict(type='OwnDDP')"),
    "pre": ("MODELS", "class OwnPre(Base)", "data_preprocessor = dict(type='OwnPre')"),
    "imported": ("HOOKS", "class Unused(Base)", "custom_imports = dict(imports=['own.imported'])"),
}


@pytest.mark.parametrize("name", OWN_CLASSES)
def test_the_files_behind_the_users_own_classes(tmp_path: Path, name: str) -> None:
    registry, definition, line = OWN_CLASSES[name]
    (tmp_path / "own").mkdir()
    (tmp_path / "setup.py").write_text("")
    (tmp_path / "own" / "__init__.py").write_text("from own.base import Base\n")
    (tmp_path / "own" / "base.py").write_text("class Base:\n    pass\n")
    (tmp_path / "own" / "other.py").write_text("x = 1\n")
    (tmp_path / "own" / f"{name}.py").write_text(
        f"from mmengine.registry import {registry}\nfrom own import Base\n\n"
        f"@{registry}.register_module()\n{definition}:\n    pass\n"
    )
    config = document(f"{BASE}{line}\n", str(tmp_path / "configs" / "a.py"))
    base = [] if name == "imported" else ["own/base.py"]
    assert sorted(code_sums(config, str(tmp_path))) == sorted([*base, f"own/{name}.py"])


def test_a_proof_is_stale_when_the_users_hook_has_changed(tmp_path: Path) -> None:
    path = repository(tmp_path, "model = dict(type='FCOS')\ncustom_hooks = [dict(type='OwnHook')]\n")
    hook = tmp_path / "hook.py"
    hook.write_text(
        "from mmengine.hooks import Hook\nfrom mmengine.registry import HOOKS\n\n"
        "@HOOKS.register_module()\nclass OwnHook(Hook):\n    pass\n"
    )
    save(Proof(str(path), rehearsal("OK")), Reader().load(str(path)))
    hook.write_text(hook.read_text().replace("pass", "x = 1"))
    assert load(Reader().load(str(path))).why_stale == "hook.py changed"  # type: ignore[union-attr]


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
    assert code_sums(config, str(site)) == {}  # nor where that folder is taken for the root
