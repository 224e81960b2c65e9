"""One rehearsal in one rank: what the config describes is built by its framework, and the scenarios run."""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from mmfix.errors import MmfixError
from mmfix.prove.groups import keys_of
from mmfix.prove.job import BATCH, ONLY_BUILT, Job
from mmfix.prove.joining import CannotProve, Place
from mmfix.wording import say

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
    from mmfix.prove import ops

    stand_ins = ops.install()
    from mmfix.prove.counting import Counters
    from mmfix.prove.inputs.pretrained import without_pretrained
    from mmfix.prove.no_cuda import built_on_cpu, cuda_is_cpu
    from mmfix.prove.stage import Parted, Stage
    from mmfix.prove.wrapping import Wrappers

    era: Any = importlib.import_module(f"mmfix.prove.era_{job.era}")
    progress("load")
    config = era.load(job, place)
    result["versions"] = _versions(era.packages(config))
    replaced = era.prepare(config, work_dir, job, place)
    replaced += without_pretrained(config)
    batches, missing, nothing = _or_why_not(config, job, replaced)
    kinds = tuple(kind for kind in job.scenarios if kind not in missing)
    counters = Counters()
    wrappers = Wrappers(counters, place.on_cpu)
    stages: List[Stage] = []

    def stage() -> Stage:
        if nothing is not None:
            note_order()
            raise nothing
        if not wrappers.all:
            raise CannotProve(say("the model was not wrapped by DistributedDataParallel"))
        note_order()
        keep()  # whatever becomes of the first step
        stages.append(Stage(job, kinds, batches, counters, wrappers, progress, place, seen))
        return stages[0]

    def note_order() -> None:
        if runner is not None:
            result["order"] = wrappers.order(runner.model)
        elif wrappers.all and config.get("model_wrapper_cfg") is None:  # it is the whole model then
            result["order"] = wrappers.order(wrappers.all[0].ddp)

    def seen() -> None:
        note_order()
        result["replaced"] = (*replaced, *sorted(wrappers.replaced), *_used(stand_ins))
        if stages:
            result["missing"] = missing
            steps = era.accumulation(runner)
            result.update(_seen(stages[0], counters, wrappers, runner.model, config.model, steps))
            result["backend"] = place.backend
            # MMEngine's wrappers go through it (mmengine/model/wrappers/distributed.py: train_step)
            result["bypasses_forward"] = job.settings is not None and job.settings.bypasses_forward
            keep()

    progress("build")
    runner: Any = None
    cpu, by_cpu = place.on_cpu, wrappers.replaced
    with wrappers.watching(), counters.watching_checkpoints(), cuda_is_cpu(cpu, by_cpu):
        try:
            with built_on_cpu(cpu, by_cpu):
                runner = era.build(config, job, place)
        finally:
            note_order()
        if nothing is not None and result["order"]:
            raise nothing
        try:
            era.train(runner, counters, stage, replaced)
        except Parted:
            result["parted"] = True
        finally:
            seen()


def _or_why_not(
    config: Any, job: Job, replaced: List[str]
) -> Tuple[Callable[[str, int, int], Any], Tuple[str, ...], Optional[MmfixError]]:
    """Where batches come from, the scenarios that they do not allow, and why there are none at all.

    Without batches the model is built and wrapped all the same: the order of its parameters needs none.
    """
    if not job.steps:
        return _no_batch, job.scenarios, CannotProve(ONLY_BUILT)
    try:
        batches, kinds, more = _batches(config, job)
    except MmfixError as error:
        return _no_batch, job.scenarios, error
    replaced += more
    missing = tuple(kind for kind in job.scenarios if kind not in kinds)
    if not kinds:
        why = say("there are no batches for {scenarios} with this config", scenarios=", ".join(missing))
        return batches, missing, CannotProve(why)
    return batches, missing, None


def _no_batch(kind: str, step: int, rank: int) -> Any:
    raise AssertionError("a step without batches")


def _batches(config: Any, job: Job) -> Tuple[Callable[[str, int, int], Any], Tuple[str, ...], List[str]]:
    """Where batches come from, the scenarios they allow, and what was replaced for them."""
    from mmfix.prove import inputs

    if job.data == "real":
        from mmfix.prove.inputs.reading import real_batches

        real = real_batches(config)
        return (lambda kind, step, rank: next(real)), ("normal",), []
    maker = inputs.maker_for(config)
    with _blaming(maker):
        size = job.size or _checked(maker.size(config))
        kinds = tuple(kind for kind in job.scenarios if _EMPTY.get(kind, kind) in maker.kinds)
        replaced = [
            say(
                "data: synthetic batches of {count}, {height} x {width}",
                count=BATCH,
                height=size[0],
                width=size[1],
            ),
            *maker.adapt(config, size),
        ]

    def batch(kind: str, step: int, rank: int) -> Any:
        what = kind if kind != "uneven" else "normal" if rank == 0 else "empty"
        seed = job.seed + 1000 * step + rank
        with _blaming(maker):
            made = maker.batch(inputs.Request(config, what, size, BATCH, seed))
            if not isinstance(made, (Mapping, list, tuple)):
                raise TypeError(say("a batch is a dict or a list, not {type}", type=type(made).__name__))
        return made

    return batch, kinds, replaced


def _checked(size: Any) -> Tuple[int, int]:
    """What a maker has given as height and width."""
    if not isinstance(size, (list, tuple)) or [type(number) for number in size] != [int, int]:
        raise TypeError(say("size gives two whole numbers, height and width, not {size!r:.60}", size=size))
    height, width = size
    return height, width


@contextmanager
def _blaming(maker: Any) -> Iterator[None]:
    """What goes wrong in an input maker is said to."""
    try:
        yield
    except MmfixError:
        raise
    except Exception as error:
        name = f"{type(maker).__module__}.{type(maker).__name__}"
        text = (str(error).strip().splitlines() or [""])[0]
        raise CannotProve(
            say(
                "the input maker {maker} failed: {error}: {text}",
                maker=name,
                error=type(error).__name__,
                text=text,
            )
        ) from error


def _used(stand_ins: Tuple[str, ...]) -> List[str]:
    from mmfix.prove import ops

    used = ops.used() if stand_ins else ()
    return (
        [say("compiled ops of mmcv by plain torch: {operators}", operators=", ".join(used))] if used else []
    )


def _seen(
    stage: Any, counters: Any, wrappers: Any, model: Any, settings: Any, accumulation: int
) -> Dict[str, Any]:
    import torch.distributed as dist
    from torch.nn.parallel import DistributedDataParallel

    module = getattr(model, "module", model)
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
        "names": wrappers.order(model) or tuple(name_of.get(each, "?") for each in counters.parameters),
        "classes": classes,
        "keys": keys_of(settings, list(classes)),
        "frozen_by": stage.frozen_by,
        "activation_bytes": stage.activation_bytes,
        "step_seconds": stage.step_seconds,
        "find_unused_parameters": bool(ddp.find_unused_parameters),
        "static_graph": bool(getattr(ddp, "static_graph", False)),
        "accumulation": accumulation,
        "world_size": dist.get_world_size(),
        "weights": stage.weights,
    }


def _versions(packages: Sequence[str]) -> Dict[str, str]:
    found = {name: sys.modules[name] for name in ("torch", *packages) if name in sys.modules}
    return {name: str(each.__version__) for name, each in found.items() if hasattr(each, "__version__")}
