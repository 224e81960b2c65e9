"""What is left of a namespace once a config has been evaluated."""

from __future__ import annotations

from typing import Any, Dict

from mmfix.config.interpreter.modules import DROPPED
from mmfix.config.interpreter.state import Builtin, Function, MethodRef, ModuleRef
from mmfix.config.origin import Unknown
from mmfix.config.values import LazyName, TreeDict, TreeSet, TreeTuple
from mmfix.errors import ConfigError

#: Nodes a config may have once shared parts are counted as often as they are seen.
MAX_NODES = 1_000_000
#: Levels of nesting; Python's own repr and copy give up a little later.
MAX_DEPTH = 200

_CONTAINERS = (dict, list, tuple)
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
    result.missing = names.missing
    for name, value in names.items():
        if not isinstance(name, str):
            raise ConfigError(f"the top-level key {name!r} is not text, which MMEngine refuses", path)
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
    check_size(result, path)
    return result


def check_size(tree: TreeDict, path: str) -> None:
    """Refuse a tree that no config can be, and make unknown the values in it that none can hold.

    Raises:
        ConfigError: A container holds itself, or it is too deep or too large.
    """
    if _size(tree, {}, path, 0) > MAX_NODES:
        raise ConfigError("is too large when its shared parts are expanded", path)


def _size(value: Any, sizes: Dict[int, int], path: str, depth: int) -> int:
    """Nodes of a tree, shared parts counted every time; replaces values that no config can hold."""
    key = id(value)
    if key in sizes:
        if sizes[key] < 0:
            raise ConfigError("a container in it contains itself", path)
        return sizes[key]
    if depth > MAX_DEPTH:
        raise ConfigError("is nested too deeply to be read", path)
    sizes[key] = -1
    total = 1
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for place, item in items:
        if type(place) not in _SCALARS and not _is_plain(place) and not isinstance(place, tuple):
            raise ConfigError("a dict key in it cannot be known without running the config", path)
        if type(item) in _SCALARS:
            total += 1
            continue
        if not isinstance(item, tuple) and not isinstance(value, tuple):
            known = _settled(item)
            if known is not item:
                value[place] = item = known
        if isinstance(item, tuple):
            parts = [_settled(one) for one in item]
            parts = [
                one if isinstance(one, _CONTAINERS) or _is_plain(one) else _unknown(one) for one in parts
            ]
            if any(new is not old for new, old in zip(parts, item)):
                item = TreeTuple(parts, getattr(item, "blames", None))
            if not isinstance(value, tuple):
                value[place] = item
        if isinstance(item, _CONTAINERS):
            total += _size(item, sizes, path, depth + 1)
        else:
            total += 1
            if not _is_plain(item) and not isinstance(value, tuple):
                value[place] = _unknown(item)
    sizes[key] = total
    return total


def _settled(value: Any) -> Any:
    """The value as it is after the file was read: lost ones unknown, and no Unknown that may be something."""
    lost = getattr(value, "lost", None)
    if lost is not None:
        value = lost.unknown
    if isinstance(value, Unknown) and value.may_be:
        return Unknown(value.reason, value.origin, ())
    return set(value) if isinstance(value, TreeSet) else value


def _is_plain(value: Any) -> bool:
    # YAML has dates
    return isinstance(value, _PLAIN) or value is ... or type(value).__module__ == "datetime"


def _unknown(value: Any) -> Any:
    if isinstance(value, (ModuleRef, MethodRef, Builtin, Function)):
        name = getattr(value, "path", None) or getattr(value, "name", None) or "a function"
        return Unknown(f"the object {name}")
    return Unknown(f"a value of type {type(value).__name__}")
