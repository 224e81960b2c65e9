"""Top-level keys of the other generation of the framework, and what they are called in this one."""

from __future__ import annotations

from typing import Any, Dict, Iterator, NamedTuple, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.names import type_name
from mmfix.config.origin import Unknown
from mmfix.config.used import used_names
from mmfix.training.era import MMENGINE
from mmfix.training.top_level import read_by_training, read_keys, stands_elsewhere
from mmfix.wording import say

#: mmcv 1.x -> MMEngine (mmengine docs/en/migration/runner.md), and whether what is trained depends on it.
_OLD: Dict[str, Tuple[str, bool]] = {
    "data": (say("train_dataloader, val_dataloader and test_dataloader"), True),
    "optimizer": ("optim_wrapper.optimizer", True),
    "optimizer_config": ("optim_wrapper (clip_grad, accumulative_counts)", True),
    "lr_config": ("param_scheduler", True),
    "momentum_config": ("param_scheduler", True),
    "runner": ("train_cfg", True),
    "total_epochs": ("train_cfg.max_epochs", True),
    "total_iters": ("train_cfg.max_iters", True),
    "fp16": ("optim_wrapper.type='AmpOptimWrapper'", True),
    "resume_from": (say("load_from with resume=True"), True),
    "evaluation": (say("val_evaluator and train_cfg.val_interval"), False),
    "checkpoint_config": ("default_hooks.checkpoint", False),
    "log_config": (say("default_hooks.logger and visualizer"), False),
    "workflow": (say("train_cfg and val_cfg"), False),
    "cudnn_benchmark": ("env_cfg.cudnn_benchmark", False),
    "dist_params": ("env_cfg.dist_cfg", False),
    "mp_start_method": ("env_cfg.mp_cfg", False),
    "opencv_num_threads": ("env_cfg.mp_cfg", False),
    "seed": ("randomness.seed", False),
    "deterministic": ("randomness.deterministic", False),
    "auto_resume": ("resume=True", False),
}
#: MMEngine -> mmcv 1.x. With ``train_dataloader`` or ``optim_wrapper`` a config is one for MMEngine.
_NEW: Dict[str, Tuple[str, bool]] = {
    "param_scheduler": ("lr_config", True),
    "model_wrapper_cfg": ("find_unused_parameters", True),
    "resume": ("resume_from", False),
    "val_dataloader": ("data.val", False),
    "test_dataloader": ("data.test", False),
    "val_evaluator": ("evaluation", False),
    "test_evaluator": ("evaluation", False),
    "default_hooks": (say("checkpoint_config and log_config"), False),
    "env_cfg": (say("dist_params and cudnn_benchmark"), False),
    "log_processor": ("log_config", False),
    "randomness": ("seed", False),
    "visualizer": ("log_config", False),
}
#: More keys of MMEngine than this make a config one that is for both, or for neither.
_A_FEW = 2


class Foreign(NamedTuple):
    """A key of the other era.

    Attributes:
        key: As the config has it.
        called: What it is called in the config's own era.
        matters: It asks for something that is trained otherwise now.
        same: Key path -> value that says the same in this era, where that is plain.
    """

    key: str
    called: str
    matters: bool
    same: Tuple[Tuple[KeyPath, Any], ...]


def keys_of_the_other_era(document: ConfigDocument, era: str) -> Tuple[Foreign, ...]:
    """The keys that only the other era reads, that ask for something, and that no code here uses."""
    table = _OLD if era == MMENGINE else _NEW
    known = read_keys(era)
    names = [key for key in table if key not in known and _asks(document.tree.get(key))]
    if not names or (era != MMENGINE and len(names) > _A_FEW):
        return ()
    used = used_names(document, names)
    left = [
        key for key in names if key not in {*used, *document.imported} and not stands_elsewhere(document, key)
    ]
    read = read_by_training(document, frozenset(left)) if left else {}
    return tuple(_foreign(document, key, table[key]) for key in left if key not in read)


def _asks(value: Any) -> bool:
    return not isinstance(value, Unknown) and value not in (None, False, {}, [], ())


def _foreign(document: ConfigDocument, key: str, row: Tuple[str, bool]) -> Foreign:
    called, matters = row
    same = tuple(_same(document, key))
    if same and all(document.get(path, None) == value for path, value in same):
        return Foreign(key, called, False, ())
    if key == "optimizer_config" and not same:
        matters = bool(set(document.tree[key]) - {"grad_clip", "_delete_"})
    return Foreign(key, called, matters, same)


def _same(document: ConfigDocument, key: str) -> Iterator[Tuple[KeyPath, Any]]:
    """The same in MMEngine's words, where one value says it."""
    value = document.tree[key]
    inside: Dict[Any, Any] = value if isinstance(value, dict) else {}
    loop = document.get(("train_cfg",), None)
    if key == "runner" and isinstance(loop, dict):
        yield from (
            (("train_cfg", name), inside[name])
            for name in ("max_epochs", "max_iters")
            if name in inside and name in loop
        )
    elif key in ("total_epochs", "total_iters") and isinstance(loop, dict):
        name = "max_" + key.partition("_")[2]
        if name in loop:
            yield ("train_cfg", name), value
    elif key == "data" and set(inside) <= {"samples_per_gpu", "workers_per_gpu"}:
        if isinstance(inside.get("samples_per_gpu"), int):
            yield ("train_dataloader", "batch_size"), inside["samples_per_gpu"]
    elif key == "fp16":
        yield from _mixed_precision(document, inside)
    elif key == "optimizer_config" and isinstance(inside.get("grad_clip"), dict):
        yield ("optim_wrapper", "clip_grad"), inside["grad_clip"]
    elif key == "cudnn_benchmark":
        yield ("env_cfg", "cudnn_benchmark"), value
    elif key == "resume_from" and isinstance(value, str):
        yield ("load_from",), value
        yield ("resume",), True


def _mixed_precision(document: ConfigDocument, fp16: Dict[Any, Any]) -> Iterator[Tuple[KeyPath, Any]]:
    """``mmengine/optim/optimizer/amp_optimizer_wrapper.py``; nothing where another wrapper is in use."""
    wrapper = type_name(document.get(("optim_wrapper", "type"), "OptimWrapper"))
    if wrapper == "AmpOptimWrapper":
        yield ("optim_wrapper", "type"), document.get(("optim_wrapper", "type"))
    elif wrapper == "OptimWrapper":
        yield ("optim_wrapper", "type"), "AmpOptimWrapper"
        if "loss_scale" in fp16:
            yield ("optim_wrapper", "loss_scale"), fp16["loss_scale"]
