"""A config that somebody has pasted beside an error: ``model = dict(...)`` without a logger's heading."""

from __future__ import annotations

import ast
import builtins
import re
from itertools import islice
from typing import Container, Iterator, List, Optional, Sequence

from mmfix.diagnosis.log.lines import Line
from mmfix.diagnosis.types import ConfigInLog

_MODEL = re.compile(r"[\s`]*model\s*=\s*dict\(")
_ASSIGNS = re.compile(r"[A-Za-z_]\w*\s*=(?!=)")
#: What may stand between or within statements: nothing, a comment, an indented line, a closing bracket.
_GOES_ON = re.compile(r"\s*$|\s*#|\s|[)\]}]")
#: What an evaluator that runs nothing takes for an unknown value.
_UNKNOWN = "input()"
#: Texts and comments: brackets in them do not count.
_QUIET = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|#.*""")
_MOST_LINES = 2_000
_MOST, _TRIES = 3, 10


def pasted_configs(lines: Sequence[Line], elsewhere: Container[int] = ()) -> Iterator[ConfigInLog]:
    """The first few; only those that are whole and have a model with a ``type`` in it.

    Args:
        lines: Of one stream.
        elsewhere: Numbers of lines that are known to be something else.
    """
    begins = (
        index
        for index, line in enumerate(lines)
        if "model" in line.text and line.number not in elsewhere and _MODEL.match(line.text)
    )
    found = (_around(lines, index) for index in islice(begins, _TRIES))
    return islice((config for config in found if config is not None), _MOST)


def _around(lines: Sequence[Line], index: int) -> Optional[ConfigInLog]:
    """The statements around the one that begins at ``index``; that one alone where they are no Python."""
    first = start = index
    while start and index - start < _MOST_LINES and _belongs(lines[start - 1].text):
        start -= 1
        first = start if _ASSIGNS.match(lines[start].text) else first
    ends: List[int] = []  # the lines behind a statement
    depth = 0
    for at in range(index, min(len(lines), index + _MOST_LINES)):
        bare = _QUIET.sub("", lines[at].text)
        if not depth and ends and not _belongs(lines[at].text):
            break
        depth += sum(map(bare.count, "([{")) - sum(map(bare.count, ")]}"))
        if depth < 0:
            break
        if not depth:
            ends.append(at + 1)
    for begin, end in ((first, ends[-1:]), (index, ends[:1])):
        text = _parsed([line.text for line in lines[begin : end[0]]]) if end else None
        if text is not None:
            return ConfigInLog(lines[begin].number - 1, text, pasted=True)
    return None


def _belongs(text: str) -> bool:
    return _ASSIGNS.match(text) is not None or _GOES_ON.match(text) is not None


def _parsed(lines: List[str]) -> Optional[str]:
    """The text of a config, without what Markdown puts around it; None where it is no Python, or has no type.

    Its first line is not of the paste: names that nothing defines get values there that are not known.
    """
    text = "\n".join(lines).strip("` \t\n")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    keywords = {item.arg for item in ast.walk(tree) if isinstance(item, ast.keyword)}
    texts = {item.value for item in ast.walk(tree) if isinstance(item, ast.Constant)}
    if "type" not in keywords and "type" not in texts:
        return None
    if not all(isinstance(item, ast.Assign) for item in tree.body):
        return None
    names = [item for item in ast.walk(tree) if isinstance(item, ast.Name)]
    defined = {item.id for item in names if isinstance(item.ctx, ast.Store)} | set(dir(builtins))
    missing = sorted({item.id for item in names} - defined)
    return f"{'; '.join(f'{name} = {_UNKNOWN}' for name in missing)}\n{text}\n"
