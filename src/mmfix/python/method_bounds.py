"""How much work a method of a text, a number or another plain value of Python is; see `bounds`."""

from __future__ import annotations

import ast
import re
from typing import Any, Callable, Dict, Mapping, Sequence

from mmfix.python.bounds import (
    TEXT,
    TOO_WIDE,
    TooLarge,
    characters,
    field,
    hashed,
    iterated,
    length_of_range,
    searched,
    size_of_binary,
    size_of_power,
    weight,
)

#: The receiver, the arguments, the named ones -> what the method costs beside walking through all of these.
_Size = Callable[[Any, Sequence[Any], Mapping[str, Any]], int]

_DIGITS = re.compile(r"\d+")
#: Encodings that are written in C; Python's own for domain names go through all of a text for each character.
_ENCODINGS = re.compile(r"(utf|ascii|latin|iso|cp|us)[-_a-z0-9]*", re.IGNORECASE)


def size_of_formatted(value: Any, specification: str) -> int:
    """What ``format(value, specification)``, or such a field in an f-string, costs.

    Raises:
        TooLarge: It asks for a huge field.
    """
    return (_padding(specification) + characters(value)) // 16


def _padding(specification: str) -> int:
    widths = _DIGITS.findall(specification)
    if any(len(width) >= 10 for width in widths):
        raise TooLarge(TOO_WIDE)
    return sum(field(int(width)) for width in widths)


def _template(template: Any, values: Sequence[Any]) -> int:
    """``'{:>10}'.format(...)``."""
    from string import Formatter

    try:
        fields = [spec or "" for _, name, spec, _ in Formatter().parse(template) if name is not None]
    except (ValueError, TypeError):
        return 0  # Python says what is wrong with it
    padding = 0
    for spec in fields:
        padding += _padding(spec)
        if "{" in spec:  # the width comes from the values, digit by digit if need be
            most = max((sum(map(str.isdigit, str(value))) for value in values if _spells(value)), default=0)
            padding += field(10 ** min(10, sum(map(str.isdigit, spec)) + spec.count("{") * most) - 1)
    return (len(template) + padding + len(fields) * characters(*values)) // 16


def _spells(value: Any) -> bool:
    """Whether a value, put into a format specification, can ask for a width."""
    return isinstance(value, str) or (isinstance(value, int) and characters(value) > 0)


def _format(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return _template(owner, [*args, *kwargs.values()])


def _format_map(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    values = [value for mapping in args if isinstance(mapping, dict) for value in mapping.values()]
    return _template(owner, values)


def _pad(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return field(*args, *kwargs.values()) // 16


def _expand_tabs(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    tabs: int = owner.count("\t" if isinstance(owner, str) else b"\t")
    return tabs * max(8, field(*args, *kwargs.values())) // 16


def _search(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """At worst all of each text that is looked for is compared at each place."""
    return sum(searched(owner, value) for value in args if isinstance(value, TEXT))


def _replace(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    if len(args) < 2 or not all(isinstance(value, type(owner)) for value in args[:2]):
        return 0
    found: int = owner.count(args[0])
    return found * len(args[1]) // 16 + _search(owner, args[:1], {})


def _split(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """Each part is a text of its own."""
    separators = [value for value in (*args, *kwargs.values()) if isinstance(value, type(owner)) and value]
    if not separators:
        return len(owner) // 2
    return int(owner.count(separators[0])) + _search(owner, separators, {})


def _join(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    if not args or not isinstance(args[0], (*TEXT, dict, list, tuple, set, frozenset)):
        return 0
    parts = sum(len(part) for part in args[0] if isinstance(part, TEXT))
    return (parts + len(owner) * len(args[0])) // 16


def _translate(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    table = args[0] if args and isinstance(args[0], dict) else {}
    longest = max([1, *(len(value) for value in table.values() if isinstance(value, str))])
    return len(owner) * (longest + 3) // 16


def _code(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    names = [value for value in (*args, *kwargs.values()) if isinstance(value, str)]
    known = all(_ENCODINGS.fullmatch(name) for name in names[:1])
    return len(owner) if known else len(owner) ** 2


def _to_bytes(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return sum(max(0, value) for value in (*args, *kwargs.values()) if isinstance(value, int)) // 16


def _look_through(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    if isinstance(owner, range):
        return 0 if all(isinstance(value, int) for value in args) else length_of_range(owner)
    return _search(owner, args, kwargs) if isinstance(owner, TEXT) else 0


_METHODS: Dict[str, _Size] = {
    **dict.fromkeys(("ljust", "rjust", "center", "zfill"), _pad),
    **dict.fromkeys(
        ("find", "rfind", "rindex", "partition", "rpartition", "strip", "lstrip", "rstrip"), _search
    ),
    **dict.fromkeys(("split", "rsplit", "splitlines"), _split),
    **dict.fromkeys(("encode", "decode"), _code),
    "expandtabs": _expand_tabs,
    "format": _format,
    "format_map": _format_map,
    "replace": _replace,
    "join": _join,
    "translate": _translate,
    "to_bytes": _to_bytes,
    "count": _look_through,
    "index": _look_through,
    "__format__": lambda owner, args, kwargs: size_of_formatted(owner, "".join(map(str, args))),
}
#: What `a + b` calls: the kind, and whether the operands change places.
_SPECIAL = {
    f"__{side}{name}__": (kind, side == "r")
    for name, kind in (("add", ast.Add), ("mul", ast.Mult), ("lshift", ast.LShift), ("mod", ast.Mod))
    for side in ("", "r")
}
#: Methods of sets that look at one element alone.
_OF_ONE = frozenset(("add", "discard", "remove"))


def size_of_method(owner: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """What ``owner.name(*args, **kwargs)`` costs for a text, a number or another plain value.

    Raises:
        TooLarge: It must not be computed.
    """
    if isinstance(owner, set) and name in _OF_ONE:
        return 1 + sum(map(hashed, args))
    size = _METHODS.get(name)
    walked = (0 if isinstance(owner, range) else weight(owner)) + iterated(*args, *kwargs.values())
    if size is not None:
        return walked + size(owner, args, kwargs)
    if name == "__pow__" and args:
        return size_of_power(owner, *args[:2])
    if name == "__rpow__" and args:
        return size_of_power(args[0], owner)
    if name not in _SPECIAL or not args:
        return walked
    kind, turned = _SPECIAL[name]
    return size_of_binary(kind, args[0], owner) if turned else size_of_binary(kind, owner, args[0])
