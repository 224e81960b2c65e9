"""Operations whose result could be huge: refused, or paid for from the budget, before they are done."""

from __future__ import annotations

import ast
import operator
from typing import Any, Callable, Dict

from mmfix.config.interpreter.state import Run
from mmfix.python.bounds import TooLarge, size_of_binary

_OPERATIONS: Dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
    ast.MatMult: operator.matmul,
}


def pay(run: Run, node: ast.AST, size: Callable[..., int], *operands: Any) -> None:
    """Use up the budget for a result of that size.

    Args:
        run: The file.
        node: What is evaluated.
        size: One of ``mmfix.python.bounds``.
        operands: What it asks for.

    Raises:
        ConfigError: It is too large.
    """
    try:
        amount = size(*operands)
    except TooLarge as error:
        run.fail(f"{error} to be a setting", node)
    run.spend(amount, node)


def compute(run: Run, node: ast.AST, kind: type, left: Any, right: Any) -> Any:
    """``left <kind> right``."""
    pay(run, node, size_of_binary, kind, left, right)
    return _OPERATIONS[kind](left, right)
