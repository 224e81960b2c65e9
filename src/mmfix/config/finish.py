"""What is left of a namespace once a config has been evaluated."""

from __future__ import annotations

from typing import Any, Dict

from mmfix.config.interpreter.modules import DROPPED
from mmfix.config.interpreter.state import Builtin, Function, MethodRef, ModuleRef
from mmfix.config.origin import Unknown
from mmfix.config.values import LazyName, TreeDict
from mmfix.errors import ConfigError

#: Nodes a config may have once shared parts are counted as often as they are seen.
MAX_NODES = 1_000_000

_SCALARS = frozenset({str, int, float, bool, type(None)})
_PLAIN = (str, int, float, bool, type(None), bytes, complex, LazyName, Unknown, set, frozenset, range, slice)


def finish(names: TreeDict, path: str, keep_functions: bool = False) -> TreeDict:
    """The config dict of an evaluated file: no ``__names``, modules or functions; odd values Unknown.

    Args:
        keep_functions: Lazy configs keep them (as Unknown: they have no comparable value).

    Raises:
        ConfigError: A container holds itself, or the config is too large when expanded.
    """
    result = TreeDict()
    for name, value in names.items():
        if name.startswith("__"):
            continue
        if not keep_functions and (
            isinstance(value, Function)
            or (isinstance(value, ModuleRef) and (value.is_module or value.path in DROPPED))
        ):
            continue
        result[name] = value
        if name in names.blames:
            result.blames[name] = names.blames[name]
    if _size(result, {}, path) > MAX_NODES:
        raise ConfigError("is too large when its shared parts are expanded", path)
    return result


def _size(value: Any, sizes: Dict[int, int], path: str) -> int:
    """Nodes of a tree, shared parts counted every time; replaces values that no config can hold."""
    key = id(value)
    if key in sizes:
        if sizes[key] < 0:
            raise ConfigError("a container in it contains itself", path)
        return sizes[key]
    sizes[key] = -1
    total = 1
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for place, item in items:
        if type(item) in _SCALARS:
            total += 1
        elif isinstance(item, (dict, list, tuple)):
            total += _size(item, sizes, path)
        else:
            total += 1
            if not isinstance(item, _PLAIN) and not isinstance(value, tuple):
                value[place] = _unknown(item)
    sizes[key] = total
    return total


def _unknown(value: Any) -> Any:
    if value is ... or value is NotImplemented or type(value).__module__ == "datetime":  # YAML dates
        return value
    if isinstance(value, (ModuleRef, MethodRef, Builtin, Function)):
        name = getattr(value, "path", None) or getattr(value, "name", None) or "a function"
        return Unknown(f"the object {name}")
    return Unknown(f"a value of type {type(value).__name__}")
