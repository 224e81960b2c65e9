"""What is left of a namespace once a config has been evaluated."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from mmfix.config.interpreter.modules import DROPPED
from mmfix.config.interpreter.state import Builtin, Function, MethodRef, ModuleRef
from mmfix.config.origin import Unknown
from mmfix.config.values import LazyName, LongNumber, TreeDict, TreeTuple, is_long
from mmfix.errors import ConfigError
from mmfix.python.bounds import weight
from mmfix.wording import say

#: Nodes a config may have once shared parts are counted as often as they are seen; the largest zoo config has
#: under 10,000. Long text and long numbers count as many.
MAX_NODES = 200_000
#: Steps and nodes of a config and all its bases; those of the zoos have under 50,000.
MAX_WORK = 600_000
#: Levels of nesting; Python's own repr and copy give up a little later.
MAX_DEPTH = 200

_CONTAINERS = (dict, list, tuple)
_SCALARS = frozenset({str, int, float, bool, type(None)})
_SETS = (set, frozenset)
_PLAIN = (str, int, float, bool, type(None), bytes, complex, LazyName, Unknown, set, frozenset, range, slice)


def finish(
    names: TreeDict, path: str, keep_functions: bool = False, shares_sets: bool = False
) -> Tuple[TreeDict, int]:
    """The config dict of an evaluated file: no ``__names``, modules or functions; odd values Unknown.

    How many nodes it has comes with it.

    Args:
        keep_functions: Lazy configs keep them (as Unknown: they have no comparable value).
        shares_sets: A set with several places is one object for those who inherit the file, as in lazy
            configs; else only where these are places of one dict (``mmengine/config/config.py:
            _substitute_base_vars`` copies each container by itself).

    Raises:
        ConfigError: A container holds itself, or the config is too large when expanded.
    """
    result = TreeDict()
    result.missing = names.missing
    for name, value in names.items():
        if not isinstance(name, str):
            raise ConfigError(
                say("the top-level key {key!r} is not text, which MMEngine refuses", key=name), path
            )
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
    return result, check_size(result, path, shares_sets)


def check_size(tree: TreeDict, path: str, shares_sets: bool = False) -> int:
    """Refuse a tree that no config can be, and make unknown the values in it that none can hold.

    Args:
        shares_sets: As for :func:`finish`.

    Returns:
        How many nodes it has.

    Raises:
        ConfigError: A container holds itself, or it is too deep or too large.
    """
    return _Tree(path, shares_sets).check(tree)


def add_work(before: int, more: int, path: str) -> int:
    """The work of a config so far, and that of one more file.

    Raises:
        ConfigError: It is more than :data:`MAX_WORK`.
    """
    if before + more > MAX_WORK:
        raise ConfigError(say("computes too much with its bases to be a config"), path)
    return before + more


def _length(value: Any) -> int:
    """Nodes that a value without parts of its own counts as."""
    if isinstance(value, (str, bytes)):
        return 1 + (len(value) >> 7)
    return 1 + (value.bit_length() >> 9) if isinstance(value, int) else 1


#: Sets that were settled, by their number: the old one and the new.
_Sets = Optional[Dict[int, Tuple[Any, Any]]]


class _Tree:
    """A tree that is checked; what no config can hold is replaced on the way."""

    def __init__(self, path: str, shares_sets: bool) -> None:
        self._path = path
        self._sizes: Dict[int, int] = {}
        self._settled_tuples: Dict[int, Any] = {}
        self._sets: _Sets = {} if shares_sets else None
        self._copied = 0

    def check(self, tree: TreeDict) -> int:
        """Its nodes. Raises ConfigError where it is too deep or too large, or holds itself."""
        nodes = self._size(tree, 0)
        self._require(nodes)
        return nodes

    def _require(self, nodes: int) -> None:
        if nodes > MAX_NODES:
            raise ConfigError(say("is too large when its shared parts are expanded"), self._path)

    def _size(self, value: Any, depth: int) -> int:
        """Nodes of a tree, shared parts counted every time."""
        sizes = self._sizes
        key = id(value)
        if key in sizes:
            if sizes[key] < 0:
                raise ConfigError(say("a container in it contains itself"), self._path)
            return sizes[key]
        if depth > MAX_DEPTH:
            raise ConfigError(say("is nested too deeply to be read"), self._path)
        if isinstance(value, _SETS):
            sizes[key] = weight(value)
            return sizes[key]
        sizes[key] = -1
        total = 1
        items = value.items() if isinstance(value, dict) else enumerate(value)
        sets: _Sets = {} if self._sets is None and isinstance(value, dict) else self._sets
        for place, item in items:
            if type(place) is str:
                total += len(place) >> 7
            elif type(place) not in _SCALARS and not _is_plain(place) and not isinstance(place, tuple):
                raise ConfigError(
                    say("a dict key in it cannot be known without running the config"), self._path
                )
            elif is_long(place):
                raise ConfigError(say("a dict key in it is a number too long to be printed"), self._path)
            if type(item) in _SCALARS and not is_long(item):
                total += _length(item)
                continue
            if not isinstance(value, tuple):  # a tuple is settled as a whole
                known = self._settled(item, sets)
                if known is not item:
                    value[place] = item = known
            parted = isinstance(item, (*_CONTAINERS, *_SETS))
            total += self._size(item, depth + 1) if parted else _length(item)
        sizes[key] = total
        return total

    def _settled(self, value: Any, sets: _Sets) -> Any:
        """The value as it is after the file was read, and as a config can hold it.

        What is lost is unknown, and no Unknown may be something. A set is a new one.
        """
        lost = getattr(value, "lost", None)
        if lost is not None:
            value = lost.unknown
        if isinstance(value, Unknown) and (value.may_be or type(value) is not Unknown):
            return Unknown(value.reason, value.origin, (), shares=bool(value.may_be))
        if is_long(value):
            return LongNumber(value)
        if not isinstance(value, (tuple, *_SETS)):
            return value if isinstance(value, _CONTAINERS) or _is_plain(value) else _unknown(value)
        if id(value) in self._settled_tuples:
            return value
        if sets is not None and id(value) in sets:
            return sets[id(value)][1]
        parts = [self._settled(item, self._sets) for item in value]
        if isinstance(value, tuple) and all(new is old for new, old in zip(parts, value)):
            self._settled_tuples[id(value)] = value  # kept, for its number could be given again
            return value
        self._copied += len(parts)
        self._require(self._copied)
        if isinstance(value, tuple):
            return TreeTuple(parts, getattr(value, "blames", None))
        made = set(parts) if isinstance(value, set) else frozenset(parts)
        if sets is not None:
            sets[id(value)] = value, made  # kept, as above
        return made


def _is_plain(value: Any) -> bool:
    # YAML has dates
    return isinstance(value, _PLAIN) or value is ... or type(value).__module__ == "datetime"


def _unknown(value: Any) -> Any:
    if isinstance(value, (ModuleRef, MethodRef, Builtin, Function)):
        name = getattr(value, "path", None) or getattr(value, "name", None) or say("a function")
        return Unknown(say("the object {name}", name=name))
    return Unknown(say("a value of type {type}", type=type(value).__name__))
