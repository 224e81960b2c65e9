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

Install the package of the configs with the Python part of mmcv >= 2 (`mmcv`, not `mmcv-lite`; compiled operators are not
needed: simple stand-ins with the same inputs take their place). Data is made for detectors of mmdet, segmentors of
mmsegmentation, everything of mmpretrain (through the config's own pipeline), 2D and 3D recognizers of mmaction2, DEKR and
DWPose of mmpose (DWPose's teacher_cfg is relative: run it beside the package's `configs`), and the BasicVSR and EDVR
families of mmagic.

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
from typing import Any, Callable, Dict, List, Set

import numpy as np
import torch
import torch.nn.functional as F
from gradients_data import MAKERS
from mmengine.config import Config, DictAction
from mmengine.model import BaseModule, revert_sync_batchnorm
from mmengine.model.weight_init import PretrainedInit
from mmengine.registry import HOOKS, MODELS, init_default_scope

# hooks that only average, save or compress: they do not change what trains
IGNORED_HOOKS = ("EMA", "Compress", "SyncBuffers", "CheckInvalidLoss", "Visualization")
PRETRAINED = (
    "pretrained",
    "checkpoint",
    "teacher_pretrained",
    "spynet_pretrained",
    "edvr_pretrained",
    "teacher_ckpt",
)
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


# --- operators without a compiler -----------------------------------------------------------------------------------


def nms(boxes: Any, scores: Any, iou_threshold: float, offset: int = 0) -> Any:
    """Indices of the boxes that no better one covers."""
    order, keep = scores.argsort(descending=True), []
    area = (boxes[:, 2] - boxes[:, 0] + offset) * (boxes[:, 3] - boxes[:, 1] + offset)
    while order.numel():
        best, rest = order[0], order[1:]
        keep.append(best)
        low, high = torch.max(boxes[best, :2], boxes[rest, :2]), torch.min(boxes[best, 2:4], boxes[rest, 2:4])
        common = (high - low + offset).clamp(min=0).prod(dim=1)
        order = rest[common / (area[best] + area[rest] - common + 1e-9) <= iou_threshold]
    return torch.stack(keep) if keep else order


def roi_align(
    input: Any, rois: Any, output_size: Any, spatial_scale: float = 1.0, *_args: Any, **_kwargs: Any
) -> Any:
    """One bilinear sample a bin: other numbers than the operator's, the same dependencies."""
    rows, columns = (output_size, output_size) if isinstance(output_size, int) else output_size
    height, width = input.shape[-2:]
    out = input.new_zeros(len(rois), input.size(1), rows, columns) + 0 * input.sum()
    for index in range(input.size(0)):
        chosen = (rois[:, 0] == index).nonzero()[:, 0]
        if not len(chosen):
            continue
        x1, y1, x2, y2 = (rois[chosen, 1:5] * spatial_scale).T[..., None]
        y = (y1 + (y2 - y1) * (torch.arange(rows) + 0.5) / rows) / height * 2 - 1
        x = (x1 + (x2 - x1) * (torch.arange(columns) + 0.5) / columns) / width * 2 - 1
        grid = torch.stack(
            [x[:, None, :].expand(-1, rows, -1), y[:, :, None].expand(-1, -1, columns)], dim=-1
        )
        found = F.grid_sample(input[index : index + 1], grid.reshape(1, -1, columns, 2), align_corners=False)
        out = out.index_put((chosen,), found[0].reshape(-1, len(chosen), rows, columns).transpose(0, 1))
    return out


def deform_conv2d(
    input: Any,
    offset: Any,
    weight: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *_args: Any,
) -> Any:
    """A plain convolution that depends on the offsets, too."""
    return F.conv2d(input, weight, None, stride, padding, dilation, groups) + 0 * offset.sum()


def modulated_deform_conv2d(
    input: Any, offset: Any, mask: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1, *_args: Any,
) -> Any:  # fmt: skip
    """A plain convolution that depends on the offsets and the mask, too."""
    return F.conv2d(input, weight, bias, stride, padding, dilation, groups) + 0 * (offset.sum() + mask.sum())


def deform_roi_pool(
    input: Any, rois: Any, offset: Any, output_size: Any, spatial_scale: float = 1.0, *_args: Any
) -> Any:
    """:func:`roi_align`, and a dependence on the offsets."""
    pooled = roi_align(input, rois, output_size, spatial_scale)
    return pooled if offset is None else pooled + 0 * offset.sum()


def carafe(features: Any, masks: Any, _kernel_size: int, _group_size: int, scale_factor: int) -> Any:
    """Plain upsampling that depends on the masks, too."""
    return F.interpolate(features, scale_factor=scale_factor) + 0 * masks.sum()


def replace_operators() -> None:
    """Put the stand-ins above in place of mmcv's compiled operators; the others raise when called."""

    def missing(name: str) -> Callable:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*_args: Any, **_kwargs: Any) -> None:
            raise NotImplementedError(f"mmcv._ext.{name} has no stand-in")

        return call

    extension = types.ModuleType("mmcv._ext")
    extension.__spec__ = importlib.machinery.ModuleSpec("mmcv._ext", None)
    extension.__getattr__ = missing  # type: ignore[method-assign]
    extension.nms = nms  # type: ignore[attr-defined]
    sys.modules["mmcv._ext"] = extension
    package = importlib.import_module("mmcv.ops")
    for module, function in {
        "roi_align": roi_align,
        "deform_conv": deform_conv2d,
        "modulated_deform_conv": modulated_deform_conv2d,
        "deform_roi_pool": deform_roi_pool,
        "carafe": carafe,
    }.items():
        setattr(importlib.import_module("mmcv.ops." + module), function.__name__, function)
        setattr(package, function.__name__, function)


# --- the model ------------------------------------------------------------------------------------------------------


def without_pretrained(node: Any) -> None:
    """Drop, in place, what would download weights: it changes values, not which parameters take part."""
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, (list, tuple)) else ():
        without_pretrained(value)
    if not isinstance(node, dict):
        return
    if isinstance(node.get("init_cfg"), dict) and "checkpoint" in node["init_cfg"]:
        node["init_cfg"] = None
    for key in PRETRAINED:
        if isinstance(node.get(key), str):
            node[key] = None


def prepare(scope: str) -> None:
    """Register the package's classes; keep it from loading weights and from logging each parameter."""
    if not hasattr(np, "bool8"):
        np.bool8 = np.bool_  # mmagic 1.2 was written for numpy 1
    importlib.import_module(scope + ".utils").register_all_modules(True)
    init_default_scope(scope)
    BaseModule._dump_init_info = lambda self, *args: None
    PretrainedInit.__call__ = lambda self, module: None
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
    without_pretrained(config.model)
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

    batch = model.data_preprocessor(MAKERS[scope](config, model), True)
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
    replace_operators()
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
