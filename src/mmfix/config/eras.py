"""The top-level keys that tell a config of mmcv 1.x from one of MMEngine."""

from __future__ import annotations

import ast
from typing import Iterable, Optional

#: Keys that only mmcv 1.x's train APIs read (``mmdet 2.28.2 mmdet/apis/train.py``, ``tools/train.py``).
MMCV1_KEYS = frozenset(
    {
        "data",
        "total_epochs",
        "optimizer_config",
        "lr_config",
        "momentum_config",
        "checkpoint_config",
        "log_config",
        "dist_params",
        "workflow",
        "plugin_dir",
    }
)
#: Keys that only MMEngine's Runner reads (``mmengine/runner/runner.py: Runner.from_cfg``).
MMENGINE_KEYS = frozenset(
    {
        "train_dataloader",
        "val_dataloader",
        "test_dataloader",
        "val_evaluator",
        "optim_wrapper",
        "param_scheduler",
        "default_hooks",
        "env_cfg",
        "visualizer",
        "log_processor",
    }
)


def is_of_mmcv1(names: Iterable[str]) -> Optional[bool]:
    """Whether top-level keys are those of an mmcv 1.x config; None where they say nothing, or both."""
    found = set(names)
    old, new = bool(found & MMCV1_KEYS), bool(found & MMENGINE_KEYS)
    return None if old is new else old


def top_level_names(tree: ast.Module) -> Iterable[str]:
    """The names that a file's own statements assign."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
