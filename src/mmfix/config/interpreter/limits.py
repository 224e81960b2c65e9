"""Operations whose result could be huge: checked before they are done."""

from __future__ import annotations

import ast
import operator
import re
from typing import Any, Callable, Dict

from mmfix.config.interpreter.state import Run

_WIDTH = re.compile(r"\d{5,}")
_MAX_BITS = 100_000


def power(run: Run, node: ast.AST, base: Any, exponent: Any) -> Any:
    """``base ** exponent`` with integers of bounded size."""
    if isinstance(base, int) and isinstance(exponent, int) and exponent > 0:
        bits = base.bit_length()
        if bits > 1 and bits * exponent > _MAX_BITS:
            run.fail("computes a number too large to be a setting", node)
    return base**exponent


def shift_left(run: Run, node: ast.AST, left: Any, right: Any) -> Any:
    """``left << right`` with integers of bounded size."""
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right > _MAX_BITS:
        run.fail("computes a number too large to be a setting", node)
    return left << right


def multiply(run: Run, node: ast.AST, left: Any, right: Any) -> Any:
    """``left * right`` with numbers and sequences of bounded size."""
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, (str, bytes, list, tuple)) and isinstance(times, int):
            run.spend(max(0, len(sequence) * times), node)
    if (
        isinstance(left, int)
        and isinstance(right, int)
        and left.bit_length() + right.bit_length() > _MAX_BITS
    ):
        run.fail("computes a number too large to be a setting", node)
    return left * right


def add(run: Run, node: ast.AST, left: Any, right: Any) -> Any:
    """``left + right``; sequences count."""
    if isinstance(left, (str, bytes, list, tuple)):
        run.spend(len(left), node)
    return left + right


def modulo(run: Run, node: ast.AST, left: Any, right: Any) -> Any:
    """``left % right``; for text the field widths are bounded."""
    if isinstance(left, (str, bytes)):
        text = left if isinstance(left, str) else left.decode("latin-1")
        numbers = [
            item for item in (right if isinstance(right, tuple) else (right,)) if isinstance(item, int)
        ]
        if _WIDTH.search(text) or ("*" in text and any(abs(number) > 9999 for number in numbers)):
            run.fail("formats text too wide to be a setting", node)
    return left % right


def check_format(run: Run, node: ast.AST, spec: str) -> None:
    """Refuse a format string or specification that asks for a huge field."""
    if _WIDTH.search(spec):
        run.fail("formats text too wide to be a setting", node)


BINARY: Dict[type, Callable[[Run, ast.AST, Any, Any], Any]] = {
    ast.Add: add,
    ast.Mult: multiply,
    ast.Pow: power,
    ast.LShift: shift_left,
    ast.Mod: modulo,
}
for _kind, _operation in (
    (ast.Sub, operator.sub),
    (ast.Div, operator.truediv),
    (ast.FloorDiv, operator.floordiv),
    (ast.RShift, operator.rshift),
    (ast.BitOr, operator.or_),
    (ast.BitAnd, operator.and_),
    (ast.BitXor, operator.xor),
    (ast.MatMult, operator.matmul),
):
    BINARY[_kind] = lambda run, node, left, right, _do=_operation: _do(left, right)  # type: ignore[misc]
