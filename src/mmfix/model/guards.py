"""Tests that decide whether a line runs, though it does not stand inside of them."""

from __future__ import annotations

import ast
from typing import Iterator, List, Set

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


def tests_behind(body: List[ast.stmt], line: int) -> Iterator[ast.expr]:
    """The tests that decide which function a variable is that a line calls: ``f = a if TEST else b``.

    Args:
        body: The statements of a function.
        line: The line of the call.
    """
    nodes = [node for statement in body for node in ast.walk(statement)]
    called = {
        node.func.id
        for node in nodes
        if isinstance(node, ast.Call) and node.lineno == line and isinstance(node.func, ast.Name)
    }
    for node in nodes if called else ():
        if isinstance(node, ast.If) and any(_binds(inner, called, line) for inner in ast.walk(node)):
            yield node.test
        elif (
            isinstance(node, ast.Assign) and isinstance(node.value, ast.IfExp) and _binds(node, called, line)
        ):
            yield node.value.test


def _binds(node: ast.AST, names: Set[str], line: int) -> bool:
    """Whether a statement before a line binds one of some names."""
    if not isinstance(node, ast.Assign) or node.lineno >= line:
        return False
    return any(isinstance(target, ast.Name) and target.id in names for target in node.targets)
