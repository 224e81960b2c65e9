"""Registries, builders and base classes of MMEngine and mmcv."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Tuple

from mmfix.model.knowledge.torch import layers
from mmfix.model.machine.calls import instantiate
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.scopes import from_import
from mmfix.model.machine.values import (
    MISSING,
    UNKNOWN,
    Function,
    Instance,
    NativeClass,
    NativeRef,
    Opaque,
    PyDict,
    PyList,
    Registry,
    is_scalar,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

#: Whose registries are the parents of all others.
_FRAMEWORKS = ("mmengine", "mmcv")
_BASE = NativeClass("mmengine.model.BaseModule", True)
_MODEL = NativeClass("mmengine.model.BaseModel", True)
_LIST = NativeClass("torch.nn.ModuleList", True)
_DICT = NativeClass("torch.nn.ModuleDict", True)
_SEQUENTIAL = NativeClass("torch.nn.Sequential", True)
_PREPROCESSOR = NativeClass("mmengine.model.BaseDataPreprocessor", True)
_BAG = NativeClass("mmengine.structures.InstanceData", False)

_CLASSES = {
    "BaseModule": _BASE, "BaseModel": _MODEL, "ModuleList": _LIST, "ModuleDict": _DICT,
    "Sequential": _SEQUENTIAL, "BaseDataPreprocessor": _PREPROCESSOR, "ImgDataPreprocessor": _PREPROCESSOR,
    "InstanceData": _BAG, "PixelData": _BAG, "LabelData": _BAG,
}  # fmt: skip
#: Wrappers of torch layers that only add handling of empty inputs (mmcv/cnn/bricks/wrappers.py).
_WRAPPERS = frozenset({
    "Conv2d", "Conv3d", "ConvTranspose2d", "ConvTranspose3d", "MaxPool2d", "MaxPool3d", "Linear",
})  # fmt: skip
_FUNCTIONS = frozenset({
    "build_from_cfg", "build_model_from_cfg", "build_norm_layer", "build_conv_layer",
    "build_activation_layer", "build_padding_layer", "build_upsample_layer", "build_dropout",
})  # fmt: skip
_REGISTRIES = frozenset({
    "MODELS", "MODEL_WRAPPERS", "WEIGHT_INITIALIZERS", "TASK_UTILS", "FUNCTIONS", "RUNNERS", "HOOKS",
    "DATASETS", "TRANSFORMS", "METRICS", "CONV_LAYERS", "NORM_LAYERS", "ACTIVATION_LAYERS",
    "PADDING_LAYERS", "UPSAMPLE_LAYERS", "PLUGIN_LAYERS", "DROPOUT_LAYERS", "POSITIONAL_ENCODING",
    "ATTENTION", "FEEDFORWARD_NETWORK", "TRANSFORMER_LAYER", "TRANSFORMER_LAYER_SEQUENCE",
    "MODULE_WRAPPERS",
})  # fmt: skip


#: ``build(cfg, registry, default_args)``, which repositories of that time import, and later releases have no
#: more (mmdet 2.10, mmseg 0.12 and older: ``models/builder.py``).
_OLD_BUILDER = ".models.builder.build"


@lru_cache(maxsize=8192)
def known_name(dotted: str) -> Any:
    """What is known of a name of MMEngine or mmcv, or of an old builder; None for any other."""
    root, _, _ = dotted.partition(".")
    last = dotted.rpartition(".")[2]
    if dotted == f"{root}{_OLD_BUILDER}" and root.startswith("mm"):
        return NativeRef("openmmlab.build_from_cfg")
    if root not in _FRAMEWORKS:
        return None
    if last in _CLASSES:
        return _CLASSES[last]
    if last in _FUNCTIONS:
        return NativeRef(f"openmmlab.{last}")
    if root == "mmcv" and last in _WRAPPERS and ".ops" not in dotted:
        return NativeClass(f"torch.nn.{last}", True)
    if last == "Registry":
        return NativeRef("openmmlab.Registry")
    if last in _REGISTRIES:
        return Registry(last, root)
    if last == "ConfigDict":
        return NativeRef("builtins.dict")
    if last in ("Config", "MessageHub") or (root == "mmengine" and last == "get_model"):
        return NativeRef(f"openmmlab.{last}")
    return None


def make_registry(
    m: Machine,
    name: Any,
    build_func: Any = None,
    parent: Any = None,
    scope: Any = None,
    locations: Any = (),
) -> Registry:
    """``Registry('model', parent=..., scope=...)``; without one the module that makes it gives its scope."""
    return Registry(
        name if isinstance(name, str) else "model",
        scope if isinstance(scope, str) else "",
        build_func=build_func if isinstance(build_func, Function) else None,
    )


def build(m: Machine, registry: Registry, cfg: Any, default_args: Any = None) -> Any:
    """``registry.build(cfg, default_args=...)``, by its own ``build_func`` where it has one."""
    if registry.build_func is not None:
        given = {"registry": registry, **({} if default_args is None else {"default_args": default_args})}
        return m.call(registry.build_func, [cfg], given)
    return m.each(cfg, lambda item: _build(m, registry, item, default_args))


def _build(m: Machine, registry: Optional[Registry], config: Any, default_args: Any) -> Any:
    if isinstance(config, PyList) and not config.open:
        made = Instance(_SEQUENTIAL)
        for position, item in enumerate(config.items):
            made.items[str(position)] = _build(m, registry, item, default_args)
        return made
    if not isinstance(config, PyDict):
        if config is None or isinstance(config, Instance):
            return config
        return m.lost(say("a part is built from a config that is not known"), config)
    arguments = {key: value for key, value in config.items.items() if isinstance(key, str)}
    if isinstance(default_args, PyDict):
        for key, value in default_args.items.items():
            arguments.setdefault(key, value)
    kind = arguments.pop("type", MISSING)
    scope = arguments.pop("_scope_", None)
    if kind is MISSING:
        return m.lost(say("a part is built from a config without a type"), config)
    before = m.default_scope
    if isinstance(scope, str):
        m.default_scope = scope
    try:
        cls = get(m, registry, kind)
        made = _made(m, cls, arguments, config)
    finally:
        m.default_scope = before
    return made


def _made(m: Machine, cls: Any, arguments: Dict[str, Any], config: PyDict) -> Any:
    rest = config.rest
    if isinstance(cls, ClassInfo):
        return instantiate(m, cls, [], arguments, rest, config.path)
    made = m.call(cls, [], arguments, rest)
    if isinstance(made, Instance) and made.key is None:
        made.key = config.path
    return made


def get(m: Machine, registry: Optional[Registry], kind: Any) -> Any:
    """The class behind a ``type``."""
    if not isinstance(kind, str):
        return kind if not isinstance(kind, Opaque) else UNKNOWN
    prefix, _, name = kind.rpartition(".")
    scope = prefix.partition(".")[0] or _scope(m, registry)
    if prefix.count("."):
        found = from_import(m, prefix, name)
        if not isinstance(found, NativeRef):
            return found
    return m.registered(name, scope, registry.name if registry is not None else None)


def _get(m: Machine, registry: Registry, key: Any) -> Any:
    return get(m, registry, key)


def _scope(m: Machine, registry: Optional[Registry]) -> Optional[str]:
    """The package whose registries are asked first.

    MMEngine goes to those of the config's default scope, whichever was asked (``mmengine/registry/
    registry.py: switch_scope_and_registry``); mmcv 1.x knows no such scope (``mmcv/utils/registry.py: get``).
    """
    own = registry.scope if registry is not None else ""
    if m.default_scope is None or (m.era == "mmcv1" and own and own not in _FRAMEWORKS):
        return own or None
    return m.default_scope


def has_registered(m: Machine, registry: Registry, name: Any) -> Optional[bool]:
    """``name in registry``: or in its parents, for which of them builds a class makes no difference.

    What is only registered in another package is not in it. None where nobody is seen to register the name.
    """
    if not isinstance(name, str):
        return None
    scope = _scope(m, registry)
    found = m.library.find(name, scope, registry.name, m.named).candidates
    return any(item.scope in (scope, *_FRAMEWORKS) for item in found) if found else None


def _register_module(
    m: Machine, registry: Registry, name: Any = None, force: Any = False, module: Any = None
) -> Any:
    return UNKNOWN if module is None else module


def _unknown(m: Machine, registry: Registry, /, *args: Any, **kwargs: Any) -> Any:
    return UNKNOWN


METHODS: Dict[str, Callable[..., Any]] = {"build": build, "get": _get, "register_module": _register_module}


def registry_method(name: str) -> Callable[..., Any]:
    """A method of a registry."""
    return METHODS.get(name, _unknown)


# -- builders of mmcv -------------------------------------------------------------------------

_NORMS = {
    "BN": "BatchNorm2d", "BN1d": "BatchNorm1d", "BN2d": "BatchNorm2d", "BN3d": "BatchNorm3d",
    "SyncBN": "SyncBatchNorm", "MMSyncBN": "SyncBatchNorm", "naiveSyncBN1d": "BatchNorm1d",
    "naiveSyncBN2d": "BatchNorm2d", "naiveSyncBN3d": "BatchNorm3d", "GN": "GroupNorm", "LN": "LayerNorm",
    "IN": "InstanceNorm2d", "IN1d": "InstanceNorm1d", "IN2d": "InstanceNorm2d", "IN3d": "InstanceNorm3d",
}  # fmt: skip
_NORM_BASES = {"_InstanceNorm": "in", "_BatchNorm": "bn", "GroupNorm": "gn", "LayerNorm": "ln"}
_ABBREVIATIONS = {"batch": "bn", "group": "gn", "layer": "ln", "instance": "in"}
_CONVS = {"Conv": "Conv2d", "Conv1d": "Conv1d", "Conv2d": "Conv2d", "Conv3d": "Conv3d"}
_PLAIN = frozenset({
    "ReLU", "LeakyReLU", "PReLU", "RReLU", "ReLU6", "ELU", "Sigmoid", "Tanh", "SiLU", "GELU", "Mish",
    "Softmax", "Hardswish", "Dropout", "Dropout2d", "Dropout3d", "Identity", "Linear", "MaxPool2d",
    "AvgPool2d", "L1Loss", "SmoothL1Loss", "MSELoss",
})  # fmt: skip
_FREE = frozenset({
    "Clip", "Clamp", "HSigmoid", "HSwish", "Swish", "DropPath", "zero", "reflect", "replicate", "nearest",
    "bilinear", "bicubic",
})  # fmt: skip


def torch_layer(name: str) -> Optional[NativeClass]:
    """The torch layer that mmcv registers under a name (mmcv/cnn/bricks/{norm,conv,activation}.py)."""
    found = _NORMS.get(name) or _CONVS.get(name) or (name if name in _PLAIN else None)
    return layers.native_class(f"torch.nn.{found}") if found else None


def _build_norm_layer(m: Machine, cfg: Any, num_features: Any, postfix: Any = "") -> Any:
    if not isinstance(cfg, PyDict) or not isinstance(cfg.items.get("type"), (str, NativeRef, NativeClass)):
        return (UNKNOWN, m.lost(say("a norm layer of a type that is not known"), cfg))
    kind = cfg.items["type"]
    cls: Any = torch_layer(kind) if isinstance(kind, str) else kind
    if cls is None:
        cls = get(m, None, kind)
    name = getattr(cls, "name", "norm")
    short = _abbreviation(m, cls)
    options = _options(cfg)
    wanted = options.pop("requires_grad", True)
    if name == "GroupNorm":
        made = m.call(cls, [options.pop("num_groups", UNKNOWN), num_features], options)
    else:
        made = m.call(cls, [num_features], options)
    if isinstance(made, Instance) and wanted is not True:
        m.call(m.attribute(made, "requires_grad_"), [wanted], {})
    return (f"{short}{postfix}" if is_scalar(postfix) else UNKNOWN, made)


def _options(config: PyDict) -> Dict[str, Any]:
    """The arguments in a config; under other keys than text no argument can stand."""
    return {key: value for key, value in config.items.items() if isinstance(key, str) and key != "type"}


def _abbreviation(m: Machine, cls: Any) -> Any:
    """What a norm layer is called in its module (``mmcv/cnn/bricks/norm.py: infer_abbr``)."""
    if not isinstance(cls, ClassInfo):
        return _abbreviation_of((getattr(cls, "name", ""),))
    own = cls.find(m, "_abbr_")
    return _abbreviation_of(tuple(base.name for base in cls.mro(m))) if own is MISSING else own


@lru_cache(maxsize=None)
def _abbreviation_of(names: Tuple[str, ...]) -> str:
    bases = {*names, *(base for name in names for base in layers.BASES_OF.get(name, ()))}
    for base, text in _NORM_BASES.items():
        if base in bases:
            return text
    return next((text for part, text in _ABBREVIATIONS.items() if part in names[0].lower()), "norm_layer")


def _build_conv_layer(m: Machine, rest: Any, /, cfg: Any, *args: Any, **kwargs: Any) -> Any:
    kind: Any = "Conv2d"
    options = dict(kwargs)
    if isinstance(cfg, PyDict):
        kind = cfg.items.get("type", "Conv2d")
        options.update(_options(cfg))
    elif cfg is not None:
        return m.lost(say("a convolution of a type that is not known"), cfg, *args, *kwargs.values(), rest)
    cls: Any = torch_layer(kind) if isinstance(kind, str) else kind
    return m.call(get(m, None, kind) if cls is None else cls, list(args), options, rest)


def _build_activation_layer(m: Machine, cfg: Any) -> Any:
    return _plain(m, cfg, (), {}, MISSING)


def _build_padding_layer(m: Machine, rest: Any, /, cfg: Any, *args: Any, **kwargs: Any) -> Any:
    return _plain(m, cfg, args, kwargs, rest)


def _build_dropout(m: Machine, cfg: Any, default_args: Any = None) -> Any:
    return _plain(m, cfg, (), _options(default_args) if isinstance(default_args, PyDict) else {}, MISSING)


def _plain(m: Machine, config: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], rest: Any) -> Any:
    if not isinstance(config, PyDict):
        return m.lost(say("a layer of a type that is not known"), config) if config is not None else None
    kind = config.items.get("type")
    options = {**kwargs, **_options(config)}
    if isinstance(kind, str):
        if kind in _FREE:
            return Instance(NativeClass("torch.nn.ReLU", True))  # no parameters, and computes on its input
        cls: Any = torch_layer(kind)
        return m.call(get(m, None, kind) if cls is None else cls, list(args), options, rest)
    return m.call(kind, list(args), options, rest)


def _build_upsample_layer(m: Machine, rest: Any, /, cfg: Any, *args: Any, **kwargs: Any) -> Any:
    kind = cfg.items.get("type") if isinstance(cfg, PyDict) else None
    if kind in ("nearest", "bilinear", "bicubic"):
        return Instance(NativeClass("torch.nn.Upsample", True))
    if isinstance(kind, str) and isinstance(cfg, PyDict):
        given = {**_options(cfg), **kwargs}
        cls = layers.native_class("torch.nn.ConvTranspose2d") if kind == "deconv" else get(m, None, kind)
        return m.call(cls, list(args), given, rest)
    return m.lost(say("an upsampling layer of a type that is not known"), cfg, *args, *kwargs.values(), rest)


def _build_from_cfg(m: Machine, cfg: Any, registry: Any, default_args: Any = None) -> Any:
    chosen = registry if isinstance(registry, Registry) else None
    return m.each(cfg, lambda item: _build(m, chosen, item, default_args))


CALLS: Dict[str, Callable[..., Any]] = {
    "openmmlab.Registry": make_registry,
    "openmmlab.build_from_cfg": _build_from_cfg,
    "openmmlab.build_model_from_cfg": _build_from_cfg,
    "openmmlab.build_norm_layer": _build_norm_layer,
    "openmmlab.build_activation_layer": _build_activation_layer,
    "openmmlab.build_dropout": _build_dropout,
}
#: Builders that pass their keyword arguments on.
PASSING: Dict[str, Callable[..., Any]] = {
    "openmmlab.build_conv_layer": _build_conv_layer,
    "openmmlab.build_padding_layer": _build_padding_layer,
    "openmmlab.build_upsample_layer": _build_upsample_layer,
}
