"""Which statements of a constructor go under the flag that alone uses what they make, where that is exact.

The one place that decides it: `check` asks before it offers the cure, the cure before it changes the text.
"""

from __future__ import annotations

import ast
from typing import List, NamedTuple, Optional, Sequence, Set

from mmfix.findings import CodeSpot
from mmfix.remedies.own_code import Code, OwnCode, Refused, decided
from mmfix.wording import say

_CURE = say("make it under its flag")


class Flagged(NamedTuple):
    """``self.name = ...`` in a constructor, and the parameter under which it is to be made."""

    code: Code
    constructor: ast.FunctionDef
    statement: ast.Assign
    flag: str


def flagged(spots: Sequence[CodeSpot], files: OwnCode, refused: List[Refused]) -> List[Flagged]:
    """The statements for some lines that make a module; appends what cannot be done."""
    return decided(spots, files, refused, _flagged)


def _flagged(code: Code, line: int) -> Optional[Flagged]:
    """The one for a line; None where it is made under a flag already.

    Raises:
        Refused: It is made otherwise, or not used under one flag alone.
    """
    made = code.scopes.method_at(line)
    cls = None if made is None else code.scopes.class_around(made)
    if made is None or cls is None or made.name != "__init__":
        raise Refused(code.path, line, say("it is not made in a constructor"), _CURE)
    around = [item for item in made.body if item.lineno <= line <= (item.end_lineno or 0)]
    statement = around[0] if len(around) == 1 else None
    if isinstance(statement, ast.If) and isinstance(statement.test, ast.Name):
        return None
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(statement, ast.Assign) or not _is_own(target) or len(statement.targets) > 1:
        raise Refused(code.path, line, say("it is not made by a statement of its own"), _CURE)
    assert isinstance(target, ast.Attribute)
    flags = _flags(code, cls, target)
    if len(flags) != 1:
        why = say("{attribute} is not used under one flag alone", attribute=target.attr)
        raise Refused(code.path, line, why, _CURE)
    flag = flags.pop()
    if not _is_parameter(code, made, flag):
        raise Refused(code.path, line, say("{flag} is not what the constructor is given", flag=flag), _CURE)
    return Flagged(code, made, statement, flag)


def _flags(code: Code, cls: ast.ClassDef, target: ast.Attribute) -> Set[str]:
    """The flags that the uses of an attribute are under; empty where one is under none, or is hidden."""
    name, found = target.attr, set()
    for node in ast.walk(code.scopes.tree):
        if isinstance(node, ast.Constant) and node.value == name:
            return set()  # getattr(self, name)
        if not isinstance(node, ast.Attribute) or node.attr != name or node is target:
            continue
        inside = code.scopes.class_around(node) is cls and _is_own(node) and isinstance(node.ctx, ast.Load)
        flag = _flag_around(code, node) if inside else None
        if flag is None:
            return set()
        found.add(flag)
    return found


def _flag_around(code: Code, node: ast.AST) -> Optional[str]:
    """``flag`` where a node stands under ``if self.flag:``, or under that and more."""
    inner = node
    for outer in code.scopes.around(node):
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return None
        if isinstance(outer, ast.If) and inner in outer.body:
            both = isinstance(outer.test, ast.BoolOp) and isinstance(outer.test.op, ast.And)
            for test in outer.test.values if isinstance(outer.test, ast.BoolOp) and both else [outer.test]:
                if isinstance(test, ast.Attribute) and _is_own(test):
                    return test.attr
        inner = outer
    return None


def _is_parameter(code: Code, made: ast.FunctionDef, flag: str) -> bool:
    """Whether the object has under a name what its constructor is given under it, and nothing else ever."""
    args = made.args
    given = [arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs) if arg.arg == flag]
    if not given:
        return False
    kept = code.scopes.attribute(_attribute(made, flag))
    named = [node for node in ast.walk(made) if isinstance(node, ast.Name) and node.id == flag]
    return (
        isinstance(kept, ast.Name)
        and kept.id == flag
        and all(isinstance(node.ctx, ast.Load) for node in named)
    )


def _attribute(made: ast.FunctionDef, name: str) -> ast.Attribute:
    """``self.name``, as the constructor has it first."""
    return next(
        (node for node in ast.walk(made) if isinstance(node, ast.Attribute) and node.attr == name),
        ast.Attribute(ast.Name("", ast.Load()), name, ast.Load()),
    )


def _is_own(node: Optional[ast.AST]) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
