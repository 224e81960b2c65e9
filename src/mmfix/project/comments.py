"""The comments of a Python or YAML file, and what the file means without them."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from bisect import bisect_right
from dataclasses import dataclass
from typing import FrozenSet, List, Set, Tuple

_NO_CODE = frozenset(
    (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
)
_IN_YAML = re.compile(r"(?:^|(?<=[ \t]))#.*", re.MULTILINE)


@dataclass(frozen=True)
class Comments:
    """The comments of one file.

    Attributes:
        found: Line and text of each, in order.
        coded: Lines with something else on them.
    """

    found: Tuple[Tuple[int, str], ...]
    coded: FrozenSet[int]


def comments_of(text: str, path: str) -> Comments:
    """The comments in a text; what looks like one inside of a string is none.

    Of a file that is wrong, those before the fault: who reads it properly says what is wrong.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _of_python(text) if path.endswith(".py") else _of_yaml(text)


def meaning(data: bytes, path: str) -> str:
    """What is made of a file, without comments and the lines it stands in; empty where it is wrong."""
    try:
        return ast.dump(ast.parse(data)) if path.endswith(".py") else _events(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def _of_python(text: str) -> Comments:
    found: List[Tuple[int, str]] = []
    coded: Set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline="\n").readline):
            if token.type == tokenize.COMMENT:
                found.append((token.start[0], token.string))
            elif token.type not in _NO_CODE:
                coded.update((token.start[0], token.end[0]))
    except (tokenize.TokenError, SyntaxError):
        pass
    return Comments(tuple(found), frozenset(coded))


def _of_yaml(text: str) -> Comments:
    import yaml

    spans: List[Tuple[int, int]] = []
    coded: Set[int] = set()
    end = len(text)
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            start, stop = token.start_mark, token.end_mark
            if start.index < stop.index:
                spans.append((start.index, stop.index))
                coded.update((start.line + 1, stop.line + (1 if stop.column else 0)))
    except yaml.YAMLError:
        end = spans[-1][1] if spans else 0
    starts = [start for start, _ in spans]
    found = []
    for match in _IN_YAML.finditer(text, 0, end):
        before = bisect_right(starts, match.start()) - 1
        if before < 0 or spans[before][1] <= match.start():
            found.append((text.count("\n", 0, match.start()) + 1, match.group()))
    return Comments(tuple(found), frozenset(coded))


def _events(data: bytes) -> str:
    import yaml

    try:
        return repr(list(yaml.parse(data.decode("utf-8"), Loader=yaml.SafeLoader)))
    except yaml.YAMLError:
        return ""
