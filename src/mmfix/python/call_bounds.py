"""How large the result of a call of Python's own functions and methods would be; see `bounds`."""

from __future__ import annotations

import ast
import math
import operator
import re
from typing import Any, Callable, Dict, Mapping, Sequence

from mmfix.python.bounds import (
    MAX_BITS,
    MAX_RANGE,
    SEQUENCES,
    TEXT,
    TOO_LARGE_NUMBER,
    TOO_MUCH,
    TOO_WIDE,
    TooLarge,
    are_integers,
    characters,
    field,
    length,
    size_of_binary,
    size_of_number,
    size_of_power,
)

#: Digits of the largest number.
_MAX_DIGITS = MAX_BITS * 3 // 10
_DIGITS = re.compile(r"\d+")


# -- methods -------------------------------------------------------------------------------------


def size_of_formatted(value: Any, specification: str) -> int:
    """The size of ``format(value, specification)``, or of such a field in an f-string.

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


def _replace(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    if len(args) < 2 or not all(isinstance(value, type(owner)) for value in args[:2]):
        return 0
    found: int = owner.count(args[0])
    return found * len(args[1]) // 16


def _join(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    if not args or not isinstance(args[0], (*TEXT, dict, list, tuple, set, frozenset)):
        return 0
    parts = sum(len(part) for part in args[0] if isinstance(part, TEXT))
    return (parts + len(owner) * len(args[0])) // 16


def _translate(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    table = args[0] if args and isinstance(args[0], dict) else {}
    longest = max([1, *(len(value) for value in table.values() if isinstance(value, str))])
    return len(owner) * longest // 16


def _to_bytes(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return _zeros([*args, *kwargs.values()], {})


def _look_through(owner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return _length_of_range(owner) if isinstance(owner, range) else 0


_METHODS: Dict[str, Callable[[Any, Sequence[Any], Mapping[str, Any]], int]] = {
    **dict.fromkeys(("ljust", "rjust", "center", "zfill"), _pad),
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


def size_of_method(owner: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """The size of ``owner.name(*args, **kwargs)`` for a text, a number or another plain value.

    Raises:
        TooLarge: It must not be computed.
    """
    walked = len(owner) // 16 if isinstance(owner, TEXT) else 0
    size = _METHODS.get(name)
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


# -- functions -----------------------------------------------------------------------------------


def _length_of_range(found: range) -> int:
    """Its length, also where ``len()`` has none."""
    last = found.step - (1 if found.step > 0 else -1)
    items = max(0, (found.stop - found.start + last) // found.step)
    if items > MAX_RANGE:
        raise TooLarge(TOO_MUCH)
    return items


def _range(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    _length_of_range(range(*args))
    return 0


def _walked(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return sum(_length_of_range(value) for value in args if isinstance(value, range))


def _as_text(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return characters(*args) // 16


def _from_text(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    if any(isinstance(value, TEXT) and len(value) > _MAX_DIGITS for value in args):
        raise TooLarge(TOO_LARGE_NUMBER)
    return 0


def _zeros(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return sum(max(0, value) for value in args if isinstance(value, int))


def _round(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    digits = [value for value in (*args[1:], *kwargs.values()) if isinstance(value, int)]
    if any(value < -_MAX_DIGITS for value in digits):
        raise TooLarge(TOO_LARGE_NUMBER)
    return 0


def _factorial(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    count = args[0] if args and isinstance(args[0], (int, float)) else 0
    return size_of_number(int(count) * int(count).bit_length()) if 0 < count < math.inf else 0


def _permutations(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    if len(args) < 2 or args[1] is None:
        return _factorial(args, kwargs)
    return size_of_number(min(args[1], args[0]) * args[0].bit_length()) if are_integers(*args) else 0


def _combinations(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    if len(args) != 2 or not are_integers(*args):
        return 0
    return size_of_number(min(args[1], max(0, args[0] - args[1])) * args[0].bit_length())


def _product(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    values = [*args, *kwargs.values()]
    parts = [part for value in values for part in (value if isinstance(value, (list, tuple)) else [value])]
    return size_of_number(sum(part.bit_length() for part in parts)) if are_integers(*parts) else 0


def _sum(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """Lists are copied once for each that is added."""
    parts = args[0] if args and isinstance(args[0], (list, tuple, set, frozenset)) else ()
    whole = sum(length(part) for part in parts if isinstance(part, SEQUENCES))
    return _walked(args, kwargs) + whole * len(parts) // 2


def _substitute(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """``re.sub(pattern, new, text)``: at every character at most."""
    texts = [len(value) for value in args[1:3] if isinstance(value, TEXT)]
    return (texts[1] + 1) * texts[0] // 16 if len(texts) == 2 else 0


def _operator(kind: type) -> Callable[[Sequence[Any], Mapping[str, Any]], int]:
    return lambda args, kwargs: size_of_binary(kind, *args[:2]) if len(args) > 1 else 0


_FUNCTIONS: Dict[Any, Callable[[Sequence[Any], Mapping[str, Any]], int]] = {
    range: _range,
    **dict.fromkeys((list, tuple, set, frozenset, sorted, min, max, all, any, enumerate, reversed), _walked),
    **dict.fromkeys((str, repr, ascii, bin, hex, oct), _as_text),
    **dict.fromkeys((int, float, complex), _from_text),
    **dict.fromkeys((bytes, bytearray), _zeros),
    format: lambda args, kwargs: size_of_formatted(args[0], "".join(map(str, args[1:2]))) if args else 0,
    divmod: _operator(ast.FloorDiv),
    pow: lambda args, kwargs: size_of_power(*args, **kwargs),
    round: _round,
    sum: _sum,
    math.factorial: _factorial,
    re.sub: _substitute,
    str.join: lambda args, kwargs: _join(args[0], args[1:], kwargs) if args else 0,
    operator.pow: _operator(ast.Pow),
    operator.lshift: _operator(ast.LShift),
    operator.mul: _operator(ast.Mult),
    operator.mod: _operator(ast.Mod),
    operator.floordiv: _operator(ast.FloorDiv),
    operator.add: _operator(ast.Add),
}
for _name, _size in (("perm", _permutations), ("comb", _combinations), ("prod", _product), ("lcm", _product)):
    if hasattr(math, _name):
        _FUNCTIONS[getattr(math, _name)] = _size


def size_of_call(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """The size of ``function(*args, **kwargs)`` for a function of Python's own, as far as it is known.

    Raises:
        TooLarge: It must not be computed.
        TypeError, ValueError: As the function would raise.
    """
    size = _FUNCTIONS.get(function)
    return 0 if size is None else size(args, kwargs)
