"""Containers of a config tree: plain Python containers whose every slot remembers its blame.

They *are* ``dict``, ``list`` and ``tuple``, so Python's own operators give Python's own results, and
the reader only has to keep the blame in step.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from mmfix.config.origin import Blame, MissingBase, Unknown


class Loss(NamedTuple):
    """What stands for a container once code that is not followed may have changed it.

    Attributes:
        unknown: What reading the container gives.
        held: What may have been put into it since, beside what it still holds.
        escaped: Code that is not followed may still hold it: what is put into it is lost, too.
    """

    unknown: Unknown
    held: List[Any]
    escaped: bool


class TreeDict(Dict[Any, Any]):
    """A dict that knows, for each key, what set it.

    Attributes:
        blames: Blame of each key. A key without an entry was not set by any text.
        config: True where MMEngine would hold a ``ConfigDict`` (attribute access, deep ``update``).
        addict: It is what `|` of config dicts gives: reading a key that is not there makes it.
        missing: Bases that were not found and may have set more keys here.
        lost: While its file is read: it may have been changed in a way that is not followed.
    """

    __slots__ = ("addict", "blames", "config", "lost", "missing")

    def __init__(self, *args: Any, config: bool = False) -> None:
        super().__init__(*args)
        self.blames: Dict[Any, Blame] = {}
        self.config = config
        self.addict = False
        self.missing: Tuple[MissingBase, ...] = ()
        self.lost: Optional[Loss] = None


class TreeList(List[Any]):
    """A list that knows what set each element (``blames`` has the same length)."""

    __slots__ = ("blames", "lost")

    def __init__(self, values: Any = (), blames: Optional[List[Optional[Blame]]] = None) -> None:
        super().__init__(values)
        self.blames: List[Optional[Blame]] = [None] * len(self) if blames is None else blames
        self.lost: Optional[Loss] = None


class TreeSet(Set[Any]):
    """A set of a file that is being read; it becomes a plain one in the config."""

    __slots__ = ("lost",)

    def __init__(self, values: Any = ()) -> None:
        super().__init__(values)
        self.lost: Optional[Loss] = None


class TreeTuple(Tuple[Any, ...]):
    """A tuple that knows what set each element (``blames`` has the same length)."""

    blames: Tuple[Optional[Blame], ...]

    def __new__(cls, values: Any = (), blames: Optional[Tuple[Optional[Blame], ...]] = None) -> TreeTuple:
        """A tuple of ``values``, set by ``blames`` (as many, or None)."""
        self = super().__new__(cls, values)
        self.blames = (None,) * len(self) if blames is None else blames
        return self


def absent(node: Any, key: Any) -> Optional[Unknown]:
    """What stands for a key that a dict does not have: Unknown where a missing base may have set it."""
    if isinstance(node, TreeDict) and node.missing and key not in node:
        for base in node.missing:
            if key not in base.spared:
                return base.unknown
    return None


#: Bits of the longest number that Python prints: 4300 digits (``sys.set_int_max_str_digits``, Python 3.11).
_PRINTED_BITS = 14_000


class LongNumber(int):
    """A number of more digits than Python prints; it shows its beginning and its end."""

    def __repr__(self) -> str:
        text = hex(self)
        return f"{text[:14]}...{text[-6:]} ({self.bit_length():,} bits)"

    __str__ = __repr__

    def __format__(self, specification: str) -> str:
        return repr(self)


def is_long(value: Any) -> bool:
    """Whether a number can only be shown shortened."""
    return isinstance(value, int) and value.bit_length() > _PRINTED_BITS


class LazyName:
    """A name imported by a lazy config: what MMEngine holds as ``LazyObject`` or ``LazyAttr``.

    Attributes:
        path: The dotted path it stands for, ``mmdet.models.RetinaNet``.
        text: What ``Config.to_dict()`` shows for it. The same, except that a whole module is shown with
            its name twice (``mmengine/config/config.py: _lazy2string``).
    """

    __slots__ = ("path", "text")

    def __init__(self, path: str, text: str = "") -> None:
        self.path = path
        self.text = text or path

    def __repr__(self) -> str:
        return f"LazyName({self.path!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LazyName) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)


def whole_module(path: str) -> LazyName:
    """A module imported as a whole: ``import a.b as c``."""
    return LazyName(path, text=f"{path}.{path}")


def deep_copy(value: Any, memo: Optional[Dict[int, Any]] = None) -> Any:
    """``copy.deepcopy`` for config trees: containers are copied, blames are shared, aliases stay aliases."""
    if not isinstance(value, (dict, list, tuple, set)):
        return value
    memo = {} if memo is None else memo
    known = memo.get(id(value))
    if known is not None:
        return known
    lost: Optional[Loss] = getattr(value, "lost", None)
    if lost is not None:
        return lost.unknown
    result: Any
    if isinstance(value, dict):
        result = TreeDict(config=getattr(value, "config", False))
        result.addict = getattr(value, "addict", False)
        memo[id(value)] = result
        for key, item in value.items():
            result[key] = deep_copy(item, memo)
        result.blames = dict(getattr(value, "blames", {}))
        result.missing = getattr(value, "missing", ())
    elif isinstance(value, list):
        result = TreeList()
        memo[id(value)] = result
        result.extend(deep_copy(item, memo) for item in value)
        result.blames = list(getattr(value, "blames", [None] * len(value)))
    elif isinstance(value, tuple):
        blames = getattr(value, "blames", None)
        result = memo[id(value)] = TreeTuple([deep_copy(item, memo) for item in value], blames)
    else:
        result = memo[id(value)] = TreeSet(value)
    return result


def hook(value: Any, fresh: bool = False, sets: Optional[Dict[int, TreeSet]] = None) -> Any:
    """What ``ConfigDict`` makes of a value stored in it (``mmengine/config/config.py: ConfigDict._hook``).

    A plain dict becomes a new config dict, a list or tuple a new one, a config dict stays the same object
    unless ``fresh`` asks for a copy of everything without aliases (``_dict_to_config_dict``). Sets stay the
    same objects: in a fresh copy each is one new set (``sets``), so that what was read can be read again.
    """
    if getattr(value, "lost", None) is not None:
        return value.lost.unknown
    if isinstance(value, set):
        return value if not fresh or sets is None else sets.setdefault(id(value), TreeSet(value))
    sets = {} if fresh and sets is None else sets
    if isinstance(value, dict):
        if not fresh and (getattr(value, "config", False) or getattr(value, "addict", False)):
            return value
        result = TreeDict(config=True)
        for key, item in value.items():
            result[key] = hook(item, fresh, sets) if isinstance(item, (dict, list, tuple, set)) else item
        result.blames = dict(getattr(value, "blames", {}))
        result.missing = getattr(value, "missing", ())
        return result
    if isinstance(value, list):
        return TreeList(
            [hook(item, fresh, sets) for item in value], list(getattr(value, "blames", [None] * len(value)))
        )
    if isinstance(value, tuple):
        return TreeTuple([hook(item, fresh, sets) for item in value], getattr(value, "blames", None))
    return value


def dict_copy(owner: TreeDict) -> TreeDict:
    """``dict.copy`` / ``ConfigDict.copy``: shallow; a config dict copies lists and tuples too."""
    result = TreeDict(config=owner.config)
    result.addict, result.missing = owner.addict, owner.missing
    for key, value in owner.items():
        result[key] = hook(value) if owner.config else value
    result.blames = dict(owner.blames)
    return result


def wrap(value: Any) -> Any:
    """A native container as a tree container; elements are kept as they are."""
    if type(value) in (TreeDict, TreeList, TreeTuple, TreeSet):
        return value
    if isinstance(value, dict):
        return TreeDict(value)
    if isinstance(value, list):
        return TreeList(value)
    if type(value) is tuple:
        return TreeTuple(value)
    return TreeSet(value) if isinstance(value, set) else value
