"""How much code a text is, counted before a parser makes a tree of it, which takes 500 times the memory."""

from __future__ import annotations

import re
from typing import Any, Dict, Pattern, Union

#: Words, numbers and marks in one file; the largest config of the zoos has 8,000, their largest module less
#: than 30,000.
MAX_TOKENS = 100_000

_TOKEN = r"'''|\"\"\"|'|\"|#[^\n]*|\w+|[^\s\w]"
#: What ends a text, by what begins it; or a character that says that the next one does not.
_ENDS = {
    "'''": r"\\.|'''",
    '"""': r'\\.|"""',
    "'": r"\\.|'|\n",
    '"': r'\\.|"|\n',
}
_IN_TEXT: Dict[str, Pattern[str]] = {
    key: re.compile(end, re.DOTALL) for key, end in {"": _TOKEN, **_ENDS}.items()
}
_IN_BYTES: Dict[bytes, Pattern[bytes]] = {
    key.encode(): re.compile(end.encode(), re.DOTALL) for key, end in {"": _TOKEN, **_ENDS}.items()
}


def too_many(text: Union[str, bytes]) -> bool:
    """Whether a text is more code than :data:`MAX_TOKENS`. What is in strings and comments does not count."""
    if len(text) <= MAX_TOKENS:
        return False
    patterns: Any = _IN_TEXT if isinstance(text, str) else _IN_BYTES
    code = inside = text[:0]
    escape = "\\" if isinstance(text, str) else b"\\"
    place = 0
    for _ in range(MAX_TOKENS):
        match = patterns[inside].search(text, place)
        if match is None:
            return False
        place = match.end()
        if inside == code:
            inside = match.group() if match.group() in patterns else code
        elif match.group()[:1] != escape:
            inside = code
    return True
