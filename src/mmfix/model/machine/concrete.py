"""Between the interpreter's values and Python's own: what is fully known can be computed by Python itself."""

from __future__ import annotations

import math
import operator
from typing import Any, Callable, Dict

from mmfix.model.machine.values import (
    MISSING,
    Instance,
    NativeClass,
    NativeRef,
    Opaque,
    PyDict,
    PyList,
    is_scalar,
)

_LARGEST_TEXT = 100_000
_LARGEST_POWER = 4096


class NotConcrete(Exception):
    """A value is not fully known."""


def to_python(value: Any) -> Any:
    """The Python value. Raises NotConcrete."""
    if is_scalar(value):
        return value
    if isinstance(value, tuple):
        return tuple(to_python(item) for item in value)
    if isinstance(value, PyList) and not value.open:
        return [to_python(item) for item in value.items]
    if isinstance(value, PyDict) and value.rest is MISSING and not value.maybe:
        return {key: to_python(item) for key, item in value.items.items()}
    if isinstance(value, (range, frozenset)):
        return value
    raise NotConcrete


def from_python(value: Any) -> Any:
    """The interpreter's value for a Python one made of scalars and containers."""
    if isinstance(value, tuple):
        return tuple(from_python(item) for item in value)
    if isinstance(value, list):
        return PyList([from_python(item) for item in value])
    if isinstance(value, dict):
        return PyDict({key: from_python(item) for key, item in value.items()})
    if isinstance(value, set):
        return frozenset(value)
    return value


def compute(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function`` applied by Python. Raises NotConcrete when something is unknown, too large, or refused."""
    values = [to_python(arg) for arg in args]
    named = {key: to_python(arg) for key, arg in kwargs.items()}
    if function in (operator.pow, pow, math.pow, operator.lshift) and any(
        isinstance(item, (int, float)) and abs(item) > _LARGEST_POWER for item in values
    ):
        raise NotConcrete
    if function is operator.mul and any(isinstance(item, (str, list, tuple, bytes)) for item in values):
        counts = [item for item in values if isinstance(item, int)]
        sizes = [len(item) for item in values if isinstance(item, (str, list, tuple, bytes))]
        if counts and sizes and counts[0] * sizes[0] > _LARGEST_TEXT:
            raise NotConcrete
    try:
        return from_python(function(*values, **named))
    except Exception as error:
        raise NotConcrete from error


def same(a: Any, b: Any) -> Any:
    """``a == b``: True, False, or None when it is not known."""
    if isinstance(a, NativeRef) and isinstance(b, NativeRef):
        return a.dotted == b.dotted
    if isinstance(a, NativeClass) and isinstance(b, NativeClass):
        return a.dotted == b.dotted
    try:
        return bool(to_python(a) == to_python(b))
    except NotConcrete:
        pass
    if isinstance(a, Opaque) or isinstance(b, Opaque):
        return None
    if isinstance(a, Instance) or isinstance(b, Instance):
        return True if a is b else None if isinstance(a, Instance) and isinstance(b, Instance) else False
    return True if a is b else None


OPERATORS: Dict[str, Callable[..., Any]] = {
    "Add": operator.add, "Sub": operator.sub, "Mult": operator.mul, "Div": operator.truediv,
    "FloorDiv": operator.floordiv, "Mod": operator.mod, "Pow": operator.pow, "LShift": operator.lshift,
    "RShift": operator.rshift, "BitOr": operator.or_, "BitXor": operator.xor, "BitAnd": operator.and_,
    "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge,
    "USub": operator.neg, "UAdd": operator.pos, "Invert": operator.invert,
}  # fmt: skip
