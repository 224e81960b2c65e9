"""Tests that ask whether there is anything to compute on, and whether what was computed is a number."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Optional

from mmfix.model.machine import paths
from mmfix.model.machine.conditions import Note, Side
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.values import NUMBERS, UNKNOWN, Opaque
from mmfix.python import trees

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_COUNTS = ("numel", "nelement", "size")


@lru_cache(maxsize=4096)
def emptiness(test: Any) -> Optional[bool]:
    """What a test says when there is nothing to compute on (``num_pos > 0``: False); None for other tests."""
    truth = True
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, truth = test.operand, not truth
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "any":
        return not truth
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        limit = test.comparators[0]
        if isinstance(test.left, ast.Subscript) and isinstance(trees.index_of(test.left.slice), ast.Tuple):
            return None  # one entry of a tensor is not how many there are
        if isinstance(limit, ast.Constant) and type(limit.value) is int and limit.value == 0:
            if isinstance(test.ops[0], (ast.Eq, ast.LtE)):
                return truth
            if isinstance(test.ops[0], (ast.Gt, ast.NotEq)):
                return not truth
    return None


def told(m: Machine, test: ast.Compare, answer: Opaque, frame: Frame) -> Opaque:
    """The answer of a test that is not known; ``x.numel() > 0`` and ``len(x) == 0`` ask the same of ``x``.

    What the model has computed with gradients is there in every step that trains, whatever the boxes of a
    batch are: only entries that data has picked from it may be none.
    """
    empty = emptiness(test)
    node = _counted(test.left) if empty is not None else None
    value = m.eval(node, frame) if node is not None else None
    if not isinstance(value, Opaque) or value is UNKNOWN or value is NUMBERS:
        return answer
    asked = paths.interned(m, ("empty", value), value.born)
    asked.full = False
    asked.healthy = bool(value.may) and not value.note.picked
    return Opaque(0, 0, answer.kind, note=Note(test=(asked, empty)))


def told_broken(m: Machine, value: Any, broken: bool, kind: str) -> Opaque:
    """The answer of ``isnan(value)`` (``broken``) or of ``isfinite(value)``.

    What the model has computed is a number in every step that trains; only the mean of entries that data has
    picked may be one of nothing.
    """
    if not isinstance(value, Opaque) or not value.may or value.note.picked:
        return Opaque(0, 0, kind)
    asked = paths.interned(m, ("number", value), value.born)
    asked.full = asked.healthy = True
    return Opaque(0, 0, kind, note=Note(test=(asked, not broken)))


def told_equal(m: Machine, one: Opaque, other: Opaque) -> Opaque:
    """The answer of ``torch.equal`` of two tensors that are not the same in any step that trains."""
    asked = paths.interned(m, ("equal", one, other), max(one.born, other.born))
    asked.full, asked.healthy = False, True
    return Opaque(0, 0, one.kind, note=Note(test=(asked, True)))


def expected(side: Side) -> Optional[bool]:
    """What every step of a training that works answers to what is true on that side; None when not known."""
    return side[1] is side[0].full if side[0].healthy else None


def mark(test: Any, side: Side) -> None:
    """Remember of a condition that it asks whether there is something to compute on."""
    empty = emptiness(test)
    if empty is not None and side[0].full is None and _counts(test):
        side[0].full = side[1] is not empty


def _counted(node: ast.expr) -> Optional[ast.expr]:
    """``x`` of ``x.numel()``, ``x.size(0)``, ``x.shape[0]`` and ``len(x)``."""
    found: Optional[ast.expr] = None
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
        index = trees.index_of(node.slice)
        first = isinstance(index, ast.Constant) and index.value == 0
        found = node.value.value if first and node.value.attr == "shape" else None
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        found = node.func.value if node.func.attr in _COUNTS else None
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        found = node.args[0] if node.func.id == "len" else None
    plain = found
    while isinstance(plain, ast.Attribute):
        plain = plain.value
    return found if isinstance(plain, ast.Name) else None


def _counts(test: Any) -> bool:
    """Whether a test compares a count with zero, or asks for any of several: not any number."""
    while isinstance(test, ast.UnaryOp):
        test = test.operand
    if not isinstance(test, ast.Compare):
        return True
    left = test.left
    if isinstance(left, ast.Call) and isinstance(left.func, ast.Attribute):
        return left.func.attr in ("sum", "item", "count_nonzero", *_COUNTS)
    name = left.attr if isinstance(left, ast.Attribute) else getattr(left, "id", "")
    return any(part in name.lower() for part in ("num", "pos", "count", "n_"))
