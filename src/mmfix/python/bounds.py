"""How large the result of an operation would be, decided from its operands before it is computed.

The readers of configs and of models share this. A size is counted in elements; text and bytes count a
sixteenth of their length. What is too large for any reader raises :class:`TooLarge`; else the reader gets the
size, and sets it against what it has left. Here are values and operators; calls are in `call_bounds`.
"""

from __future__ import annotations

import ast
import re
from typing import Any, Callable, Dict, Iterable

#: A number has at most so many bits.
MAX_BITS = 100_000
#: A field in formatted text has at most so many characters.
MAX_WIDTH = 9_999
#: The longest range.
MAX_RANGE = 100_000

TEXT = (str, bytes, bytearray)
SEQUENCES = (str, bytes, bytearray, list, tuple)
#: Width and precision in ``%8.3f``; a star takes one from the values.
_PERCENT = re.compile(r"%(?:\([^()]*\))?[-#0 +]*(\*|\d*)(?:\.(\*|\d*))?")
#: A key with brackets in it, behind which the width is not looked for.
_STRANGE_KEY = re.compile(r"%\([^()]*\(")


class TooLarge(Exception):
    """An operation that is not done, with what it would do in one clause."""


TOO_LARGE_NUMBER = "computes a number too large"
TOO_WIDE = "formats text too wide"
TOO_MUCH = "computes too much"


# -- sizes of values -----------------------------------------------------------------------------


def weight(value: Any) -> int:
    """Nodes of a value, shared parts counted as often as they are seen: what walking it costs."""
    return _weigh(value, {})


def _weigh(value: Any, known: Dict[int, int]) -> int:
    if not isinstance(value, (dict, list, tuple, set, frozenset)):
        return len(value) // 16 if isinstance(value, (str, bytes)) else 1
    if id(value) not in known:
        known[id(value)] = 1  # a container inside itself is found when the config is finished
        items = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_weigh(item, known) for item in items)
    return known[id(value)]


def characters(*values: Any) -> int:
    """About how many characters values are as text.

    Raises:
        TooLarge: One is a number of too many digits.
    """
    return sum(_printed(value, {}) for value in values)


def _printed(value: Any, known: Dict[int, int]) -> int:
    if isinstance(value, TEXT):
        return len(value)
    if isinstance(value, int):
        size_of_number(value.bit_length())
        return value.bit_length() // 3 + 1
    if not isinstance(value, (dict, list, tuple, set, frozenset)):
        return 24
    if id(value) not in known:
        known[id(value)] = 0
        items: Iterable[Any] = [*value, *value.values()] if isinstance(value, dict) else value
        known[id(value)] = 2 + sum(2 + _printed(item, known) for item in items)
    return known[id(value)]


def length(sequence: Any) -> int:
    """How long it is, as sizes are counted."""
    return len(sequence) // 16 if isinstance(sequence, TEXT) else len(sequence)


def size_of_number(bits: int) -> int:
    """Nothing, for a number of so many bits.

    Raises:
        TooLarge: They are too many.
    """
    if bits > MAX_BITS:
        raise TooLarge(TOO_LARGE_NUMBER)
    return 0


def are_integers(*values: Any) -> bool:
    """Whether all are."""
    return all(isinstance(value, int) for value in values)


def field(*widths: Any) -> int:
    """How many characters a field of text is padded to; what is no number counts for nothing.

    Raises:
        TooLarge: Too many.
    """
    widest = max([0, *(abs(width) for width in widths if isinstance(width, int))])
    if widest > MAX_WIDTH:
        raise TooLarge(TOO_WIDE)
    return widest


# -- operators -----------------------------------------------------------------------------------


def size_of_power(base: Any, exp: Any, mod: Any = None) -> int:
    """The size of ``pow(base, exp, mod)``.

    Raises:
        TooLarge: It must not be computed.
    """
    if not are_integers(base, exp):
        return 0
    if mod is not None:
        return size_of_number(exp.bit_length() * mod.bit_length()) if are_integers(mod) else 0
    return size_of_number(base.bit_length() * exp) if exp > 0 and base.bit_length() > 1 else 0


def _shift_left(left: Any, right: Any) -> int:
    return size_of_number(left.bit_length() + right) if are_integers(left, right) else 0


def _multiply(left: Any, right: Any) -> int:
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, SEQUENCES) and isinstance(times, int):
            return max(0, len(sequence) * times) // (16 if isinstance(sequence, TEXT) else 1)
    if not are_integers(left, right):
        return 0
    return size_of_number(left.bit_length() + right.bit_length()) + _long_numbers(left, right)


def _long_numbers(left: Any, right: Any) -> int:
    """What multiplying and dividing costs: nothing, for numbers that a CPU has instructions for."""
    return (left.bit_length() * right.bit_length()) >> 20 if are_integers(left, right) else 0


def _add(left: Any, right: Any) -> int:
    return sum(length(value) for value in (left, right) if isinstance(value, SEQUENCES))


def _modulo(left: Any, right: Any) -> int:
    if not isinstance(left, TEXT):
        return _long_numbers(left, right)
    text = left if isinstance(left, str) else left.decode("latin-1")
    values = right if isinstance(right, tuple) else (right,)
    fields = [width for pair in _PERCENT.findall(text) for width in pair]
    if _STRANGE_KEY.search(text):
        fields += re.findall(r"\d+", text)
    padding = sum(field(int(width)) for width in fields if width.isdecimal() and len(width) < 10)
    if any(len(width) >= 10 for width in fields):
        raise TooLarge(TOO_WIDE)
    if "*" in fields:
        padding += fields.count("*") * field(*values)
    times = text.count("%") if isinstance(right, dict) else 1
    return weight(right) + (len(text) + padding + times * characters(*values)) // 16


_OPERATORS: Dict[type, Callable[[Any, Any], int]] = {
    ast.Add: _add,
    ast.Mult: _multiply,
    ast.Pow: size_of_power,
    ast.LShift: _shift_left,
    ast.Mod: _modulo,
    ast.FloorDiv: _long_numbers,
}


def size_of_binary(kind: type, left: Any, right: Any) -> int:
    """The size of ``left <kind> right``.

    Raises:
        TooLarge: It must not be computed.
    """
    size = _OPERATORS.get(kind)
    return 0 if size is None else size(left, right)
