"""Where text that people may read stands in code: inside of `say` and `mark`, and outside of them."""

from __future__ import annotations

import ast
import builtins
import re
from string import Formatter
from typing import Iterator, List, Tuple

#: A word beside another word, or beside a field, which is ``\0``.
_SENTENCE = re.compile(
    r"""[A-Za-z][a-z'-]*[)\]'"`]*[,:;]?\ [(\['"`]*[A-Za-z\0]
      | \0[)\]'"`]*[,:;]?\ [(\['"`]*[A-Za-z]""",
    re.X,
)
#: Calls whose text is no sentence: patterns, names for a type checker, examples.
_NOT_FOR_PEOPLE = frozenset(
    (
        "compile",
        "match",
        "search",
        "sub",
        "fullmatch",
        "findall",
        "finditer",
        "TypeVar",
        "cast",
        "Case",
        "_case",
        "sign",
    )
)
_OF_TEXT = frozenset(
    ("split", "startswith", "endswith", "partition", "rpartition", "replace", "find", "count", "index")
)
#: Where a framework does something, as evidence names it.
_IN_A_FRAMEWORK = re.compile(r"(\S+ )?([\d.]+ )?[\w/]+\.py: [\w.]+")
#: Names that hold pages and examples, which are read whole.
_PAGES = frozenset(("CASES", "_CASES", "__doc__"))
_PYTHONS_OWN = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)


def said(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls of `say` and `mark` in a file that imports them."""
    nodes = list(ast.walk(tree))
    imported = {
        alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "mmfix.wording"
        for alias in node.names
    }
    for node in nodes:
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in imported:
            yield node


def fields(template: str) -> List[str]:
    """What stands in the braces of a template, without conversions and format specifications."""
    return [name for _, name, _, _ in Formatter().parse(template) if name is not None]


def unsaid(node: ast.AST) -> Iterator[Tuple[int, str]]:
    """Line and text (a field is ``{}``) of what looks like a sentence outside of `say` and `mark`."""
    text = _text(node)
    if text is not None and _SENTENCE.search(text) and not _IN_A_FRAMEWORK.fullmatch(text):
        yield getattr(node, "lineno", 0), text.replace("\0", "{}")
    for part in _parts(node):
        yield from unsaid(part)


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
    return None


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """What is inside of it and may be for people."""
    if isinstance(node, ast.JoinedStr):  # its own text was looked at as a whole
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield part.value
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # documentation
        return
    elif isinstance(node, ast.Call):
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        yield node.func
        if (
            called in _PYTHONS_OWN
            or called in _NOT_FOR_PEOPLE
            or (called in _OF_TEXT and isinstance(node.func, ast.Attribute))
        ):
            return
        template = called in ("say", "mark") and bool(node.args) and isinstance(node.args[0], ast.Constant)
        yield from node.args[1 if template else 0 :]
        # the message of a kind of error is a word of its page
        words = (
            node.keywords if called != "Kind" else [each for each in node.keywords if each.arg != "message"]
        )
        yield from (keyword.value for keyword in words)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Constant):  # "a b".split()
        return
    elif isinstance(node, ast.Compare):
        yield from (side for side in (node.left, *node.comparators) if _text(side) is None)
    elif isinstance(node, ast.Dict):
        yield from node.values
    elif isinstance(node, ast.Subscript):
        yield node.value
        # before Python 3.9, the index is wrapped in a node of its own
        index = getattr(node.slice, "value", None) if type(node.slice).__name__ == "Index" else node.slice
        if index is not None and _text(index) is None:
            yield index
    elif isinstance(node, ast.Assign) and {getattr(name, "id", "") for name in node.targets} & _PAGES:
        return
    elif isinstance(node, ast.AnnAssign):
        if getattr(node.target, "id", "") not in _PAGES and node.value is not None:
            yield node.value
    elif isinstance(node, ast.arg):
        return
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        if node.name != "__repr__":
            yield from (*node.decorator_list, node.args, *node.body)
    else:
        yield from ast.iter_child_nodes(node)
