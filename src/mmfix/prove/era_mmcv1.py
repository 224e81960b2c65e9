"""The mmcv 1.x era: the package's model, mmcv's DDP class, and mmcv's runner with its hooks.

In the order of ``tools/train.py`` and ``mmdet/apis/train.py: train_detector`` (2.28.2), which is that of
``mmseg/apis/train.py: train_segmentor`` (0.30.0), too. Imports no MMEngine.
"""

from __future__ import annotations

import importlib
import logging
import os
import random
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from mmfix.openmmlab import Package
from mmfix.prove.job import Job
from mmfix.prove.joining import CannotProve, Place
from mmfix.prove.loop import no_data
from mmfix.prove.mmcv1_packages import builder_of, package_of, require_mmcv1, stand_in_for_torchvision
from mmfix.prove.stage import Stage
from mmfix.wording import say

#: Optimizer hooks of mixed precision, and their like without. ``mmcv/runner/hooks/optimizer.py``
_HALF = {
    "Fp16OptimizerHook": "OptimizerHook",
    "GradientCumulativeFp16OptimizerHook": "GradientCumulativeOptimizerHook",
}
_SCALING = ("loss_scale", "coalesce", "bucket_size_mb", "distributed")


def load(job: Job, place: Place) -> Any:
    """The config, with the modules imported that it names.

    Raises:
        CannotProve: There is no mmcv 1.x, or the training script is not one that can be stood in for.
    """
    require_mmcv1()
    stand_in_for_torchvision()
    if job.settings is None or not job.settings.bypasses_forward:
        raise CannotProve(
            say("the repository's training script has a loop of its own, which mmfix cannot run")
        )
    from mmcv import Config
    from mmcv.utils import import_modules_from_strings

    from mmfix.config.assign import set_override

    config = Config.fromfile(job.config)
    for key, value in job.overrides:
        set_override(config, key, value)
    if config.get("custom_imports"):
        import_modules_from_strings(**config["custom_imports"])
    _import_plugin(config)
    return config


def _import_plugin(config: Any) -> None:
    """What scripts derived from mmdet3d import: the package at ``plugin_dir``, in the repository's root."""
    if not config.get("plugin"):
        return
    folder = Path(config.get("plugin_dir") or os.path.dirname(config.filename))
    name = ".".join(Path(os.path.dirname(f"{folder}/")).parts)
    roots = [Path.cwd(), *Path(config.filename).resolve().parents]
    root = next((str(root) for root in roots if (root / folder).is_dir()), None)
    if root is None:
        raise CannotProve(
            say("the config's plugin_dir {folder} is not there", folder=folder),
            hint=say("run in the root of its repository"),
        )
    if root not in sys.path:
        sys.path.insert(0, root)
    importlib.import_module(name)


def packages(config: Any) -> Tuple[str, ...]:
    """Whose versions matter.

    Raises:
        CannotProve: No package has the config's model.
    """
    return ("mmcv", package_of(config.model.type).name)


def prepare(config: Any, work_dir: str, job: Job, place: Place) -> List[str]:
    """Change a loaded config in place so that it can run anywhere; what was replaced, one line each."""
    replaced = []
    if stand_in_for_torchvision():
        replaced.append(
            say("torchvision, by an empty module: it cannot be imported, and serves weights only")
        )
    given = job.settings
    assert given is not None
    found = f"find_unused_parameters={given.find_unused_parameters}"
    if given.static_graph:
        found = say("{settings}, static graph on", settings=found)
    replaced.append(
        say(
            "the training script, by the steps of mmdet 2.x's; as `mmfix check` reads it: {settings}",
            settings=found,
        )
    )
    optimizer = config.get("optimizer_config")
    if place.on_cpu and (config.get("fp16") or (optimizer or {}).get("type") in _HALF):
        config.fp16 = None
        if optimizer:
            kept = {key: value for key, value in optimizer.items() if key not in _SCALING}
            kept["type"] = _HALF.get(kept.get("type", ""), "OptimizerHook")
            config.optimizer_config = kept
        replaced.append(say("mixed precision: it needs a GPU, and changes no gradient's path"))
    config.work_dir = work_dir
    return replaced


def build(config: Any, job: Job, place: Place) -> Any:
    """The runner, with the model built, initialised and wrapped, in this order."""
    from mmcv.parallel import MMDistributedDataParallel
    from mmcv.runner import build_optimizer, build_runner
    from mmcv.utils import get_logger

    assert job.settings is not None
    seed = job.seed if config.get("seed") is None else config.seed
    _seed(seed)
    # the first logger there is gets a line for each parameter (mmcv/runner/base_module.py: init_weights)
    logger = get_logger("mmfix", log_level=logging.ERROR)
    package = package_of(config.model.type)
    importlib.import_module(f"{package.name}.apis")  # training scripts do, and it registers hooks
    model = _model(config, package)
    model.init_weights()
    if not place.on_cpu:
        model = model.cuda()
    device = [] if place.on_cpu else [int(os.environ["LOCAL_RANK"])]
    arguments: Dict[str, Any] = {"find_unused_parameters": job.settings.find_unused_parameters}
    if job.settings.static_graph:
        arguments["static_graph"] = True
    ddp = MMDistributedDataParallel(model, device_ids=device or None, broadcast_buffers=False, **arguments)
    defaults = {
        "model": ddp,
        "optimizer": build_optimizer(ddp, config.optimizer),
        "work_dir": config.work_dir,
        "logger": logger,
        "meta": {"seed": seed},
    }
    runner = build_runner(_runner_config(config), default_args=defaults)
    _register_hooks(runner, config)
    return runner


def _model(config: Any, package: Package) -> Any:
    builder = builder_of(package)
    build: Callable[..., Any] = getattr(importlib.import_module(f"{package.name}.models"), builder.function)
    if not builder.takes_cfgs:
        return build(config.model)
    return build(config.model, train_cfg=config.get("train_cfg"), test_cfg=config.get("test_cfg"))


def _runner_config(config: Any) -> Dict[str, Any]:
    """``runner``, or what older configs have for it. ``mmdet/utils/compat_config.py: compat_runner_args``"""
    if config.get("runner"):
        return dict(config.runner)
    if config.get("total_iters"):
        return {"type": "IterBasedRunner", "max_iters": config.total_iters}
    return {"type": "EpochBasedRunner", "max_epochs": config.get("total_epochs", 12)}


def _register_hooks(runner: Any, config: Any) -> None:
    """As ``mmdet/apis/train.py: train_detector``, without those that write, and without evaluation."""
    from mmcv.runner import Fp16OptimizerHook, OptimizerHook
    from mmcv.runner.hooks import HOOKS
    from mmcv.utils import build_from_cfg

    optimizer = config.get("optimizer_config") or {}
    if config.get("fp16"):
        optimizer = Fp16OptimizerHook(**optimizer, **config.fp16, distributed=True)
    elif "type" not in optimizer:
        optimizer = OptimizerHook(**optimizer)
    runner.register_training_hooks(
        config.get("lr_config"), optimizer, momentum_config=config.get("momentum_config")
    )
    for each in config.get("custom_hooks") or ():
        settings = dict(each)
        priority = settings.pop("priority", "NORMAL")
        runner.register_hook(build_from_cfg(settings, HOOKS), priority=priority)


def train(runner: Any, counters: Any, stage: Callable[[], Stage], replaced: List[str]) -> None:
    """Run the scenarios in the order of ``mmcv/runner/epoch_based_runner.py`` or ``iter_based_runner.py``.

    Every micro-batch of an accumulation is reduced: nothing in mmcv 1.x enters ``no_sync()``.

    Args:
        runner: Of :func:`build`.
        counters: The first instrument.
        stage: Makes the stage.
        replaced: Gets a line for each thing that is replaced here.
    """
    from mmcv.runner import Hook, IterBasedRunner, OptimizerHook
    from mmcv.runner.iter_based_runner import IterLoader

    class Outputs(Hook):  # type: ignore[misc]
        """What DDP has walked: its ``train_step`` runs no forward hooks."""

        def after_train_iter(self, runner: Any) -> None:
            counters.after_forward(runner.model, (), runner.outputs)

    class Batches(IterLoader):  # type: ignore[misc]
        """Gives the batch that it was told."""

        batch: Any = None

        def __next__(self) -> Any:
            return self.batch

    runner.register_hook(Outputs(), priority="HIGHEST")
    by_iteration = isinstance(runner, IterBasedRunner)
    data = no_data()
    loader = Batches(data)
    runner.data_loader = loader if by_iteration else data
    if not by_iteration:
        runner._max_iters = runner._max_epochs * len(data)
    runner.mode = "train"
    play = stage()
    runner.call_hook("before_run")
    if by_iteration:
        runner.call_hook("before_epoch")
    play.note_frozen("hook")
    runner.model.train()
    play.note_frozen("train")
    if not by_iteration:
        runner.call_hook("before_train_epoch")
        play.note_frozen("hook")
    on_cpu = not runner.model.device_ids
    module = runner.model.module

    def step(batch: Any, reduces: bool) -> None:
        batch = unpacked(batch) if on_cpu else batch
        if by_iteration:
            loader.batch = batch
            runner.train(loader)
            return
        runner.data_batch, runner._inner_iter = batch, runner._iter
        runner.call_hook("before_train_iter")
        runner.run_iter(batch, train_mode=True)
        runner.call_hook("after_train_iter")
        runner._iter += 1

    def bare(batch: Any) -> None:
        if on_cpu:
            given: Tuple[Any, ...] = (unpacked(batch),)
        else:
            given = runner.model.scatter((batch,), {}, runner.model.device_ids)[0][0]
        runner.outputs = module.train_step(*given, runner.optimizer)
        for hook in runner.hooks:
            if isinstance(hook, OptimizerHook):
                hook.after_train_iter(runner)

    play.perform(step, bare, module)


def accumulation(runner: Any) -> int:
    """Steps under ``no_sync()`` for one of the optimizer: always one."""
    return 1


def unpacked(batch: Any) -> Any:
    """What a device gets of a batch: the first part of each ``DataContainer``.

    On a CPU, mmcv's DDP scatters nothing (``mmcv/parallel/distributed.py: train_step``).
    """
    from mmcv.parallel import DataContainer

    if isinstance(batch, DataContainer):
        return batch.data[0]
    if isinstance(batch, dict):
        return {key: unpacked(value) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(unpacked(value) for value in batch)
    return batch


def _seed(seed: int) -> None:
    """``mmdet/apis/train.py: set_random_seed``."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
