"""The literal of a Python config that sets a value: where it stands, and what is to stand there."""

from __future__ import annotations

import ast
import io
import tokenize
from typing import Any, Dict, Iterable, Iterator, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.config.origin import Origin
from mmfix.config.source import Source, parse_source
from mmfix.patches.block import line_break
from mmfix.patches.difference import differences
from mmfix.patches.expression import WIDTH, render
from mmfix.patches.spans import Edit, NotInPlace, line_starts, node_span
from mmfix.wording import say

#: What may stand around a literal: data, and what hands it on once.
_PLAIN = (
    *(ast.Module, ast.If, ast.With, ast.Try, ast.Assign, ast.AnnAssign, ast.Expr),
    *(ast.Dict, ast.List, ast.Tuple, ast.Call, ast.keyword),
)
_COMPREHENSION = say("a comprehension")
#: What evaluates a literal any number of times, or later.
_REPEATED: Dict[type, str] = {
    ast.For: say("a loop"),
    ast.While: say("a loop"),
    ast.FunctionDef: say("a function"),
    ast.Lambda: say("a function"),
    ast.ClassDef: say("a class"),
    ast.ListComp: _COMPREHENSION,
    ast.SetComp: _COMPREHENSION,
    ast.DictComp: _COMPREHENSION,
    ast.GeneratorExp: _COMPREHENSION,
}


def edit_in_python(path: str, text: str, origin: Origin, key: KeyPath, old: Any, new: Any) -> Edit:
    """What makes ``new`` of the literal ``old``, which stands at ``origin``.

    A list or tuple that only gets more elements keeps the text of those that it has.

    Args:
        path: The config.
        text: Its text.
        origin: Where the value at ``key`` was set.
        key: The value.
        old: What it is.
        new: What it is to be.

    Raises:
        NotInPlace: No literal for it stands there, or one that is not evaluated exactly once.
        ConfigError: The text cannot be parsed.
        PatchError: The new value cannot be written as text.
    """
    node, around = _literal_at(parse_source(path, text), origin, old)
    require_once(around)
    if isinstance(node, (ast.List, ast.Tuple)) and _is_beginning(old, new):
        start, end = node_span(text, node.elts[-1])
        last = text[start:end]
        more = "".join(f", {_rendered(item, last)}" for item in new[len(old) :])
        return Edit(start, end, last + more, (*key, len(old) - 1))
    start, end = node_span(text, node)
    if _has_comment(text[start:end]):
        raise NotInPlace(say("a comment stands in it"))
    line = text[line_starts(text)[node.lineno - 1] : start]
    indent = len(line) - len(line.lstrip())
    rendered = _rendered(new, text[start:end], indent, WIDTH - len(line) - 1)
    return Edit(start, end, rendered.replace("\n", line_break(text.encode("utf-8"))), key)


def require_once(around: Iterable[ast.AST]) -> None:
    """Return if what stands inside of these nodes is evaluated exactly once, and is data.

    Raises:
        NotInPlace: It is not.
    """
    for outer in around:
        if type(outer) in _REPEATED:
            raise NotInPlace(say("it stands in {what}", what=_REPEATED[type(outer)]))
        if not isinstance(outer, _PLAIN):
            raise NotInPlace(say("an expression sets it"))


def _literal_at(source: Source, origin: Origin, value: Any) -> Tuple[ast.expr, Tuple[ast.AST, ...]]:
    """The literal for a value at its origin, and the nodes around it.

    Several may begin there: a tuple without brackets and its first element, a sum and its first number.
    """
    assert source.raw_tree is not None
    reason = ""
    for node, around in around_line(source.raw_tree, origin.line, ()):
        if not isinstance(node, ast.expr) or source.origin(node) != origin:
            continue
        try:
            literal = _value(node)
        except (ValueError, TypeError):
            reason = reason or say("an expression sets it")
            continue
        if not any(differences(literal, value)):
            return node, around
        reason = reason or say("what stands there is not all of it")
    raise NotInPlace(reason or say("no text of the file sets it"))


def around_line(
    node: ast.AST, line: int, around: Tuple[ast.AST, ...]
) -> Iterator[Tuple[ast.AST, Tuple[ast.AST, ...]]]:
    """The nodes that a line has a part of, outer ones first, each with those around it."""
    first, last = getattr(node, "lineno", line), getattr(node, "end_lineno", line)
    if not first <= line <= last:
        return
    yield node, around
    for inner in ast.iter_child_nodes(node):
        yield from around_line(inner, line, (*around, node))


def _value(node: ast.AST) -> Any:
    """What a literal stands for.

    Raises:
        ValueError: It is none.
    """
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        number = _value(node.operand)
        if type(number) in (int, float):
            return -number if isinstance(node.op, ast.USub) else number
    if isinstance(node, (ast.List, ast.Tuple)):
        items = [_value(item) for item in node.elts]
        return items if isinstance(node, ast.List) else tuple(items)
    if isinstance(node, ast.Dict) and None not in node.keys:
        return {_value(key): _value(item) for key, item in zip(node.keys, node.values) if key is not None}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        named = not node.args and all(word.arg for word in node.keywords)
        if named:
            return {word.arg: _value(word.value) for word in node.keywords}
    raise ValueError(ast.dump(node))


def _is_beginning(old: Any, new: Any) -> bool:
    """Whether a list or tuple begins with all that another one of its kind has, which is something."""
    if type(new) not in (list, tuple) or not isinstance(old, type(new)):
        return False
    return 0 < len(old) < len(new) and not any(differences(list(old), list(new[: len(old)])))


def _rendered(value: Any, like: str, indent: int = 0, room: int = WIDTH) -> str:
    """A value as text; a string in the quotes of the one that stood there."""
    text = render(value, indent, room)
    plain = type(value) is str and text == f"'{value}'" and '"' not in value
    return f'"{value}"' if plain and like.startswith('"') and not like.startswith('"""') else text


def _has_comment(literal: str) -> bool:
    if "#" not in literal:
        return False
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(f"({literal})").readline))
    except (tokenize.TokenError, SyntaxError):
        return True
    return any(token.type == tokenize.COMMENT for token in tokens)
