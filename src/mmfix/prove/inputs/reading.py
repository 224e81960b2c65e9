"""Batches of the config's own dataloader, for ``--data real``."""

from __future__ import annotations

import copy
from typing import Any, Iterator, List

from mmfix.prove.inputs.protocol import NoInputs


def real_batches(config: Any, seed: int = 0) -> Iterator[Any]:
    """Collated batches without end, from the config's ``train_dataloader``.

    Batch size, sampler and collate function stay; the data is loaded in this process. After
    ``mmengine/runner/runner.py: build_dataloader``.

    Args:
        config: The MMEngine ``Config``; its default scope is active, and the process group is there, so that
            each rank gets its own part, as in training.
        seed: For the sampler, the same on all ranks.

    Raises:
        NoInputs: There is no dataloader, it cannot be built, or it has no batch; the cause is attached.
    """
    settings = config.get("train_dataloader")
    if not settings:
        raise NoInputs("the config has no `train_dataloader`", hint="leave out `--data real`")
    settings = copy.deepcopy(settings)
    settings["num_workers"] = 0
    for key in ("persistent_workers", "prefetch_factor", "timeout"):  # torch refuses them without workers
        settings.pop(key, None)
    return _endless(_build(settings, seed))


def _build(settings: Any, seed: int) -> Any:
    from mmengine.runner import Runner

    try:
        loader = Runner.build_dataloader(settings, seed=seed)
    except FileNotFoundError as error:
        raise NoInputs(
            f"the training data is not there: {error.filename or error}",
            hint="check `data_root` and the other paths of `train_dataloader.dataset` (from the working "
            "directory), or leave out `--data real`",
        ) from error
    except Exception as error:
        raise NoInputs(
            f"the config's `train_dataloader` cannot be built: {type(error).__name__}: {_line(error)}",
            hint="fix its settings, or leave out `--data real`",
        ) from error
    if not len(loader):
        raise NoInputs(
            "the config's `train_dataloader` gives no batch",
            hint="its dataset is smaller than one batch: is everything filtered out?",
        )
    return loader


def _line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


def _endless(loader: Any) -> Iterator[Any]:
    owners: List[Any] = [loader.sampler, getattr(loader.batch_sampler, "sampler", None)]
    epoch = 0
    while True:
        for owner in owners:
            if hasattr(owner, "set_epoch"):
                owner.set_epoch(epoch)
        yield from loader
        epoch += 1
