"""Makes a model that shows something as small as it can be made."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any, Callable, Iterator, List, Tuple

from .programs import Program

Edit = Callable[[ast.Module], bool]


def reduced(program: Program, shows: Callable[[Program], bool]) -> Program:
    """The smallest model found that still ``shows`` it: statements, blocks and expressions go while it does."""
    program = replace(program, source=ast.unparse(ast.parse(program.source)))
    size = None
    while size != len(program.source):
        size = len(program.source)
        program = _without_statements(program, shows)
        program = _edited(program, shows)
        for key in [key for key in program.model if key != "type"]:
            smaller = replace(
                program, model={name: value for name, value in program.model.items() if name != key}
            )
            program = smaller if shows(smaller) else program
    return program


def _bodies(tree: ast.Module) -> Iterator[List[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                yield body


def _without_statements(program: Program, shows: Callable[[Program], bool]) -> Program:
    """Takes runs of statements out, long ones first."""
    length = 8
    while length:
        number = 0
        while True:
            tree = ast.parse(program.source)
            places = [(body, start) for body in _bodies(tree) for start in range(0, len(body), length)]
            if number >= len(places):
                break
            body, start = places[number]
            left = body[:start] + body[start + length :]
            if not left and body is not tree.body:
                left = (
                    []
                    if any(getattr(node, "orelse", None) is body for node in ast.walk(tree))
                    else [ast.Pass()]
                )
            if ast.dump(ast.Module(left, [])) != ast.dump(ast.Module(body, [])):
                body[:] = left
                smaller = replace(program, source=_text(tree))
                if smaller.source and shows(smaller):
                    program = smaller
                    continue
            number += 1
        length //= 2
    return program


def _edited(program: Program, shows: Callable[[Program], bool]) -> Program:
    """Puts a block in the place of its statement, and a part of an expression in the place of all of it."""
    number = 0
    while True:
        tree = ast.parse(program.source)
        edits = list(_edits(tree))
        if number >= len(edits):
            return program
        edits[number]()
        smaller = replace(program, source=_text(tree))
        if smaller.source and len(smaller.source) < len(program.source) and shows(smaller):
            program = smaller
        else:
            number += 1


def _edits(tree: ast.Module) -> Iterator[Callable[[], Any]]:
    for body in _bodies(tree):
        for index, node in enumerate(body):
            for name in ("body", "orelse"):
                inner = getattr(node, name, None)
                if inner and not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    yield lambda body=body, index=index, inner=inner: body.__setitem__(
                        slice(index, index + 1), inner
                    )
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                for part in _parts(value):
                    yield lambda node=node, name=name, part=part: setattr(node, name, part)
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    for part in _parts(item) if isinstance(item, ast.expr) else ():
                        yield lambda value=value, index=index, part=part: value.__setitem__(index, part)
                    if isinstance(item, (ast.expr, ast.keyword)) and len(value) > 1:
                        yield lambda value=value, index=index: value.__delitem__(index)


def _parts(value: ast.expr) -> Tuple[ast.expr, ...]:
    if isinstance(value, (ast.Name, ast.Constant)):
        return ()
    return tuple(item for item in ast.iter_child_nodes(value) if isinstance(item, ast.expr))


def _text(tree: ast.Module) -> str:
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
        compile(text, "program", "exec")
    except (SyntaxError, ValueError, AttributeError, TypeError, IndexError):
        return ""
    return text
