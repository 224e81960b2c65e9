"""Batches of the config's own dataloader, for ``--data real``."""

from __future__ import annotations

import copy
import importlib
from typing import Any, Callable, Iterator, List

from mmfix.prove.inputs.protocol import NoInputs
from mmfix.prove.inputs.settings import is_mmcv1
from mmfix.wording import say


def real_batches(config: Any, seed: int = 0) -> Iterator[Any]:
    """Collated batches without end, from the config's ``train_dataloader`` (mmcv 1.x: ``data.train``).

    Batch size, sampler and collate function stay; the data is loaded in this process. After
    ``mmengine/runner/runner.py: build_dataloader``.

    Args:
        config: The ``Config`` as its framework loaded it; MMEngine's default scope is active, and the process
            group is there, so that each rank gets its own part, as in training.
        seed: For the sampler, the same on all ranks.

    Raises:
        NoInputs: There is no dataloader, it cannot be built, or it has no batch; the cause is attached.
    """
    if is_mmcv1(config):
        return _endless(_build(lambda: _of_mmcv1(config, seed), "data.train", "data.train"))
    settings = config.get("train_dataloader")
    if not settings:
        raise NoInputs(say("the config has no `train_dataloader`"), hint=say("leave out `--data real`"))
    settings = copy.deepcopy(settings)
    settings["num_workers"] = 0
    for key in ("persistent_workers", "prefetch_factor", "timeout"):  # torch refuses them without workers
        settings.pop(key, None)

    def of_mmengine() -> Any:
        from mmengine.runner import Runner

        return Runner.build_dataloader(settings, seed=seed)

    return _endless(_build(of_mmengine, "train_dataloader", "train_dataloader.dataset"))


def _of_mmcv1(config: Any, seed: int) -> Any:
    """As the package's own training API. ``mmdet/apis/train.py: train_detector``, ``mmseg/apis/train.py``"""
    from mmfix.prove.mmcv1_packages import package_of

    datasets = importlib.import_module(f"{package_of(config.model.type).name}.datasets")
    own = config.data.get("train_dataloader", {})
    return datasets.build_dataloader(
        datasets.build_dataset(config.data.train),
        samples_per_gpu=own.get("samples_per_gpu") or config.data.get("samples_per_gpu", 2),
        workers_per_gpu=0,
        dist=True,
        seed=seed,
        persistent_workers=False,
    )


def _build(build: Callable[[], Any], key: str, dataset: str) -> Any:
    try:
        loader = build()
    except FileNotFoundError as error:
        raise NoInputs(
            say("the training data is not there: {file}", file=error.filename or error),
            hint=say(
                "check `data_root` and the other paths of `{dataset}` (from the working directory), or "
                "leave out `--data real`",
                dataset=dataset,
            ),
        ) from error
    except Exception as error:
        raise NoInputs(
            say(
                "the config's `{key}` cannot be built: {error}: {text}",
                key=key,
                error=type(error).__name__,
                text=_line(error),
            ),
            hint=say("fix its settings, or leave out `--data real`"),
        ) from error
    if not len(loader):
        raise NoInputs(
            say("the config's `{key}` gives no batch", key=key),
            hint=say("its dataset is smaller than one batch: is everything filtered out?"),
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
