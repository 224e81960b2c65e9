"""Which generation of the framework a config is written for, and whether it trains at all."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.names import type_name
from mmfix.config.origin import MissingBase, Unknown
from mmfix.config.values import absent

MMCV1 = "mmcv1"
MMENGINE = "mmengine"

_MMCV1_SCHEDULE = ("runner", "total_epochs", "total_iters", "max_epochs", "optimizer_config")
_MMCV1_HINTS = ("data", *_MMCV1_SCHEDULE, "lr_config", "checkpoint_config", "log_config")
_LOOP_KEYS = ("by_epoch", "max_epochs", "max_iters", "val_interval", "val_begin")


def era(document: ConfigDocument) -> str:
    """``mmengine`` or ``mmcv1``.

    ``train_cfg`` alone decides nothing: mmdet < 2.9 (mmcv 1.x) has one at the top level that holds
    assigners and samplers; only the keys of an MMEngine loop make it one
    (``mmengine/runner/runner.py: build_train_loop``). A fragment that shows neither is taken for MMEngine.
    """
    tree = document.tree
    if _present(tree, "train_dataloader") or _present(tree, "optim_wrapper") or _has_loop(tree):
        return MMENGINE
    if "data" in tree and any(key in tree for key in _MMCV1_SCHEDULE):
        return MMCV1
    if any(key in tree for key in _MMCV1_HINTS) and "default_scope" not in tree:
        return MMCV1
    return MMENGINE


def is_trainable(document: ConfigDocument) -> bool:
    """True for a leaf config: a model and something to train it with."""
    return not missing_to_train(document)


def missing_to_train(document: ConfigDocument) -> Tuple[str, ...]:
    """The keys without which a config cannot be trained by itself, ``data.train``; none of a leaf config.

    MMEngine needs ``train_dataloader``, ``train_cfg`` and ``optim_wrapper`` together
    (``mmengine/runner/runner.py: Runner.__init__``); two of them are taken for a training config, so that
    one incomplete by mistake is still read. mmcv 1.x needs ``data.train`` and an optimizer or a runner.
    Benchmark and test-only configs have neither. What a base that is not here may have set counts as set.
    """
    tree = document.tree
    if not isinstance(tree.get("model"), (dict, Unknown)):
        return ("model",)
    if era(document) == MMENGINE:
        missing = [key for key in ("train_dataloader", "optim_wrapper") if not _may_have(tree, key)]
        if not _has_loop(tree) and absent(tree, "train_cfg") is None:
            missing.append("train_cfg")
        return tuple(missing) if len(missing) > 1 else ()
    data = tree.get("data", absent(tree, "data"))
    if not isinstance(data, Unknown) and not (isinstance(data, dict) and _may_have(data, "train")):
        return ("data.train",)
    return () if any(_may_have(tree, key) for key in ("optimizer", *_MMCV1_SCHEDULE)) else ("optimizer",)


def model_is_elsewhere(document: ConfigDocument) -> Optional[MissingBase]:
    """The base that is not here and may hold the whole model of a config that has none itself."""
    tree = document.tree
    if "model" in tree or absent(tree, "model") is None:
        return None
    return next((base for base in tree.missing if "model" not in base.spared and not base.why), None)


def _present(tree: Mapping[Any, Any], key: str) -> bool:
    return tree.get(key) is not None


def _may_have(tree: Mapping[Any, Any], key: str) -> bool:
    return tree.get(key) is not None or absent(tree, key) is not None


def _has_loop(tree: Mapping[Any, Any]) -> bool:
    loop = tree.get("train_cfg")
    if not isinstance(loop, dict):
        return False
    name = type_name(loop.get("type"))
    return any(key in loop for key in _LOOP_KEYS) or (name is not None and name.endswith("Loop"))
