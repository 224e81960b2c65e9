"""Which parameters get no gradient: builds models with real torch on CPU and does one training step of each.

    python bench/gradients.py [--iteration N] [--set KEY=VALUE] [--stub MODULE] [--output FILE] CONFIG...

Ground truth for what mmfix reads from source code; `gradients.json` is made of what it found. Each model is treated
in the order of MMEngine's Runner: build (here DDP would be wrapped around it), `init_weights()`, `train()`, custom
hooks, one step with made-up data, backward.
Pretrained weights are never loaded. Prints, and with --output writes, one JSON object, a config path to:

    trainable    how many parameters required a gradient when the model would be wrapped
    unused       the names of those among them that have no gradient after the step
    late_frozen  parameters that stopped requiring one after the wrap, and which step did it:
                 init_weights, train, hook (a custom hook's before_* methods) or forward
    thawed       parameters that started to require one after the wrap
    losses       what the step returned
    hooks        custom hooks that ran ("ok"), or why they could not
    error        the end of the traceback, if the model cannot be built or run here; else null

Install the package of the configs with the Python part of mmcv >= 2; compiled operators are not needed: `mmfix prove`
has stand-ins. It also makes the data for mmdet, mmsegmentation and mmpretrain. `gradients_data.py` adds that for 2D and 3D
recognizers of mmaction2, DEKR and DWPose of mmpose (DWPose's teacher_cfg is relative: run it beside the package's
`configs`), and the BasicVSR and EDVR families of mmagic.

--iteration N  the step to look at: seen by custom hooks and written to a model's `step_counter`
--stub MODULE  pretend that MODULE is installed (say `albumentations`, if the package imports it and the model does not use it)
--set          an override, as in the training script; lists as `[a,b]`
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.machinery
import json
import logging
import sys
import tempfile
import traceback
import types
import warnings
from pathlib import Path
from typing import Any, Dict, List, Set

import numpy as np
import torch
from mmengine.config import Config, DictAction
from mmengine.model import BaseModule, revert_sync_batchnorm
from mmengine.registry import HOOKS, MODELS, init_default_scope

from gradients_data import made_for
from mmfix.prove import ops
from mmfix.prove.inputs.pretrained import without_pretrained

# hooks that only average, save or compress: they do not change what trains
IGNORED_HOOKS = ("EMA", "Compress", "SyncBuffers", "CheckInvalidLoss", "Visualization")
STAGES = ("before_run", "before_train", "before_train_epoch", "before_train_iter")


class Stubs(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Makes `import name` work for modules that are not installed; every attribute is an empty class."""

    def __init__(self, names: List[str]) -> None:
        self.names = names

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Claim the named modules and everything below them."""
        if any(fullname == name or fullname.startswith(name + ".") for name in self.names):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> types.ModuleType:
        """An empty module whose attributes appear on demand."""

        def attribute(name: str) -> type:
            if name.startswith("__"):
                raise AttributeError(name)
            return type(name, (), {"__init__": lambda self, *args, **kwargs: None})

        module = types.ModuleType(spec.name)
        module.__getattr__ = attribute  # type: ignore[method-assign]
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to run."""


def prepare(scope: str) -> None:
    """Register the package's classes; keep it from logging each parameter."""
    if not hasattr(np, "bool8"):
        np.bool8 = np.bool_  # mmagic 1.2 was written for numpy 1
    importlib.import_module(scope + ".utils").register_all_modules(True)
    init_default_scope(scope)
    BaseModule._dump_init_info = lambda self, *args: None
    if scope == "mmpretrain":  # it reads CLIP's shape off a checkpoint: give it a random ViT-B/16
        milan = importlib.import_module("mmpretrain.models.selfsup.milan")
        clip = importlib.import_module("mmpretrain.models.utils.clip_generator_helper").CLIP
        milan._load_checkpoint = lambda *_args, **_kwargs: clip(
            512, 224, 12, 768, 16, 77, 49408, 512, 8, 12
        ).state_dict()


def run_hooks(config: Config, model: Any, iteration: int) -> Dict[str, str]:
    """Call what the custom hooks do before a step, with as much of a runner as most of them need."""
    notes: Dict[str, str] = {}
    runner = types.SimpleNamespace(
        model=model, iter=iteration, epoch=0, max_iters=10**6, max_epochs=1000, world_size=1, cfg=config,
        work_dir=tempfile.gettempdir(), logger=logging.getLogger("gradients"),
    )  # fmt: skip
    for entry in config.get("custom_hooks") or []:
        settings = {key: value for key, value in entry.items() if key != "priority"}
        name = settings["type"] if isinstance(settings["type"], str) else settings["type"].__name__
        if any(word in name for word in IGNORED_HOOKS):
            continue
        try:
            hook = HOOKS.build(settings)
            for stage in STAGES:
                getattr(hook, stage)(runner, *((0, None) if stage == STAGES[-1] else ()))
            notes[name] = "ok"
        except Exception as error:
            notes[name] = repr(error)
    return notes


def trainable(model: Any) -> List[str]:
    """Names of the parameters that require a gradient."""
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


def measure(path: str, overrides: Dict[str, Any], iteration: int) -> Dict[str, Any]:
    """Build the model of a config, do one step, and say what got no gradient (see the top of this file)."""
    torch.manual_seed(0)
    np.random.seed(0)
    config = Config.fromfile(path)
    config.merge_from_dict(overrides)
    scope = config.get("default_scope", "mmengine")
    prepare(scope)
    if config.get("data_preprocessor"):  # mmengine/runner/runner.py: Runner.__init__
        config.model.setdefault("data_preprocessor", config.data_preprocessor)
    without_pretrained(config)
    batch_for = made_for(config)
    model = MODELS.build(config.model)

    wrapped = trainable(model)
    late: Dict[str, str] = {}

    def frozen_by(step: str) -> None:
        now: Set[str] = set(trainable(model))
        late.update({name: step for name in wrapped if name not in now and name not in late})

    model.init_weights()
    frozen_by("init_weights")
    model.train()
    frozen_by("train")
    revert_sync_batchnorm(model)  # SyncBN refuses to train on CPU; the parameters stay the same objects
    hooks = run_hooks(config, model, iteration)
    frozen_by("hook")
    thawed = sorted(set(trainable(model)) - set(wrapped))
    if hasattr(model, "step_counter"):  # mmagic counts steps in a buffer of the model
        model.step_counter.fill_(iteration)

    batch = model.data_preprocessor(batch_for(model), True)
    loss, parts = model.parse_losses(model._run_forward(batch, mode="loss"))
    frozen_by("forward")
    loss.backward()
    parameters = dict(model.named_parameters())
    return {
        "trainable": len(wrapped),
        "unused": [name for name in wrapped if parameters[name].grad is None],
        "late_frozen": late,
        "thawed": thawed,
        "losses": {name: float(value.mean()) for name, value in parts.items()},
        "hooks": hooks,
        "error": None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("configs", nargs="+", metavar="CONFIG")
    parser.add_argument("--iteration", type=int, default=0)
    parser.add_argument("--set", nargs="+", action=DictAction, default={}, dest="overrides")
    parser.add_argument("--stub", action="append", default=[])
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    sys.meta_path.insert(0, Stubs(options.stub))
    ops.install()
    results = {}
    for path in options.configs:
        try:
            results[path] = measure(path, options.overrides, options.iteration)
        except Exception:
            results[path] = {"unused": [], "late_frozen": {}, "error": traceback.format_exc()[-1500:]}
        found = "failed" if results[path]["error"] else f"{len(results[path]['unused'])} unused"
        print(f"{path}: {found}", file=sys.stderr, flush=True)
        if options.output:  # after each config: a later one may run out of memory
            options.output.write_text(json.dumps(results, indent=1))
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
