"""Values that begin as a number or None and may have become tensors.

``loss = 0``, then ``loss = loss + ...`` for some images, then ``if not torch.is_tensor(loss)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional, Tuple

from mmfix.model.machine import paths
from mmfix.model.machine.conditions import MaybeScalar, Note, Split, must_on
from mmfix.model.machine.values import DATA, TENSOR, UNKNOWN, Opaque, Param, is_scalar

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_MOST_SCALARS = 4
_ALL = -1


def either(a: Any, b: Any, first: Opaque, second: Opaque, ways: Split) -> Optional[MaybeScalar]:
    """What is known of a value that is ``a`` or ``b``, which depend on ``first`` and on ``second``.

    None when it is no scalar, and when what is none of its scalars may be anything.
    """
    if not _may_be(a) or not _may_be(b):
        return None
    one = _parts(a, must_on(first.must, first.given, ways.first))
    other = _parts(b, must_on(second.must, second.given, ways.second))
    scalars = {(type(item), item): item for item in (*one[1], *other[1])}
    bits = one[0] & other[0]
    if not scalars or len(scalars) > _MOST_SCALARS or bits in (_ALL, 0):
        return None
    return MaybeScalar(tuple(scalars.values()), bits)


def _may_be(value: Any) -> bool:
    """Whether a value is a tensor or one of a few scalars."""
    if isinstance(value, Opaque):
        return value.kind == TENSOR or value.note.maybe_scalar is not None
    return isinstance(value, Param) or is_scalar(value)


def _parts(value: Any, must: int) -> Tuple[int, Tuple[Any, ...]]:
    """What a value depends on where it is no scalar, and the scalars that it may be."""
    if isinstance(value, Opaque) and value.note.maybe_scalar is not None:
        return value.note.maybe_scalar.otherwise | must, value.note.maybe_scalar.scalars
    return (must, ()) if isinstance(value, (Opaque, Param)) else (_ALL, (value,))


def asked(m: Machine, value: Any, test: Callable[[Any], Optional[bool]]) -> Any:
    """What a test says that tells a tensor from the scalars that a value may be (``torch.is_tensor``)."""
    if not isinstance(value, Opaque) or value.note.maybe_scalar is None:
        return UNKNOWN
    answers = {test(item) for item in value.note.maybe_scalar.scalars}
    of_tensors = test(Opaque(0, 0, TENSOR))
    if of_tensors is None or answers != {not of_tensors}:
        return UNKNOWN
    side = (paths.interned(m, ("tensor", value), value.born), of_tensors)
    paths.tell(value, side, lambda item: not of_tensors)
    return Opaque(0, 0, DATA, note=Note(test=side))
