"""Configs in the hands of a model: what it was given, and what it opens itself while it is built.

Distillers are told their teacher as the path of another config (``mmdet/models/detectors/kd_one_stage.py``,
``mmpose/models/distillers/dwpose_distiller.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional

from mmfix.config.keypath import KeyPath
from mmfix.config.origin import Unknown
from mmfix.config.packages import external_config
from mmfix.config.reader import Reader
from mmfix.config.values import LazyName
from mmfix.errors import ConfigError
from mmfix.model.knowledge.openmmlab.registries import build
from mmfix.model.machine.scopes import from_import
from mmfix.model.machine.values import (
    DATA,
    MISSING,
    UNKNOWN,
    NativeRef,
    Opaque,
    PyDict,
    PyList,
    Registry,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def value_of(m: Machine, value: Any, path: Optional[KeyPath]) -> Any:
    """The interpreter's value for a value of a config.

    Args:
        path: Where it stands in the config that is judged; None in another one, which no key can name.
    """

    def inside(item: Any, key: Any) -> Any:
        return value_of(m, item, None if path is None else (*path, key))

    if isinstance(value, Unknown):
        return Opaque(0, 0, DATA)
    if isinstance(value, LazyName):
        module, _, name = value.path.rpartition(".")
        return from_import(m, module, name)
    if isinstance(value, Mapping):
        rest = Opaque(0, 0, DATA) if getattr(value, "missing", None) else MISSING  # a missing base's
        return PyDict({key: inside(item, key) for key, item in value.items()}, path, rest)
    if isinstance(value, tuple):
        return tuple(inside(item, index) for index, item in enumerate(value))
    if isinstance(value, list):
        return PyList([inside(item, index) for index, item in enumerate(value)], False, path)
    if isinstance(value, type):
        return NativeRef(f"{value.__module__}.{value.__name__}")
    return value if isinstance(value, (int, float, str, bytes, bool, type(None))) else UNKNOWN


def _config(
    m: Machine,
    cfg_dict: Any = None,
    cfg_text: Any = None,
    filename: Any = None,
    env_variables: Any = None,
    format_python_code: Any = True,
) -> Any:
    """``Config(cfg_dict)``: its values can be had as attributes, as those of every dict of a config."""
    return PyDict() if cfg_dict is None else cfg_dict


def _fromfile(
    m: Machine,
    filename: Any,
    use_predefined_variables: Any = True,
    import_custom_modules: Any = True,
    use_environment_variables: Any = True,
    lazy_import: Any = None,
    format_python_code: Any = True,
) -> Any:
    """``Config.fromfile(filename)``: a file of the repository is read as `check` reads a config."""
    found = m.library.config_file(filename, m.default_scope) if isinstance(filename, str) else None
    if found is None:
        return m.lost(say("a config that the model opens was not found"), filename)
    return _opened(m, found)


def _opened(m: Machine, file: str) -> Any:
    try:
        document = Reader().load(file)
    except ConfigError as error:
        return m.lost(say("a config that the model opens cannot be read: {why}", why=error))
    m.opened.update(document.files)
    return value_of(m, document.tree, None)


def _get_model(m: Machine, cfg_path: Any, pretrained: Any = False, **kwargs: Any) -> Any:
    """``mmengine/hub/hub.py: get_model``: builds the model of a config that a package carries."""
    try:
        file, package = external_config(cfg_path if isinstance(cfg_path, str) else "", "", None)
    except ConfigError as error:
        return m.lost(say("a config that the model opens was not found: {why}", why=error))
    before, m.default_scope = m.default_scope, package
    try:
        tree = _opened(m, file)
        model = tree.items.get("model") if isinstance(tree, PyDict) else None
        if not isinstance(model, PyDict):
            return m.lost(say("a config that the model opens has no model"))
        if "data_preprocessor" in tree.items:
            model.items["data_preprocessor"] = tree.items["data_preprocessor"]
        return build(m, Registry("MODELS", package), model, PyDict(kwargs))
    finally:
        m.default_scope = before


CALLS: Dict[str, Callable[..., Any]] = {
    "openmmlab.Config": _config, "openmmlab.Config.fromfile": _fromfile, "openmmlab.get_model": _get_model,
}  # fmt: skip
