"""Operations whose result could be huge: checked before they are done."""

from __future__ import annotations

import ast
import operator
import re
from typing import Any, Callable, Dict

from mmfix.config.interpreter.state import Run

#: A field width in `{:>99999}`, in `%99999d`, and as the whole of a format specification.
_FIELD_WIDTH = re.compile(r"\{[^{}]*:[^{}]*\d{5,}")
_PERCENT_WIDTH = re.compile(r"%(\(\w*\))?[-#0 +]*(\d{5,}|[\d*]*\.\d{5,})")
_PERCENT_STAR = re.compile(r"%(\(\w*\))?[-#0 +]*(\*|\d*\.\*)")
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
        wide = any(abs(number) > 9999 for number in numbers)
        if _PERCENT_WIDTH.search(text) or (wide and _PERCENT_STAR.search(text)):
            run.fail("formats text too wide to be a setting", node)
        run.spend(weight(right), node)
    result = left % right
    if isinstance(result, (str, bytes)):
        run.spend(len(result) // 16, node)
    return result


def check_specification(run: Run, node: ast.AST, spec: str) -> None:
    """Refuse a format specification (``>10``) that asks for a huge field."""
    if _WIDTH.search(spec):
        run.fail("formats text too wide to be a setting", node)


def check_template(run: Run, node: ast.AST, template: str) -> None:
    """Refuse a template (``'{:>10}'``) that asks for a huge field."""
    if _FIELD_WIDTH.search(template):
        run.fail("formats text too wide to be a setting", node)


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
