"""How much work a call of Python's own functions is; see `bounds`."""

from __future__ import annotations

import ast
import math
import operator
import os.path as osp
import re
from typing import Any, Callable, Dict, Mapping, Sequence

from mmfix.python.bounds import (
    MAX_BITS,
    SEQUENCES,
    TEXT,
    TOO_LARGE_NUMBER,
    TooLarge,
    are_integers,
    characters,
    iterated,
    length,
    length_of_range,
    long_numbers,
    size_of_binary,
    size_of_number,
    size_of_power,
    weight,
)
from mmfix.python.method_bounds import size_of_formatted, size_of_method

#: The arguments, the named ones -> what the function costs beside walking through all of these.
_Size = Callable[[Sequence[Any], Mapping[str, Any]], int]

_SORTED = (*SEQUENCES, dict, set, frozenset)
#: Digits of the largest number.
_MAX_DIGITS = MAX_BITS * 3 // 10


def _range(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return 0 * length_of_range(range(*args))


def _as_text(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return characters(*args) // 16


def _from_text(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    longest = max((len(value) for value in args if isinstance(value, TEXT)), default=0)
    if longest > _MAX_DIGITS:
        raise TooLarge(TOO_LARGE_NUMBER)
    return longest * longest >> 16  # with each digit, all before it are multiplied


def _zeros(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return sum(max(0, value) for value in args if isinstance(value, int)) // 16


def _round(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    digits = [value for value in (*args[1:], *kwargs.values()) if isinstance(value, int)]
    if any(value < -_MAX_DIGITS for value in digits):
        raise TooLarge(TOO_LARGE_NUMBER)
    longest: int = max([0, *(-value for value in digits)])
    return longest * longest >> 16


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
    if not are_integers(*parts):
        return 0
    bits: int = sum(part.bit_length() for part in parts)
    return size_of_number(bits) + (bits * bits >> 20)


def _sum(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """Lists are copied once for each that is added."""
    parts = args[0] if args and isinstance(args[0], (list, tuple, set, frozenset)) else ()
    whole = sum(length(part) for part in parts if isinstance(part, SEQUENCES))
    return whole * len(parts) // 2


def _sorted(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """Each element is compared with as many as its place has binary digits."""
    return sum(weight(value) * len(value).bit_length() // 8 for value in args if isinstance(value, _SORTED))


def _substitute(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """``re.sub(pattern, new, text)``: at every character at most."""
    texts = [len(value) for value in args[1:3] if isinstance(value, TEXT)]
    return (texts[1] + 1) * texts[0] // 16 if len(texts) == 2 else 0


def _path(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """``os.path.join`` copies what it has for each that is added."""
    return sum(len(value) for value in args if isinstance(value, TEXT)) * len(args) // 64


def _operator(kind: type) -> _Size:
    return lambda args, kwargs: size_of_binary(kind, *args[:2]) if len(args) > 1 else 0


_FUNCTIONS: Dict[Any, _Size] = {
    range: _range,
    sorted: _sorted,
    **dict.fromkeys((str, repr, ascii, bin, hex, oct), _as_text),
    **dict.fromkeys((int, float, complex), _from_text),
    **dict.fromkeys((bytes, bytearray), _zeros),
    format: lambda args, kwargs: size_of_formatted(args[0], "".join(map(str, args[1:2]))) if args else 0,
    divmod: _operator(ast.FloorDiv),
    pow: lambda args, kwargs: size_of_power(*args, **kwargs),
    round: _round,
    sum: _sum,
    math.factorial: _factorial,
    math.gcd: lambda args, kwargs: sum(long_numbers(*pair) for pair in zip(args, args[1:])),
    re.sub: _substitute,
    osp.join: _path,
    str.join: lambda args, kwargs: size_of_method(args[0], "join", args[1:], kwargs) if args else 0,
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

#: Functions that do not look into what they are given: what comes of them is paid for when it comes.
_AT_ONCE = frozenset(
    (bool, callable, chr, enumerate, filter, id, isinstance, iter, len, map, next, ord, reversed, slice, zip)
)


def size_of_call(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """What ``function(*args, **kwargs)`` costs for a function of Python's own.

    Raises:
        TooLarge: It must not be computed.
        TypeError, ValueError: As the function would raise.
    """
    if function in _AT_ONCE:
        return len(args)
    size = _FUNCTIONS.get(function)
    walked = 0 if function is range else iterated(*args, *kwargs.values())
    return walked if size is None else walked + size(args, kwargs)
