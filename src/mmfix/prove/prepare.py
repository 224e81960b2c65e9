"""What a rehearsal replaces in a config, and says that it did."""

from __future__ import annotations

import os
from typing import Any, Dict, List

from mmfix.wording import say

#: Keys of validation and testing: a rehearsal does neither.
_NOT_TRAINING = (
    *("val_cfg", "val_dataloader", "val_evaluator"),
    *("test_cfg", "test_dataloader", "test_evaluator"),
)
#: Default hooks that write files: a runner has the first two unless they are None
#: (``mmengine/runner/runner.py: register_default_hooks``), and others if the config names them.
_WRITING, _DRAWING = ("checkpoint", "logger"), ("visualization", "visualizer")


def prepare(config: Any, work_dir: str, seed: int, on_cpu: bool) -> List[str]:
    """Change a loaded config in place so that it can run anywhere, on made-up data, without leaving traces.

    Args:
        config: An ``mmengine.Config``.
        work_dir: A temporary directory.
        seed: For the weights, where the config sets none.
        on_cpu: No GPU is used.

    Returns:
        What was replaced, one line each; what has no part in a training step goes without saying.
    """
    replaced: List[str] = []
    config.work_dir = work_dir
    config.experiment_name = os.path.basename(work_dir)  # loggers and visualizers are kept by this name
    config.launcher = "pytorch"
    config.resume = False
    for key in _NOT_TRAINING:
        if config.get(key) is not None:
            config[key] = None
    hooks = {name: hook for name, hook in (config.get("default_hooks") or {}).items() if name not in _DRAWING}
    config.default_hooks = {**hooks, **dict.fromkeys(_WRITING)}
    config.visualizer = None
    config.log_level = "ERROR"
    randomness = dict(config.get("randomness") or {})
    if randomness.get("seed") is None:
        randomness["seed"] = seed
    config.randomness = randomness
    environment = dict(config.get("env_cfg") or {})
    backend = dict(environment.get("dist_cfg") or {})
    if on_cpu:
        backend["backend"] = "gloo"
    environment["dist_cfg"] = backend
    config.env_cfg = environment
    if on_cpu:
        replaced += _without_amp(config)
    return replaced


def _without_amp(config: Any) -> List[str]:
    """Mixed precision needs a GPU (``mmengine/optim/optimizer/amp_optimizer_wrapper.py``)."""
    wrapper: Dict[str, Any] = config.get("optim_wrapper") or {}
    inner = (value for value in wrapper.values() if isinstance(value, dict) and "optimizer" in value)
    changed = [_to_full_precision(each) for each in (wrapper, *inner)]  # those of an OptimWrapperDict, too
    if not any(changed):
        return []
    return [
        say("AmpOptimWrapper by OptimWrapper: mixed precision needs a GPU, and changes no gradient's path")
    ]


def _to_full_precision(wrapper: Dict[str, Any]) -> bool:
    name = wrapper.get("type", "")
    if "AmpOptimWrapper" not in (name if isinstance(name, str) else getattr(name, "__name__", "")):
        return False
    wrapper["type"] = "OptimWrapper"
    for key in ("loss_scale", "dtype", "use_fsdp"):
        wrapper.pop(key, None)
    return True
