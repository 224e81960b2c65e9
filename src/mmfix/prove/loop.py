"""The training loop of a rehearsal: the config's own loop, with scenarios in the place of the dataset."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from torch.utils.data import DataLoader, Dataset

from mmfix.prove.job import BATCH
from mmfix.prove.stage import Rehearsed, Stage


class Noop(Dataset):  # type: ignore[type-arg]
    """Stands in for the dataset: schedules and hooks only ask for its length and about its classes.

    Attributes:
        metainfo: In MMEngine.
        CLASSES: In mmcv 1.x; None: not known.
    """

    metainfo: Dict[str, Any] = {}  # noqa: RUF012
    CLASSES = None

    def __len__(self) -> int:
        return 2000

    def __getitem__(self, index: int) -> int:
        return index


def no_data() -> DataLoader[int]:
    """A loader over :class:`Noop`."""
    return DataLoader(Noop(), batch_size=BATCH)


class Prepared(NamedTuple):
    """The loop to give to the runner, and whether it is the config's own."""

    settings: Dict[str, Any]
    own: bool


def loop_for(train_cfg: Dict[str, Any], stage: Callable[[], Stage]) -> Prepared:
    """The config's own training loop, its ``run`` replaced by the scenarios.

    Order of calls as in ``mmengine/runner/loops.py: EpochBasedTrainLoop.run``.

    Args:
        train_cfg: The config's ``train_cfg``.
        stage: Makes the stage once the model is wrapped.
    """
    from mmengine.model import BaseModel, MMDistributedDataParallel
    from mmengine.registry import LOOPS
    from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop

    settings = dict(train_cfg)
    named = settings.pop("type", None)
    by_epoch = settings.pop("by_epoch", True)
    base = (LOOPS.get(named) if isinstance(named, str) else named) if named else None
    known_loops = (EpochBasedTrainLoop, IterBasedTrainLoop)
    own = base is None or (inspect.isclass(base) and issubclass(base, known_loops))
    if base is None or not own:
        base = EpochBasedTrainLoop if by_epoch and "max_iters" not in settings else IterBasedTrainLoop
        known = inspect.signature(base.__init__).parameters
        settings = {key: value for key, value in settings.items() if key in known}
    for_each_epoch = issubclass(base, EpochBasedTrainLoop)

    def run(loop: Any) -> None:
        runner, play = loop.runner, stage()
        play.note_frozen("init_weights")
        runner.call_hook("before_train")
        runner.call_hook("before_train_epoch")
        play.note_frozen("hook")
        runner.model.train()
        play.note_frozen("train")

        def step(batch: Any, reduces: bool) -> None:
            if not for_each_epoch:
                runner.model.train()
            for wrapper in optimizers_of(runner) if reduces else ():
                # mmengine/optim/optimizer/optimizer_wrapper.py: should_sync
                wrapper._inner_count += -(wrapper._inner_count + 1) % wrapper._accumulative_counts
            arguments: Tuple[Any, ...] = (loop.iter, batch) if for_each_epoch else (batch,)
            loop.run_iter(*arguments)

        def bare(batch: Any) -> None:
            # the wrapper of the whole model does not ask the model's own train_step
            # (mmengine/model/wrappers/distributed.py: train_step), the one of its parts does
            whole = isinstance(runner.model, MMDistributedDataParallel)
            of_model = BaseModel.train_step if whole else type(module).train_step
            of_model(module, batch, optim_wrapper=runner.optim_wrapper)

        module = getattr(runner.model, "module", runner.model)
        play.perform(step, bare, module)
        raise Rehearsed

    return Prepared({"type": type("RehearsalLoop", (base,), {"run": run}), **settings}, own)


def optimizers_of(runner: Any) -> List[Any]:
    """The optimizer wrappers of a runner: one, or those of an ``OptimWrapperDict``."""
    return list(getattr(runner.optim_wrapper, "optim_wrappers", {"": runner.optim_wrapper}).values())
