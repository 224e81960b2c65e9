"""The MMEngine era: MMEngine's own Runner builds, wraps and trains; only its loop gets another ``run``."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Iterator, List, Tuple

from mmfix.config.assign import set_override
from mmfix.prove.absent import require
from mmfix.prove.job import Job
from mmfix.prove.joining import CannotProve, Place
from mmfix.prove.loop import loop_for, no_data, optimizers_of
from mmfix.prove.prepare import prepare as prepare_config
from mmfix.prove.stage import Rehearsed, Stage
from mmfix.wording import say


def load(job: Job, place: Place) -> Any:
    """The config, with the modules imported that it names.

    Raises:
        CannotProve: MMEngine is not there, or mmcv is one that its packages cannot use.
    """
    try:
        from mmengine.config import Config
        from mmengine.registry import DefaultScope
        from mmengine.utils import import_modules_from_strings
    except ImportError as error:
        raise CannotProve(
            say("this config is for MMEngine, and that cannot be imported: {why}", why=error),
            hint="pip install mmengine",
        ) from error

    # a Runner formats its config four times for logs that nobody sees: a quarter of the time of a small model
    Config.pretty_text = property(lambda config: "")
    if place.on_cpu:
        from mmengine.device import utils

        utils.DEVICE = "cpu"  # not Apple's mps, which gloo does not know
    config = Config.fromfile(job.config)
    for key, value in job.overrides:
        set_override(config, key, value)
    # what an override has added (mmengine/config/config.py: fromfile)
    custom = config.get("custom_imports")
    if custom:
        import_modules_from_strings(**custom)
    scope = config.get("default_scope", "mmengine")
    if scope is not None:  # as mmengine/runner/runner.py: Runner.__init__
        _require_mmcv2(scope)
        DefaultScope.get_instance("mmfix", scope_name=scope)
    for name in _scopes(config):
        require(name)
    return config


def _scopes(config: Any) -> Iterator[str]:
    """Packages that a run imports for their registries: the scopes of the config and of its model."""
    model = config.get("model") or {}
    kind = model.get("type")
    prefix = kind.partition(".")[0] if isinstance(kind, str) and "." in kind else None
    names = (config.get("default_scope"), model.get("_scope_"), prefix)
    yield from (name for name in dict.fromkeys(names) if isinstance(name, str))


def _require_mmcv2(scope: str) -> None:
    """The packages of this era, all but MMEngine itself, need mmcv >= 2 (``mmdet/__init__.py``)."""
    try:
        from mmcv import __version__ as version
    except ImportError:
        return
    if scope != "mmengine" and int(version.split(".")[0]) < 2:
        raise CannotProve(
            say("this config is for MMEngine, and mmcv {version} is installed", version=version),
            hint=say(
                "pip install 'mmcv-lite>=2' and the package of the config in an environment of their own"
            ),
        )


def packages(config: Any) -> Tuple[str, ...]:
    """Whose versions matter."""
    return ("mmengine", "mmcv", str(config.get("default_scope") or ""))


def prepare(config: Any, work_dir: str, job: Job, place: Place) -> List[str]:
    """Change a loaded config in place so that it can run anywhere; what was replaced, one line each."""
    return prepare_config(config, work_dir, job.seed, place.on_cpu)


def build(config: Any, job: Job, place: Place) -> Any:
    """The runner, its model built and wrapped."""
    from mmengine import runner as runners

    if job.runner == "FlexibleRunner":
        return runners._flexible_runner.FlexibleRunner.from_cfg(config)
    return runners.Runner.from_cfg(config)


def train(runner: Any, counters: Any, stage: Callable[[], Stage], replaced: List[str]) -> None:
    """Run the scenarios in the runner's own ``train``.

    Args:
        runner: Of :func:`build`.
        counters: The first instrument; DDP's forward hooks call it.
        stage: Makes the stage once the model is wrapped.
        replaced: Gets a line for each thing that is replaced here.
    """
    loop = loop_for(runner._train_loop, stage)
    if not loop.own:
        replaced.append(say("the training loop, by a plain one: it is not derived from MMEngine's"))
    runner._train_loop = loop.settings
    runner._train_dataloader = no_data()
    with contextlib.suppress(Rehearsed):
        runner.train()


def accumulation(runner: Any) -> int:
    """Steps for one of the optimizer, all but the last under ``no_sync()``."""
    counts: List[int] = [wrapper._accumulative_counts for wrapper in optimizers_of(runner)]
    return max(counts)
