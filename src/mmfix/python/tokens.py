"""How much code a text is, counted before a parser makes a tree of it, which takes 500 times the memory."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Dict, Union

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


def too_many(text: Union[str, bytes]) -> bool:
    """Whether a text is more code than :data:`MAX_TOKENS`. What is in strings and comments does not count."""
    if len(text) <= MAX_TOKENS:
        return False
    patterns = _patterns(isinstance(text, bytes))
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


@lru_cache(maxsize=None)
def _patterns(of_bytes: bool) -> Dict[Any, Any]:
    """What ends each kind of text, as a pattern."""
    ends = {"": _TOKEN, **_ENDS}
    if of_bytes:
        return {key.encode(): re.compile(end.encode(), re.DOTALL) for key, end in ends.items()}
    return {key: re.compile(end, re.DOTALL) for key, end in ends.items()}
