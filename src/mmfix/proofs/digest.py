"""What decides the outcome of a rehearsal, as check sums: of the parts of a config, and of a file."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, Iterator, List, Mapping, Tuple, Union

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, KeyPath, format_key
from mmfix.config.names import type_name, type_scope
from mmfix.config.origin import Unknown
from mmfix.config.values import LazyName, LongNumber
from mmfix.errors import MmfixError
from mmfix.python.disk import read_whole
from mmfix.repository.source import MODELS
from mmfix.training.era import MMCV1, era
from mmfix.training.script import deciding_script
from mmfix.training.types import TrainingSetup
from mmfix.training.wrapping import runner_kind
from mmfix.wording import say

#: Top-level keys that count as a whole, in either era.
_WHOLE = (
    "model",
    "data_preprocessor",
    "find_unused_parameters",
    "model_wrapper_cfg",
    "strategy",
    "static_graph",
    "use_static_graph",
    "custom_hooks",
    "custom_imports",
    "runner_type",
    "activation_checkpointing",
    "efficient_conv_bn_eval",
    "default_scope",
    "sync_bn",
    "compile",
    "plugin",
    "plugin_dir",
)
#: mmdet before 2.9 has the model's assigners and samplers beside the model.
_WHOLE_MMCV1 = ("train_cfg", "test_cfg")
#: Of these dicts only what says which class drives the step, and how often it reduces gradients.
_PARTLY = ("optim_wrapper", "optimizer_config", "runner", "train_cfg")
_DRIVES = ("type", "constructor", "accumulative_counts", "cumulative_iters")
#: A loop of the user's own may read any key of ``train_cfg``; but for its length.
_LENGTHS = ("max_epochs", "max_iters", "val_begin", "val_interval", "dynamic_intervals", "by_epoch")
_LOOPS = (None, "EpochBasedTrainLoop", "IterBasedTrainLoop")
#: ``mmengine/runner/runner.py: register_default_hooks``, and what the packages add; these change no outcome,
#: whatever they are told.
_HOOKS = {
    "runtime_info": "RuntimeInfoHook",
    "timer": "IterTimerHook",
    "sampler_seed": "DistSamplerSeedHook",
    "logger": "LoggerHook",
    "param_scheduler": "ParamSchedulerHook",
    "checkpoint": "CheckpointHook",
}
_DRAWING = ("visualization", "visualizer")
#: Weights are not part of a rehearsal, which has none: where they lie says nothing.
_WEIGHTS = ("checkpoint", "pretrained")


class NotDigestible(MmfixError):
    """A value that decides the outcome cannot be known without running the config."""


def digest(source: Union[TrainingSetup, ConfigDocument]) -> str:
    """Check sum (SHA-256) of all that decides the outcome of a rehearsal of a config.

    The order of keys, comments, paths, data, schedules and learning rates do not change it.

    Raises:
        NotDigestible: Some of it is unknown.
    """
    return digest_of(parts(source.document if isinstance(source, TrainingSetup) else source))


def digest_of(found: Mapping[str, str]) -> str:
    """The check sum of :func:`parts`."""
    return _sum(json.dumps(found, sort_keys=True))


def parts(document: ConfigDocument) -> Dict[str, str]:
    """A short check sum for each part of a config that decides, by name; absent parts are left out.

    Raises:
        NotDigestible: Some of it is unknown.
    """
    return {name: _sum(json.dumps(_canonical(value, key)))[:16] for name, key, value in _deciding(document)}


def file_sum(path: str) -> str:
    """A short check sum of a text file, the same for all line ends; empty when it is huge or not readable."""
    try:
        data = read_whole(path, MODELS.bytes)
    except (OSError, ValueError):
        return ""
    return "" if data is None else hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()[:16]


def _deciding(document: ConfigDocument) -> Iterator[Tuple[str, KeyPath, Any]]:
    """Name, key path and value of each part that decides."""
    tree = document.tree
    generation = era(document)
    runner = runner_kind(document, generation, [])
    yield "framework", (), [generation, runner]
    whole = (*_WHOLE, *(_WHOLE_MMCV1 if generation == MMCV1 else ()))
    for name in whole:
        if name in tree:
            yield name, (name,), tree[name]
    for name in _PARTLY:
        if name in tree and name not in whole:
            yield name, (name,), _driving(tree[name], name)
    hooks = _own_hooks(tree.get("default_hooks"))
    if hooks:
        yield "default_hooks", ("default_hooks",), hooks
    if generation == MMCV1:
        yield "fp16", ("fp16",), tree.get("fp16") is not None
        optimizer = tree.get("optimizer")
        if isinstance(optimizer, dict) and "constructor" in optimizer:
            yield "optimizer", ("optimizer", "constructor"), optimizer["constructor"]
        script = deciding_script(document, runner, [])
        for read in (script.find_unused, script.static_graph) if script is not None else ():
            if read is not None and read.key is not None and read.key[0] not in whole:
                value = document.get(read.key)
                yield format_key(read.key), read.key, None if value is MISSING else value


def _driving(value: Any, name: str) -> Any:
    """``optim_wrapper`` and its like without rates: with the same of each optimizer wrapper inside."""
    if not isinstance(value, dict):
        return value
    if name == "train_cfg" and type_name(value.get("type")) not in _LOOPS:
        return {key: item for key, item in value.items() if key not in _LENGTHS}
    kept = {key: value[key] for key in _DRIVES if key in value}
    inner = {
        key: _driving(item, name)
        for key, item in value.items()
        if isinstance(item, dict) and "optimizer" in item
    }
    return {**kept, **inner}


def _own_hooks(hooks: Any) -> Any:
    """Of ``default_hooks`` those that are not the usual ones: further ones, and own ones in their place."""
    if not isinstance(hooks, dict):
        return hooks
    return {name: hook for name, hook in hooks.items() if hook is not None and not _is_usual(name, hook)}


def _is_usual(name: str, hook: Any) -> bool:
    kind = hook.get("type") if isinstance(hook, dict) else None
    if name in _DRAWING:
        return str(type_name(kind)).endswith("VisualizationHook")
    return type_name(kind) == _HOOKS.get(name, "") and type_scope(kind) in (None, "mmengine")


def _canonical(value: Any, key: KeyPath) -> Any:
    """``value`` in JSON's types, the same for the same meaning: containers are marked, keys are sorted.

    Raises:
        NotDigestible: It holds an unknown value.
    """
    if isinstance(value, Unknown):
        place = value.origin
        raise NotDigestible(
            say(
                "{key} decides and is not known without running the config: {why}",
                key=format_key(key),
                why=value.reason,
            ),
            None if place is None else place.path,
            None if place is None else place.line,
        )
    if isinstance(value, dict):
        items: List[Any] = []
        for name, item in value.items():
            is_path = name in _WEIGHTS and isinstance(item, str)
            items.append([str(name), "weights" if is_path else _canonical(item, (*key, name))])
        return ["dict", sorted(items, key=lambda item: str(item[0]))]
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return [kind, *(_canonical(item, (*key, index)) for index, item in enumerate(value))]
    if isinstance(value, (set, frozenset)):
        return ["set", *sorted(json.dumps(_canonical(item, key)) for item in value)]
    if isinstance(value, LongNumber):
        return hex(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, LazyName):
        return ["name", value.text]
    if hasattr(value, "__qualname__"):  # a class or function of a config in memory
        return ["name", f"{value.__module__}.{value.__qualname__}"]
    text = repr(value)
    return ["value", type(value).__qualname__ if " at 0x" in text else text]


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
