"""What can be read and is no config of OpenMMLab: those of other frameworks look much like them."""

from __future__ import annotations

import os
from typing import FrozenSet, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.eras import MMCV1_KEYS, MMENGINE_KEYS
from mmfix.python.looked import note

#: A framework, and the top-level keys that its configs have together.
_SIGNS: Tuple[Tuple[str, FrozenSet[str]], ...] = (
    # Pointcept configs/_base_/default_runtime.py; pointcept/engines/train.py has its own trainers and hooks
    ("Pointcept", frozenset({"model", "hooks", "save_path", "train"})),
    ("OpenPCDet", frozenset({"CLASS_NAMES", "DATA_CONFIG", "MODEL"})),  # tools/cfgs/kitti_models/*.yaml
    ("detectron2", frozenset({"MODEL", "SOLVER"})),  # configs/Base-RCNN-FPN.yaml
)
#: torchpack's file of a folder.
_OF_A_FOLDER = "default.yaml"
#: What none of them has: each runner of OpenMMLab asks for one (``mmdet 2.28.2 mmdet/apis/train.py``,
#: ``mmengine/runner/runner.py: Runner.__init__``).
_RUNNERS = (
    frozenset({"runner", "total_epochs", "lr_config", "optimizer_config", "log_config"}) | MMENGINE_KEYS
)
#: Keys of a config or of a base of one.
_OURS = (
    MMCV1_KEYS
    | MMENGINE_KEYS
    | {
        "model", "dataset_type", "data_root", "train_pipeline", "test_pipeline", "optimizer", "runner",
        "evaluation", "custom_imports", "custom_hooks", "default_scope", "train_cfg", "val_cfg", "test_cfg",
        "load_from", "resume_from", "log_level", "find_unused_parameters",
    }
)  # fmt: skip


def whose(document: ConfigDocument) -> str:
    """The framework that a config is written for, where that is none of OpenMMLab; else empty."""
    tree = document.tree
    if not _RUNNERS.isdisjoint(tree):
        return ""
    return next((name for name, keys in _SIGNS if keys <= tree.keys()), "")


def is_of_folders(document: ConfigDocument) -> bool:
    """Whether a YAML file is the last of those that torchpack puts together: one a folder, from the top.

    torchpack 0.3.1 ``torchpack/utils/config.py: Config.load``, as MIT's BEVFusion trains.
    """
    folder, name = os.path.split(document.path)
    if not name.endswith((".yaml", ".yml")) or len(document.files) > 1 or document.missing:
        return False
    shared = [os.path.join(each, _OF_A_FOLDER) for each in (folder, os.path.dirname(folder))]
    for path in shared:
        note(path)
    return all(map(os.path.isfile, shared))


def is_config(document: ConfigDocument) -> bool:
    """Whether a file is a config of OpenMMLab, or a part of one that others inherit."""
    inherits = len(document.files) > 1 or bool(document.missing)
    return inherits or not _OURS.isdisjoint(document.tree) or "_base_" in document.path.split(os.sep)
