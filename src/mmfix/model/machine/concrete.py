"""Between the interpreter's values and Python's own: what is fully known can be computed by Python itself."""

from __future__ import annotations

import operator
from typing import Any, Callable, Dict, List

from mmfix.model.machine.joining import concatenated
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
from mmfix.python.call_bounds import size_of_call
from mmfix.python.method_bounds import size_of_method

#: The largest result of one operation, as `mmfix.python.bounds` counts it: 10,000 items, 160,000 characters.
_LARGEST = 10_000
_SMALL = 1 << 60
_LONGEST_LIST = 10_000
#: Containers in one value that is handed to Python, and in each other: a list may hold itself.
_MOST_NODES = 20_000
_DEEPEST = 200


class NotConcrete(Exception):
    """A value is not fully known."""


def is_small(value: Any) -> bool:
    """Whether a value is a number that no bound has to be asked for."""
    kind = type(value)
    return kind is float or kind is bool or (kind is int and -_SMALL < value < _SMALL)


def to_python(value: Any) -> Any:
    """The Python value. Raises NotConcrete."""
    return value if is_scalar(value) else _container(value, [_MOST_NODES])


def _container(value: Any, left: List[int], depth: int = 0) -> Any:
    """A value with all that is in it, while there are nodes ``left``: shared parts can multiply."""
    if is_scalar(value):
        return value
    left[0] -= 1
    if left[0] < 0 or depth > _DEEPEST:
        raise NotConcrete
    if isinstance(value, tuple):
        return tuple(_container(item, left, depth + 1) for item in value)
    if isinstance(value, PyList) and not value.open:
        return [_container(item, left, depth + 1) for item in value.items]
    if isinstance(value, PyDict) and value.rest is MISSING and not value.maybe:
        return {key: _container(item, left, depth + 1) for key, item in value.items.items()}
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


def compute(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """``function`` applied by Python. Raises NotConcrete when something is unknown, too large, or refused."""
    values = [to_python(arg) for arg in args]
    named = {key: to_python(arg) for key, arg in kwargs.items()}
    return _apply(function, values, named, lambda: size_of_call(function, values, named))


def compute_method(name: str, receiver: Any, /, *args: Any, **kwargs: Any) -> Any:
    """``receiver.name(...)`` called by Python. Raises NotConcrete, as `compute`."""
    owner, *values = [to_python(arg) for arg in (receiver, *args)]
    named = {key: to_python(arg) for key, arg in kwargs.items()}
    method = getattr(owner, name, None)
    return _apply(method, values, named, lambda: size_of_method(owner, name, values, named))


def _apply(function: Any, values: List[Any], named: Dict[str, Any], size: Callable[[], int]) -> Any:
    try:
        if size() > _LARGEST:
            raise NotConcrete
        return from_python(function(*values, **named))
    except Exception as error:  # TooLarge, and whatever Python raises
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


def joined_sequence(operator: str, left: Any, right: Any) -> Any:
    """Two lists or two tuples joined, or one repeated, whatever is in them; None for any other operands.

    None, too, when there would be more than :data:`_LONGEST_LIST` items.
    """
    if operator == "Mult" and type(right) is int and isinstance(left, (PyList, tuple)):
        length = len(left.items if isinstance(left, PyList) else left)
        if length * right > _LONGEST_LIST:
            return None
        return PyList(left.items * right, left.open) if isinstance(left, PyList) else left * right
    if operator == "Add" and isinstance(left, PyList) and isinstance(right, PyList):
        return concatenated(left, right) if len(left.items) + len(right.items) <= _LONGEST_LIST else None
    if operator == "Add" and isinstance(left, tuple) and isinstance(right, tuple):
        return left + right if len(left) + len(right) <= _LONGEST_LIST else None
    return None


def each_compared(operator: str, left: Any, right: Any) -> Any:
    """``left < right`` of many numbers and one: an array, for Python compares no list with a number."""
    if operator not in ("Lt", "LtE", "Gt", "GtE") or not isinstance(left, PyList) or left.open:
        return MISSING
    if not all(isinstance(item, (int, float)) for item in (*left.items, right)):
        return MISSING
    return PyList([OPERATORS[operator](item, right) for item in left.items])
