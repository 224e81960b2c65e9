"""What is left to do for memory, in one clause: nothing that a config does already, and no hook replaced."""

from __future__ import annotations

from typing import Any, Iterator

from mmfix.config.names import type_name
from mmfix.training.types import TrainingSetup
from mmfix.wording import mark, say

_AMP = mark("mixed precision ({key})")
_STEPS = mark("accumulation ({key})")
_BOTH = "GradientCumulativeFp16OptimizerHook"
#: What each hook of mmcv 1.x leaves to do (``mmcv/runner/hooks/optimizer.py``).
_LEFT = {
    "OptimizerHook": (
        say(_AMP, key="optimizer_config type Fp16OptimizerHook"),
        say(_STEPS, key="GradientCumulativeOptimizerHook"),
    ),
    "Fp16OptimizerHook": (say(_STEPS, key=_BOTH),),
    "GradientCumulativeOptimizerHook": (say(_AMP, key=_BOTH),),
}


def to_save_memory(setup: TrainingSetup) -> str:
    """``a smaller data.samples_per_gpu, mixed precision (...) or accumulation (...)``; may be empty."""
    ways = [*(_mmcv1(setup) if setup.era == "mmcv1" else _mmengine(setup))]
    if len(ways) < 2:
        return "".join(ways)
    return say("{ways} or {last}", ways=", ".join(ways[:-1]), last=ways[-1])


def _mmcv1(setup: TrainingSetup) -> Iterator[str]:
    get = setup.document.get
    sizes = [get((*key, "samples_per_gpu"), None) for key in (("data", "train_dataloader"), ("data",))]
    if next((size for size in sizes if size is not None), None) != 1:
        yield say("a smaller data.samples_per_gpu")
    hook = get(("optimizer_config",), None)
    if get(("fp16",), None) is None and (hook is None or isinstance(hook, dict)):
        name = type_name(hook["type"]) if hook and "type" in hook else "OptimizerHook"
        yield from _LEFT.get(name or "", ())  # one that mmcv does not have may do either: it stays


def _mmengine(setup: TrainingSetup) -> Iterator[str]:
    wrapper: Any = setup.document.get(("optim_wrapper",), None)
    if setup.document.get(("train_dataloader", "batch_size"), None) != 1:
        yield say("a smaller train_dataloader.batch_size")
    if not isinstance(wrapper, dict):
        return
    name = type_name(wrapper.get("type", "OptimWrapper"))
    if name == "OptimWrapper":
        yield say(_AMP, key="optim_wrapper type AmpOptimWrapper")
    if name in ("OptimWrapper", "AmpOptimWrapper") and setup.accumulation.value == 1:
        yield say(_STEPS, key="optim_wrapper.accumulative_counts")
