"""One rehearsal in one rank: what the config describes is built with MMEngine, and the scenarios run."""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

from mmfix.prove.groups import keys_of
from mmfix.prove.job import Job
from mmfix.prove.joining import CannotProve, Place

_BATCH = 2
#: Scenarios that need another kind of batch than their name says.
_EMPTY = {"uneven": "empty"}


def rehearse(
    job: Job,
    place: Place,
    work_dir: str,
    progress: Callable[[str], None],
    result: Dict[str, Any],
    keep: Callable[[], None],
) -> None:
    """Build what the config describes and run the scenarios. May be called again, with another ``attempt``.

    Args:
        job: What to rehearse.
        place: Where the ranks have joined.
        work_dir: An empty directory.
        progress: Called with what begins.
        result: Filled as it goes.
        keep: Called after each scenario.

    Raises:
        CannotProve: Something the rehearsal needs is not there.
    """
    _check_era(job)
    from mmfix.prove import ops

    stand_ins = ops.install()
    from mmengine.config import Config
    from mmengine.registry import DefaultScope

    # a Runner formats its config four times for logs that nobody sees: a quarter of the time of a small model
    Config.pretty_text = property(lambda config: "")
    if place.on_cpu:
        from mmengine.device import utils

        utils.DEVICE = "cpu"  # not Apple's mps, which gloo does not know
    progress("load")
    config = Config.fromfile(job.config)
    _override(config, job)
    _import_custom(config)
    from mmfix.prove.counting import Counters
    from mmfix.prove.inputs.pretrained import without_pretrained
    from mmfix.prove.loop import loop_for, no_data
    from mmfix.prove.prepare import prepare
    from mmfix.prove.stage import Parted, Rehearsed, Stage
    from mmfix.prove.wrapping import Wrappers

    result["versions"] = _versions(config)
    scope = config.get("default_scope", "mmengine")
    DefaultScope.get_instance("mmfix", scope_name=scope)
    replaced = prepare(config, work_dir, job.seed, place.on_cpu)
    replaced += without_pretrained(config)
    batches, kinds, more = _batches(config, job)
    replaced += more
    missing = tuple(kind for kind in job.scenarios if kind not in kinds)
    if not kinds:
        raise CannotProve(f"there are no batches for {', '.join(missing)} with this config")
    counters = Counters()
    wrappers = Wrappers(counters, place.on_cpu)
    stages: List[Stage] = []

    def stage() -> Stage:
        if not wrappers.all:
            raise CannotProve("the model was not wrapped by DistributedDataParallel")
        stages.append(Stage(job, kinds, batches, counters, wrappers, progress, place, seen))
        return stages[0]

    def seen() -> None:
        result["replaced"] = (*replaced, *sorted(wrappers.replaced), *_used(stand_ins))
        if stages:
            result["missing"] = missing
            result.update(_seen(stages[0], counters, wrappers, runner, place.backend))
            keep()

    progress("build")
    with wrappers.watching(), counters.watching_checkpoints():
        runner = _runner(config, job)
        loop = loop_for(runner._train_loop, stage)
        if not loop.own:
            replaced.append("the training loop, by a plain one: it is not derived from MMEngine's")
        runner._train_loop = loop.settings
        runner._train_dataloader = no_data(_BATCH)
        try:
            runner.train()
        except Rehearsed:
            pass
        except Parted:
            result["parted"] = True
        finally:
            seen()


def _check_era(job: Job) -> None:
    if job.era == "mmcv1":
        raise CannotProve(
            "this config is for mmcv 1.x, which `mmfix prove` cannot run",
            hint="`mmfix check` and `mmfix patch` know that era",
        )


def _override(config: Any, job: Job) -> None:
    from mmfix.config.assign import set_override

    for key, value in job.overrides:
        set_override(config, key, value)


def _import_custom(config: Any) -> None:
    """What an override has added to ``custom_imports`` (``mmengine/config/config.py: fromfile``)."""
    from mmengine.utils import import_modules_from_strings

    custom = config.get("custom_imports")
    if custom:
        import_modules_from_strings(**custom)


def _batches(
    config: Any, job: Job
) -> Tuple[Callable[[str, int, int], Any], Tuple[str, ...], List[str]]:
    """Where batches come from, the scenarios they allow, and what was replaced for them."""
    from mmfix.prove import inputs

    if job.data == "real":
        from mmfix.prove.inputs.reading import real_batches

        real = real_batches(config)
        return (lambda kind, step, rank: next(real)), ("normal",), []
    maker = inputs.maker_for(config)
    size = job.size or inputs.default_size(config)
    kinds = tuple(kind for kind in job.scenarios if _EMPTY.get(kind, kind) in maker.kinds)
    replaced = [f"data: synthetic batches of {_BATCH}, {size[0]} x {size[1]}", *maker.adapt(config, size)]

    def batch(kind: str, step: int, rank: int) -> Any:
        what = kind if kind != "uneven" else "normal" if rank == 0 else "empty"
        seed = job.seed + 1000 * step + rank
        return maker.batch(inputs.Request(config, what, size, _BATCH, seed))

    return batch, kinds, replaced


def _runner(config: Any, job: Job) -> Any:
    from mmengine import runner as runners

    if job.runner == "FlexibleRunner":
        return runners._flexible_runner.FlexibleRunner.from_cfg(config)
    return runners.Runner.from_cfg(config)


def _used(stand_ins: Tuple[str, ...]) -> List[str]:
    from mmfix.prove import ops

    used = ops.used() if stand_ins else ()
    return [f"compiled ops of mmcv by plain torch: {', '.join(used)}"] if used else []


def _seen(stage: Any, counters: Any, wrappers: Any, runner: Any, backend: str) -> Dict[str, Any]:
    import torch.distributed as dist
    from torch.nn.parallel import DistributedDataParallel

    from mmfix.prove.loop import optimizers_of

    module = getattr(runner.model, "module", runner.model)
    inside = [name for name, child in module.named_modules() if isinstance(child, DistributedDataParallel)]

    def plain(name: str) -> str:
        """Without the ``module`` of a wrapper inside (``MMSeparateDistributedDataParallel``)."""
        own = next((part for part in inside if f"{name}.".startswith(f"{part}.module.")), None)
        return name if own is None else own + name[len(f"{own}.module") :]

    name_of: Dict[Any, str] = {parameter: plain(name) for name, parameter in module.named_parameters()}
    classes = {plain(name): type(child).__name__ for name, child in module.named_modules()}
    ddp = wrappers.all[0].ddp
    return {
        "kinds": stage.kinds,
        "runs": [tuple(run) for run in stage.runs],
        "names": tuple(name_of.get(parameter, "?") for parameter in counters.parameters),
        "classes": classes,
        "keys": keys_of(runner.cfg.model, list(classes)),
        "frozen_by": stage.frozen_by,
        "activation_bytes": stage.activation_bytes,
        "step_seconds": stage.step_seconds,
        "find_unused_parameters": bool(ddp.find_unused_parameters),
        "static_graph": bool(getattr(ddp, "static_graph", False)),
        "accumulation": max(wrapper._accumulative_counts for wrapper in optimizers_of(runner)),
        "world_size": dist.get_world_size(),
        "backend": backend,
        "weights": stage.weights,
    }


def _versions(config: Any) -> Dict[str, str]:
    import importlib

    names = ("torch", "mmengine", "mmcv", *(str(config.get("default_scope") or ""),))
    found: Dict[str, str] = {}
    for name in names:
        module: Optional[Any] = sys.modules.get(name) or (
            importlib.import_module(name) if name in ("torch", "mmengine") else None
        )
        if module is not None and hasattr(module, "__version__"):
            found[name] = str(module.__version__)
    return found
