"""Batches of the config's own dataloader, for ``--data real``."""

from __future__ import annotations

import copy
from typing import Any, Iterator, List

from mmfix.prove.inputs.protocol import NoInputs


def real_batches(config: Any, seed: int = 0) -> Iterator[Any]:
    """Collated batches without end, from the config's ``train_dataloader``.

    Batch size, sampler and collate function stay; the data is loaded in this process. After
    ``mmengine/runner/runner.py: build_dataloader``. The dataloader is built when the first batch is taken: by
    then the process group is there, and each rank gets its own part, as in training.

    Args:
        config: The MMEngine ``Config``; its default scope is active and the packages are imported.
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
    return _endless(settings, seed)


def _endless(settings: Any, seed: int) -> Iterator[Any]:
    from mmengine.runner import Runner

    try:
        loader = Runner.build_dataloader(settings, seed=seed)
    except Exception as error:
        raise NoInputs(
            f"the config's `train_dataloader` cannot be built: {type(error).__name__}: {error}",
            hint="check the paths of its dataset, or leave out `--data real`",
        ) from error
    owners: List[Any] = [loader.sampler, getattr(loader.batch_sampler, "sampler", None)]
    epoch = 0
    while True:
        batches = 0
        for owner in owners:
            if hasattr(owner, "set_epoch"):
                owner.set_epoch(epoch)
        for batch in loader:
            batches += 1
            yield batch
        if not batches:
            raise NoInputs(
                "the config's `train_dataloader` gives no batch",
                hint="its dataset may be smaller than one batch",
            )
        epoch += 1
