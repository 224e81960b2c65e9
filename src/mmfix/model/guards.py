"""Tests that decide whether a line runs, though it does not stand inside of them."""

from __future__ import annotations

import ast
from typing import Iterator, List

_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_BLOCKS = ("body", "orelse", "finalbody")


def tests_before(body: List[ast.stmt], line: int) -> Iterator[ast.expr]:
    """Of each ``if`` that leaves before a line is reached, and of one that stands in it; innermost first.

    Args:
        body: The statements of a function.
        line: The line.
    """
    for position, statement in enumerate(body):
        if not statement.lineno <= line <= (statement.end_lineno or statement.lineno):
            continue
        for inner in (statement, *getattr(statement, "handlers", ())):
            for name in _BLOCKS:
                yield from tests_before(getattr(inner, name, []), line)
        if isinstance(statement, ast.If) and statement.body[0].lineno == line == statement.lineno:
            yield statement.test
        for earlier in reversed(body[:position]):
            if isinstance(earlier, ast.If) and not earlier.orelse and isinstance(earlier.body[-1], _LEAVES):
                yield earlier.test
