"""A report as JSON values, and back."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any, Dict, Tuple, Type

from mmfix.config.origin import MissingBase, Origin
from mmfix.findings import CodeSpot, Finding, KeyMove, Override, Remedy
from mmfix.python.place import Place
from mmfix.results.checked import ConfigReport, Problem
from mmfix.results.judged import Gap, Judged
from mmfix.results.suppressed import IgnoreUse, Suppressed

#: What a report consists of, beside Python's own values.
_CLASSES: Tuple[Type[Any], ...] = (
    *(ConfigReport, Problem, Judged, Gap, MissingBase, Suppressed, IgnoreUse),
    *(Finding, Remedy, Override, KeyMove, CodeSpot, Place, Origin),
)
_FIELDS: Dict[Type[Any], Tuple[str, ...]] = {
    cls: tuple(field.name for field in fields(cls)) if is_dataclass(cls) else cls._fields for cls in _CLASSES
}
_NAMED = {cls.__name__: cls for cls in _CLASSES}
_LIST, _DICT = "list", "dict"


class NotKept(Exception):
    """A value that JSON would not give back as it was."""


def to_values(item: Any) -> Any:
    """JSON values. A tuple is a list there; anything else that holds others is an object with one name.

    Raises:
        NotKept: It holds something that would not come back: a value that is not known, say.
    """
    kind = type(item)
    if item is None or kind in (str, int, bool):
        return item
    if kind is tuple:
        return [to_values(part) for part in item]
    if kind in _FIELDS:
        return {kind.__name__: [to_values(getattr(item, name)) for name in _FIELDS[kind]]}
    if kind is list:
        return {_LIST: [to_values(part) for part in item]}
    if kind is dict:
        return {_DICT: [[to_values(key), to_values(value)] for key, value in item.items()]}
    if kind is float and math.isfinite(item):
        return item
    raise NotKept(kind.__name__)


def from_values(value: Any) -> Any:
    """What :func:`to_values` was given.

    Raises:
        LookupError, TypeError, ValueError: It never gave that.
    """
    if isinstance(value, list):
        return tuple(map(from_values, value))
    if not isinstance(value, dict):
        return value
    ((name, parts),) = value.items()
    if name == _LIST:
        return list(map(from_values, parts))
    if name == _DICT:
        return {from_values(key): from_values(part) for key, part in parts}
    cls = _NAMED[name]
    if len(parts) != len(_FIELDS[cls]):
        raise ValueError(name)
    return cls(*map(from_values, parts))
