"""The runner, the model wrapper, and the DDP arguments in effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.names import type_name
from mmfix.config.origin import Unknown
from mmfix.openmmlab import packages
from mmfix.training.era import MMCV1
from mmfix.training.parts import default_package
from mmfix.training.script import setting_of
from mmfix.training.types import Setting
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.scripts.types import TrainingScript

DEFAULT_OFF = Setting(False, None)
NO_ACCUMULATION = Setting(1, None)

_WRAPPERS = {
    "DistributedDataParallel": "ddp",
    "MMDistributedDataParallel": "ddp",
    "MMSeparateDistributedDataParallel": "separate-ddp",
    "FullyShardedDataParallel": "fsdp",
    "MMFullyShardedDataParallel": "fsdp",
    "MMDeepSpeedEngineWrapper": "deepspeed",
}
_STRATEGIES = {
    "DDPStrategy": "ddp",
    "FSDPStrategy": "fsdp",
    "DeepSpeedStrategy": "deepspeed",
    "SingleDeviceStrategy": "none",
}

_Settings = Tuple[str, KeyPath, Setting, Setting]


def runner_kind(document: ConfigDocument, era: str, unknown: List[str]) -> str:
    """``mmcv1``, ``Runner`` or ``FlexibleRunner`` (``runner_type``, read by ``tools/train.py``)."""
    if era == MMCV1:
        return "mmcv1"
    kind = document.tree.get("runner_type")
    if isinstance(kind, Unknown):
        unknown.append(_line(("runner_type",), kind))
    package = packages().get(default_package(document) or "")
    if type_name(kind) == "FlexibleRunner" and not (package and package.ignores_runner_type):
        return "FlexibleRunner"
    return "Runner"


def wrapping(
    document: ConfigDocument, runner: str, unknown: List[str], script: Optional[TrainingScript] = None
) -> _Settings:
    """Wrapper kind, the place of its arguments, ``find_unused_parameters`` and ``static_graph``.

    MMEngine's Runner reads the top-level key only when ``model_wrapper_cfg`` is None
    (``mmengine/runner/runner.py: wrap_model``); FlexibleRunner never does
    (``mmengine/_strategy/distributed.py: DDPStrategy``); mmcv 1.x train APIs read nothing else, and what
    they take an absent key for is up to the repository's ``script``.
    """
    kind, key, find_unused, static_graph = _by_framework(document, runner, unknown, script)
    if (
        script is not None
        and script.static_graph is not None
        and kind == "ddp"
        and static_graph.value is False
    ):
        static_graph = setting_of(script.static_graph, script, document, unknown)
    return kind, key, find_unused, static_graph


def _by_framework(
    document: ConfigDocument, runner: str, unknown: List[str], script: Optional[TrainingScript]
) -> _Settings:
    tree = document.tree
    if runner == "mmcv1":
        # mmgen 0.7.3 mmgen/apis/train.py:102, mmgen/core/ddp_wrapper.py: to_ddp
        kind = "separate-ddp" if tree.get("use_ddp_wrapper") is True else "ddp"
        if script is not None and script.averages is not None:
            kind = "other"
        if script is not None and script.find_unused is not None:
            return kind, (), setting_of(script.find_unused, script, document, unknown), DEFAULT_OFF
        return kind, (), _mmcv1_find_unused(document, unknown), DEFAULT_OFF
    if runner == "FlexibleRunner":
        return _strategy(tree.get("strategy"), unknown)
    config = tree.get("model_wrapper_cfg")
    if config is None:
        return "ddp", (), _flag(tree, (), "find_unused_parameters", unknown), DEFAULT_OFF
    return _from_dict(config, ("model_wrapper_cfg",), unknown)


def accumulation(document: ConfigDocument, wrapper: str, era: str, unknown: List[str]) -> Setting:
    """Micro-batches per optimizer step that run under ``no_sync()``, and the key that says so.

    Read from ``accumulative_counts`` of ``optim_wrapper`` and of every wrapper inside it
    (``mmengine/optim/optimizer/optimizer_wrapper.py: optim_context``). mmcv 1.x has no ``no_sync()``.
    """
    config = document.tree.get("optim_wrapper")
    if era == MMCV1 or wrapper in ("fsdp", "deepspeed"):
        return NO_ACCUMULATION
    if isinstance(config, Unknown):
        unknown.append(_line(("optim_wrapper",), config))
    if not isinstance(config, dict):
        return NO_ACCUMULATION
    best = NO_ACCUMULATION
    places: List[Tuple[KeyPath, Any]] = [(("optim_wrapper",), config)]
    places += [(("optim_wrapper", key), value) for key, value in config.items() if isinstance(value, dict)]
    for path, node in places:
        counts = node.get("accumulative_counts")
        key = (*path, "accumulative_counts")
        if isinstance(counts, Unknown):
            unknown.append(_line(key, counts))
        elif isinstance(counts, int) and counts > best.value:
            best = Setting(counts, key)
    return best


def _mmcv1_find_unused(document: ConfigDocument, unknown: List[str]) -> Setting:
    if "find_unused_parameters" in document.tree:
        return _flag(document.tree, (), "find_unused_parameters", unknown)
    package = packages().get(default_package(document) or "")
    if package is not None and package.unused_by_default:
        release = package.unused_by_default.split(".")[0]
        unknown.append(
            say(
                "find_unused_parameters: not set; {package}.x takes that for True, some of its forks "
                "for False. Write the key.",
                package=release,
            )
        )
        return Setting(True, None)
    if _root(document) == "VoxFormer":  # NVlabs/VoxFormer mmdet_train.py:73
        return Setting(True, None)
    return DEFAULT_OFF


def _strategy(config: Any, unknown: List[str]) -> _Settings:
    key: KeyPath = ("strategy", "model_wrapper")
    if config is None:
        return "ddp", key, DEFAULT_OFF, DEFAULT_OFF
    if not isinstance(config, dict):
        unknown.append(_line(("strategy",), config))
        return "other", key, DEFAULT_OFF, DEFAULT_OFF
    kind = _STRATEGIES.get(type_name(config.get("type")) or "", "other")
    inner = config.get("model_wrapper")
    if kind != "ddp" or inner is None:
        return kind, key, DEFAULT_OFF, DEFAULT_OFF
    return _from_dict(inner, key, unknown)


def _from_dict(config: Any, path: KeyPath, unknown: List[str]) -> _Settings:
    if not isinstance(config, dict):
        unknown.append(_line(path, config))
        return "other", path, DEFAULT_OFF, DEFAULT_OFF
    kind = "ddp"
    if "type" in config:
        kind = _WRAPPERS.get(type_name(config["type"]) or "", "other")
        if isinstance(config["type"], Unknown):
            unknown.append(_line((*path, "type"), config["type"]))
        elif kind == "other":
            name = type_name(config["type"])
            unknown.append(
                say(
                    "{key}: {wrapper} is not a wrapper that mmfix knows, it may be DDP",
                    key=format_key((*path, "type")),
                    wrapper=name,
                )
            )
    if kind in ("fsdp", "deepspeed"):
        return kind, path, DEFAULT_OFF, DEFAULT_OFF
    found = _flag(config, path, "find_unused_parameters", unknown)
    return kind, path, found, _flag(config, path, "static_graph", unknown)


def _flag(node: Dict[Any, Any], path: KeyPath, name: str, unknown: List[str]) -> Setting:
    if name not in node:
        return DEFAULT_OFF
    value = node[name]
    if isinstance(value, Unknown):
        unknown.append(_line((*path, name), value))
        return Setting(value, (*path, name))
    return Setting(bool(value), (*path, name))


def _root(document: ConfigDocument) -> Optional[str]:
    model = document.tree.get("model")
    return type_name(model.get("type")) if isinstance(model, dict) else None


def _line(path: KeyPath, value: Any) -> str:
    reason = value.reason if isinstance(value, Unknown) else say("not a dict: {value!r}", value=value)
    return f"{format_key(path)}: {reason}"
