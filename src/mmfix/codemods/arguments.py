"""An argument that a call gets, in the text and in the syntax tree."""

from __future__ import annotations

import ast
from typing import List, Optional, Union

import libcst as cst

from mmfix.codemods.codemod import NodeEdit
from mmfix.codemods.source import Source

#: What a line may become; a longer one is broken, as the file's own lines are not.
_WIDTH = 79


def _argument(call: cst.Call, name: Union[str, int]) -> Optional[cst.Arg]:
    """What a call says for a keyword, by its name, or at a position."""
    if isinstance(name, int):
        return call.args[name]
    return next((arg for arg in call.args if arg.keyword is not None and arg.keyword.value == name), None)


def argument_edit(source: Source, call: cst.Call, name: Union[str, int], value: str) -> NodeEdit:
    """``name=value`` for a call, in the place of what it says now, or behind its arguments.

    Args:
        source: The file.
        call: The call.
        name: The keyword; or the position of an argument that is there.
        value: The expression.
    """
    wrap = None if _argument(call, name) else _break(source, call, f", {name}={value}")

    def change(node: cst.CSTNode) -> cst.CSTNode:
        assert isinstance(node, cst.Call)
        return _with_argument(node, name, value, wrap)

    span = source.span(call)

    def expect(tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) == span
            ):
                said = ast.parse(value, mode="eval").body
                given = next((word for word in node.keywords if word.arg == name), None)
                if isinstance(name, int):
                    node.args[name] = said
                elif given is not None:
                    given.value = said
                else:
                    node.keywords.append(ast.keyword(arg=name, value=said))

    return NodeEdit(source, call, span[0], change, expect)


def _with_argument(
    call: cst.Call, name: Union[str, int], value: str, wrap: Optional[cst.BaseParenthesizableWhitespace]
) -> cst.Call:
    said = _argument(call, name)
    if said is not None:
        return call.with_changes(
            args=[
                arg.with_changes(value=cst.parse_expression(value)) if arg is said else arg
                for arg in call.args
            ]
        )
    assert isinstance(name, str)
    *head, last = call.args
    between = _comma_before(head, call)
    new = cst.Arg(
        cst.parse_expression(value),
        cst.Name(name),
        cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
        comma=last.comma,
        whitespace_after_arg=last.whitespace_after_arg,
    )
    if isinstance(last.comma, cst.Comma):  # `f(a, b,)`: the new one takes the comma at the end
        last = last.with_changes(comma=between)
    else:
        comma = cst.Comma(whitespace_after=wrap) if wrap is not None else between
        last = last.with_changes(comma=comma, whitespace_after_arg=cst.SimpleWhitespace(""))
    return call.with_changes(args=[*head, last, new])


def _comma_before(head: List[cst.Arg], call: cst.Call) -> cst.Comma:
    """A comma with the space that stands between the arguments, without comments of theirs."""
    if head and isinstance(head[-1].comma, cst.Comma):
        return cst.Comma(whitespace_after=_plain(head[-1].comma.whitespace_after))
    last = call.args[-1]
    if isinstance(last.comma, cst.Comma):
        return cst.Comma(whitespace_after=_plain(call.whitespace_before_args))
    return cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _plain(space: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    if isinstance(space, cst.ParenthesizedWhitespace):
        first = cst.TrailingWhitespace(newline=space.first_line.newline)
        return space.with_changes(first_line=first, empty_lines=[])
    return space if isinstance(space, cst.SimpleWhitespace) and "\\" not in space.value else _SPACE


_SPACE = cst.SimpleWhitespace(" ")


def _break(source: Source, call: cst.Call, text: str) -> Optional[cst.BaseParenthesizableWhitespace]:
    """The space of a new line below the first argument, where the last line would get too long."""
    first, last = call.args[0], call.args[-1]
    end = source.position(last).end
    line = source.line(end.line)
    column = source.position(first).start.column
    too_long = len(line.rstrip()) + len(text) > max(_WIDTH, source.longest)
    if not too_long or "\t" in source.line(source.position(first).start.line)[:column]:
        return None
    return cst.ParenthesizedWhitespace(
        first_line=cst.TrailingWhitespace(whitespace=cst.SimpleWhitespace("")),
        indent=False,
        last_line=cst.SimpleWhitespace(" " * column),
    )
