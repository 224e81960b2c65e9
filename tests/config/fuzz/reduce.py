"""Make a failing case small: delete statements, put expressions in the place of larger ones, while it still fails."""

from __future__ import annotations

import ast
import copy
import warnings
from dataclasses import replace
from typing import Any, Callable, Iterator, List, Tuple

from fuzz.case import Case

#: How often a case is tried at most.
MAX_TRIES = 600

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def reduce(case: Case, fails: Callable[[Case], bool], tries: int = MAX_TRIES) -> Case:
    """The smallest case found that still fails."""
    left = tries
    progress = True
    while progress:
        progress = False
        for name in list(case.files):
            position = 0
            while left > 0:
                smaller = _step(case.files[name], position)
                if smaller is None:
                    break
                left -= 1
                tried = replace(case, files={**case.files, name: smaller})
                if smaller != case.files[name] and _is_python(smaller) and fails(tried):
                    case, progress = tried, True
                else:
                    position += 1
    return case


def _is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            compile(text, "<reduced>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _step(text: str, position: int) -> Any:
    """The text with the change of that number made, or None when there are no more."""
    for number, changed in enumerate(_changes(ast.parse(text))):
        if number == position:
            try:
                return ast.unparse(ast.fix_missing_locations(changed)) + "\n"
            except (ValueError, AttributeError):  # an empty handler list and the like
                return text
    return None


def _changes(tree: ast.Module) -> Iterator[ast.Module]:
    """Every smaller tree that one change gives, the largest change first; each is a copy."""
    statements = [place for place in _places(tree) if isinstance(place[1], list)]
    for owner, items, index in statements:
        yield _with(tree, owner, items, index, [])
        inner = [part for name in _BLOCKS[:3] for part in getattr(items[index], name, [])]
        if inner and all(isinstance(part, ast.stmt) for part in inner):
            yield _with(tree, owner, items, index, inner)
    for node in list(ast.walk(tree)):
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                for smaller in _smaller(value):
                    setattr(node, field, smaller)
                    yield copy.deepcopy(tree)
                setattr(node, field, value)
            elif isinstance(value, list) and any(isinstance(item, (ast.expr, ast.keyword)) for item in value):
                for index, item in enumerate(value):
                    if not (isinstance(node, (ast.Dict, ast.Compare))):
                        yield _with(tree, node, value, index, [])
                    for smaller in _smaller(item) if isinstance(item, ast.expr) else ():
                        yield _with(tree, node, value, index, [smaller])


def _with(tree: ast.Module, owner: ast.AST, items: List[Any], index: int, instead: List[Any]) -> ast.Module:
    """A copy of the tree with an element of a list replaced; the tree itself is left as it is."""
    before = list(items)
    items[index : index + 1] = instead
    if not items and isinstance(before[0], ast.stmt) and not isinstance(owner, ast.Module):
        items.append(ast.Pass())
    try:
        return copy.deepcopy(tree)
    finally:
        items[:] = before


def _places(tree: ast.Module) -> List[Tuple[ast.AST, List[Any], int]]:
    """Every statement, handler and case, with the list that holds it; outer and later ones first."""
    found: List[Tuple[ast.AST, List[Any], int]] = []
    for node in ast.walk(tree):
        for name in _BLOCKS:
            items = getattr(node, name, None)
            if isinstance(items, list):
                found.extend((node, items, index) for index in reversed(range(len(items))))
    return found


def _smaller(node: ast.expr) -> Iterator[ast.expr]:
    """Expressions that may stand for a larger one."""
    if isinstance(node, (ast.Constant, ast.Name)) or not isinstance(
        getattr(node, "ctx", ast.Load()), ast.Load
    ):
        return
    yield ast.Constant(0)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and isinstance(getattr(child, "ctx", ast.Load()), ast.Load):
            yield child
        elif isinstance(child, ast.keyword):
            yield child.value
    if (
        not isinstance(node, (ast.Dict, ast.List))
        or getattr(node, "keys", None)
        or getattr(node, "elts", None)
    ):
        yield ast.Dict([], [])
