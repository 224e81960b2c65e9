"""Tensors of one number that is known: counters that a model keeps in a buffer."""

from __future__ import annotations

from typing import Any, Union

from mmfix.model.machine.concrete import OPERATORS, NotConcrete, compute
from mmfix.model.machine.values import MISSING, TENSOR, Opaque


class Single(Opaque):
    """A tensor with one number; ``value`` is MISSING as soon as code may have written into it."""

    __slots__ = ("value",)

    def __init__(self, value: Union[int, float]) -> None:
        super().__init__(0, 0, TENSOR)
        self.value: Any = value

    def forget(self) -> None:
        """Code that is not followed may write into it."""
        self.value = MISSING


def plain(value: Any) -> Any:
    """The number in such a tensor; any other value as it is."""
    return value.value if isinstance(value, Single) and value.value is not MISSING else value


def computed(operator: str, left: Any, right: Any) -> Any:
    """``left operator right`` of such a tensor and another or a number; MISSING where that is not known."""
    function = OPERATORS.get(operator)
    one, two = plain(left), plain(right)
    if function is None or not all(isinstance(item, (int, float)) for item in (one, two)):
        return MISSING
    try:
        return Single(compute(function, one, two))
    except NotConcrete:
        return MISSING
