"""How much work an operation is, decided from its operands before it is done.

The readers of configs and of models share this. Work is counted in steps, each about what one element costs;
a step is also sixteen characters of text or bytes, or sixteen bytes of a number. What nobody has thought of
costs what walking through all its operands costs, shared parts counted as often as they are seen: that is
what comparing, hashing, copying and printing them costs at most. What is too much for any reader raises
:class:`TooLarge`; else the reader gets the steps, and sets them against what it has left. Here are values and
operators; calls are in `call_bounds`, methods in `method_bounds`.
"""

from __future__ import annotations

import ast
import re
from typing import Any, Callable, Dict, Iterable, Tuple

from mmfix.wording import say

#: A number has at most so many bits.
MAX_BITS = 100_000
#: A field in formatted text has at most so many characters.
MAX_WIDTH = 9_999
#: The longest range.
MAX_RANGE = 100_000

TEXT = (str, bytes, bytearray)
SEQUENCES = (str, bytes, bytearray, list, tuple)
#: Views of a dict: what is in it, without being it.
_VIEWS: Tuple[Any, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_INSIDE: Tuple[Any, ...] = (dict, list, tuple, set, frozenset, *_VIEWS)
_ONE = frozenset((float, bool, type(None), complex))
#: Keys whose parts are hashed, and compared.
_HASHED = (tuple, frozenset, set)
#: Width and precision in ``%8.3f``; a star takes one from the values.
_PERCENT = re.compile(r"%(?:\([^()]*\))?[-#0 +]*(\*|\d*)(?:\.(\*|\d*))?")
#: A key with brackets in it, behind which the width is not looked for.
_STRANGE_KEY = re.compile(r"%\([^()]*\(")


class TooLarge(Exception):
    """An operation that is not done, with what it would do in one clause."""


TOO_LARGE_NUMBER = say("computes a number too large")
TOO_WIDE = say("formats text too wide")
TOO_MUCH = say("computes too much")


# -- sizes of values -----------------------------------------------------------------------------


def weight(*values: Any) -> int:
    """What walking through values costs: their nodes, shared parts counted as often as they are seen."""
    known: Dict[int, int] = {}
    return sum(_weigh(value, known) for value in values)


def _weigh(value: Any, known: Dict[int, int]) -> Any:
    kind = type(value)
    if kind is int or isinstance(value, int):
        return 1 + (value.bit_length() >> 7)
    if isinstance(value, TEXT):
        return 1 + (len(value) >> 4)
    if kind in _ONE or not isinstance(value, _INSIDE):
        return 1
    found = known.get(id(value))
    if found is None:
        known[id(value)] = 1  # a container inside itself is found when the config is finished
        found = 1
        parts: Iterable[Any] = (value, value.values()) if isinstance(value, dict) else (value,)
        for items in parts:
            for item in items:
                kind = type(item)
                if kind is int:
                    found += 1 + (item.bit_length() >> 7)
                elif kind is str:
                    found += 1 + (len(item) >> 4)
                else:
                    found += 1 if kind in _ONE else _weigh(item, known)
        known[id(value)] = found
    return found


def outline(value: Any) -> int:
    """What copying a value costs that is one level of a container: keys are hashed and compared, too."""
    if not isinstance(value, _INSIDE):
        return weight(value)
    deep = [key for key in value if isinstance(key, _HASHED)] if not isinstance(value, (list, tuple)) else ()
    return 1 + len(value) + weight(*deep)


def hashed(key: Any) -> int:
    """What finding a key costs beside what finding any key does: nothing, for a short name or a number."""
    return weight(key) if isinstance(key, _HASHED) else length(key) if isinstance(key, TEXT) else 0


def iterated(*values: Any) -> int:
    """What running over values costs that are operands of something: a range counts as long as it is.

    Raises:
        TooLarge: A range is longer than any.
    """
    known: Dict[int, int] = {}
    return sum(
        length_of_range(value) if isinstance(value, range) else _weigh(value, known) for value in values
    )


def length_of_range(found: range) -> int:
    """Its length, also where ``len()`` has none.

    Raises:
        TooLarge: Longer than any range that a setting is made of.
    """
    last = found.step - (1 if found.step > 0 else -1)
    items = max(0, (found.stop - found.start + last) // found.step)
    if items > MAX_RANGE:
        raise TooLarge(TOO_MUCH)
    return items


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
        digits: int = value.bit_length() // 3 + 1
        return digits + (digits * digits >> 12)  # each is made from all that come behind it
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
    """What a number of so many bits costs.

    Raises:
        TooLarge: They are too many.
    """
    if bits > MAX_BITS:
        raise TooLarge(TOO_LARGE_NUMBER)
    return bits >> 7


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
    if mod is not None and are_integers(mod):
        size_of_number(exp.bit_length() * mod.bit_length())
        size_of_number(base.bit_length())
        return long_numbers(base, mod) + int(exp.bit_length() * mod.bit_length() ** 2 >> 18)
    return size_of_number(base.bit_length() * exp) if exp > 0 and base.bit_length() > 1 else 0


def _shift_left(left: Any, right: Any) -> int:
    return size_of_number(left.bit_length() + right) if are_integers(left, right) else 0


def _multiply(left: Any, right: Any) -> int:
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, SEQUENCES) and isinstance(times, int):
            return max(0, len(sequence) * times) // (16 if isinstance(sequence, TEXT) else 1)
    if not are_integers(left, right):
        return 0
    return size_of_number(left.bit_length() + right.bit_length()) + long_numbers(left, right)


def long_numbers(left: Any, right: Any) -> int:
    """What multiplying and dividing costs: nothing, for numbers that a CPU has instructions for."""
    return int(left.bit_length() * right.bit_length()) >> 20 if are_integers(left, right) else 0


def _add(left: Any, right: Any) -> int:
    if isinstance(left, SEQUENCES) and isinstance(right, SEQUENCES):
        return length(left) + length(right)
    return weight(left, right)


def _modulo(left: Any, right: Any) -> int:
    if not isinstance(left, TEXT):
        return weight(left, right) + long_numbers(left, right)
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
    ast.FloorDiv: lambda left, right: weight(left, right) + long_numbers(left, right),
    ast.BitOr: lambda left, right: outline(left) + outline(right),
}


def size_of_binary(kind: type, left: Any, right: Any) -> int:
    """What ``left <kind> right`` costs.

    Raises:
        TooLarge: It must not be computed.
    """
    size = _OPERATORS.get(kind)
    return weight(left, right) if size is None else size(left, right)


def size_of_comparison(kind: type, left: Any, right: Any) -> int:
    """What ``left <kind> right`` costs, where that is ``==``, ``<``, ``in`` or their like.

    Raises:
        TooLarge: It must not be computed.
    """
    if kind in (ast.Is, ast.IsNot):
        return 0
    if kind not in (ast.In, ast.NotIn):
        return _compared(left, right)
    if isinstance(right, (dict, set, frozenset, _VIEWS[0], _VIEWS[2])):
        return hashed(left)
    if isinstance(right, range):
        return 0 if isinstance(left, int) else length_of_range(right)
    if isinstance(left, TEXT) and isinstance(right, TEXT):
        return searched(right, left)
    return _compared(left, right)


def _compared(left: Any, right: Any) -> int:
    """Python compares four elements in the time that a step takes."""
    return weight(left, right) // 4


def searched(text: Any, wanted: Any) -> int:
    """What looking for a text in another costs at worst: all of it at each place."""
    return length(text) + (len(text) * len(wanted) >> 10)
