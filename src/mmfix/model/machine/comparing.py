"""Comparisons: what is known of them, and the condition behind what is not."""

from __future__ import annotations

import operator as op
from typing import TYPE_CHECKING, Any, Optional

from mmfix.model.machine import emptiness, indexing, paths
from mmfix.model.machine.codes import Code, code_of, expression
from mmfix.model.machine.concrete import OPERATORS, NotConcrete, compute, each_compared, is_small, same
from mmfix.model.machine.conditions import Note
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.joining import is_one_text
from mmfix.model.machine.single import plain
from mmfix.model.machine.values import (
    DATA,
    GIVEN,
    MISSING,
    TENSOR,
    Either,
    NativeRef,
    Opaque,
    Param,
    PyList,
    is_scalar,
)

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def comparison(node: Any) -> Code:
    """What evaluates ``left < right``, or a chain of such."""
    if len(node.ops) > 1:
        return expression(_several)(node)
    operator, left, right = type(node.ops[0]).__name__, code_of(node.left), code_of(node.comparators[0])

    def code(m: Machine, frame: Frame) -> Any:
        m.steps += 1
        answer = compare(m, operator, left(m, frame), right(m, frame))
        return emptiness.told(m, node, answer, frame) if isinstance(answer, Opaque) else answer

    return code


def _several(m: Machine, node: Any, frame: Frame) -> Any:
    left = m.eval(node.left, frame)
    answer: Any = True
    for operator, right_node in zip(node.ops, node.comparators):
        right = m.eval(right_node, frame)
        result = compare(m, type(operator).__name__, left, right)
        if isinstance(result, PyList):
            return result
        if result is False:
            return False
        if result is not True:
            answer = result
        left = right
    return emptiness.told(m, node, answer, frame) if isinstance(answer, Opaque) else answer


_COMPARISONS = {"Eq": op.eq, "NotEq": op.ne, "Lt": op.lt, "LtE": op.le, "Gt": op.gt, "GtE": op.ge}


def compare(m: Machine, operator: str, left: Any, right: Any) -> Any:
    """``left operator right``: True, False or UNKNOWN. A comparison of tensors has no gradient."""
    left, right = plain(left), plain(right)
    if operator in _COMPARISONS:
        if is_small(left) and is_small(right):
            return _COMPARISONS[operator](left, right)
        array = each_compared(operator, left, right)
        if array is not MISSING:
            return array
    if is_one_text(left):
        answers = {compare(m, operator, item, right) for item in paths.alternatives(m, left)}
        answer = answers.pop()
        return (
            answer
            if isinstance(answer, bool) and not answers
            else paths.compared(m, operator, left, right, DATA)
        )
    if operator in ("Is", "IsNot"):
        answer = _is(m, left, right)
    elif operator in ("Eq", "NotEq"):
        answer = same(left, right)
    elif operator in ("In", "NotIn"):
        answer = indexing.contains(m, right, left)
    else:
        try:
            answer = bool(compute(OPERATORS[operator], left, right))
        except NotConcrete:
            answer = None
        return _unknown_answer(m, operator, left, right) if answer is None else answer
    if answer is None:
        return _unknown_answer(m, operator, left, right)
    return answer if operator in ("Is", "Eq", "In") else not answer


def _unknown_answer(m: Machine, operator: str, left: Any, right: Any) -> Any:
    """A truth that is not known; of tensors, a tensor of truths."""
    none = left if right is None else right if left is None else MISSING
    is_order = operator not in ("Is", "IsNot", "In", "NotIn")
    if operator in ("Is", "IsNot", "Eq", "NotEq") and isinstance(none, (Opaque, Either)):
        side = paths.none_side(m, none)
        return Opaque(0, 0, DATA, note=Note(test=side if operator in ("Is", "Eq") else paths.opposite(side)))
    kind = TENSOR if is_order and (_is_tensor(left) or _is_tensor(right)) else DATA
    if left is right and operator in ("Eq", "NotEq"):  # only what is no number is not equal to itself
        return emptiness.told_broken(m, left, operator == "NotEq", kind)
    answer = paths.compared(m, operator, left, right, kind)
    if is_scalar(right) and operator in _COMPARISONS and isinstance(answer, Opaque) and answer.note.test:
        paths.tell(left, answer.note.test, lambda item: _COMPARISONS[operator](item, right))
    return answer


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Param) or (isinstance(value, Opaque) and value.kind == TENSOR)


def _is(m: Machine, left: Any, right: Any) -> Optional[bool]:
    if is_scalar(left) and is_scalar(right):
        return left is right or (left == right and type(left) is type(right))
    if right is None or left is None:
        value = left if right is None else right
        if isinstance(value, Opaque):
            return False if value.kind in (TENSOR, GIVEN) else paths.is_none(m, value)
        if isinstance(value, Either):
            return paths.is_none(m, value)
        return None if isinstance(value, NativeRef) else False
    if isinstance(left, Opaque) or isinstance(right, Opaque) or isinstance(left, Either):
        return None
    return True if left is right else same(left, right)
