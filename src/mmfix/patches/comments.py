"""Which of some lines are comments, and not the text of a string that looks like one."""

from __future__ import annotations

import io
import re
import tokenize
from typing import Dict, FrozenSet, List, Sequence, Tuple

from mmfix.errors import PatchError
from mmfix.wording import say

_LINE_BREAK = re.compile(rb"\r\n|\n|\r")


def only_comments(data: bytes, suffix: str, offsets: Sequence[int]) -> FrozenSet[int]:
    """Those ``offsets`` (each the start of a line beginning with ``#``) at which a comment starts.

    Raises:
        PatchError: The file is too broken to tell.
    """
    if suffix in (".yaml", ".yml"):
        return _in_yaml(data, offsets)
    return _in_python(data, offsets)


def _in_python(data: bytes, offsets: Sequence[int]) -> FrozenSet[int]:
    starts: Dict[Tuple[int, int], int] = {
        (len(_LINE_BREAK.findall(data[:offset])) + 1, 0): offset for offset in offsets
    }
    text = _LINE_BREAK.sub(b"\n", data).decode("utf-8", "replace")
    found = set()
    depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
            elif token.type == tokenize.COMMENT and not depth and token.start in starts:
                found.add(starts[token.start])
    except (tokenize.TokenError, SyntaxError) as error:
        for (line, _), offset in sorted(starts.items()):
            if offset not in found:
                raise PatchError(
                    say("is not valid Python, so it is not sure that this line is a comment"),
                    line=line,
                    hint=say("correct the file, or delete mmfix's block by hand"),
                ) from error
    return frozenset(found)


def _in_yaml(data: bytes, offsets: Sequence[int]) -> FrozenSet[int]:
    """A line is a comment if changing its text changes nothing that YAML reads."""
    import yaml

    def content(changed: bytes) -> List[Tuple[type, object]]:
        text = changed.decode("utf-8", "replace")
        return [
            (type(event), getattr(event, "value", None)) for event in yaml.parse(text, Loader=yaml.SafeLoader)
        ]

    try:
        whole = content(data)
        return frozenset(
            offset for offset in offsets if content(data[: offset + 2] + b"-" + data[offset + 2 :]) == whole
        )
    except yaml.YAMLError as error:
        raise PatchError(
            say("is not valid YAML, so it is not sure which of its lines are comments"),
            hint=say("correct the file, or delete mmfix's block by hand"),
        ) from error
