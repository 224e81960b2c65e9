"""Python values as source text."""

from __future__ import annotations

import keyword
import math
import re
from typing import Any, List

from mmfix.config.values import LongNumber
from mmfix.errors import PatchError
from mmfix.wording import say

#: Longer statements are broken over several lines.
WIDTH = 100

_DOUBLE_BRACE = re.compile(r"\{(?=\{)")


class Source(str):
    """Text that already is source: an expression to be put in as it is."""

    __slots__ = ()


def render(value: Any, indent: int = 0, room: int = WIDTH) -> str:
    """``value`` as a Python expression that gives it back, ASCII only.

    Args:
        value: Plain data; :class:`Source` parts are taken as they are.
        indent: Columns before a continuation line.
        room: Columns left on the first line.

    Raises:
        PatchError: The value has no literal (an imported class, an unknown value, an object).
    """
    flat = _flat(value)
    if len(flat) <= room or not isinstance(value, (dict, list, tuple)) or not value:
        return flat
    pad = " " * (indent + 4)
    if isinstance(value, dict):
        named = _can_be_keywords(value)
        heads = [f"{key}=" if named else f"{_flat(key)}: " for key in value]
        opening, closing = ("dict(", ")") if named else ("{", "}")
    else:
        heads = [""] * len(value)
        opening, closing = ("[", "]") if isinstance(value, list) else ("(", ")")
    items = value.values() if isinstance(value, dict) else value
    lines = [
        f"{pad}{head}{render(item, indent + 4, WIDTH - indent - 5 - len(head))},"
        for head, item in zip(heads, items)
    ]
    return "\n".join([opening, *lines, " " * indent + closing])


def _flat(value: Any) -> str:
    if isinstance(value, Source):
        return str(value)
    if isinstance(value, dict):
        if _can_be_keywords(value):
            return f"dict({', '.join(f'{key}={_flat(item)}' for key, item in value.items())})"
        return "{" + ", ".join(f"{_flat(key)}: {_flat(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(_flat(item) for item in value)}]"
    if isinstance(value, tuple):
        inner = ", ".join(_flat(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if type(value) is float and not math.isfinite(value):
        return f"float('{value}')"
    if type(value) is str:
        return string(value)
    if isinstance(value, LongNumber):
        return hex(value)
    if value is None or value is Ellipsis or type(value) in (bool, int, float, bytes):
        return repr(value)
    if type(value) is set and value:
        return "{" + ", ".join(sorted(_flat(item) for item in value)) + "}"
    raise PatchError(say("{value!r} cannot be written as text in a config", value=value))


def _can_be_keywords(value: Any) -> bool:
    return all(is_name(key) for key in value)


def is_name(key: Any) -> bool:
    """True if ``key`` can stand as ``key=`` or as a variable name and keep its spelling."""
    return isinstance(key, str) and key.isascii() and key.isidentifier() and not keyword.iskeyword(key)


def string(value: str) -> str:
    """A string literal.

    MMEngine replaces ``{{ name }}`` anywhere in a config's text before parsing it, so two braces never stand
    side by side here: ``'{' '{ name }}'``.
    """
    text = ascii(value)
    quote = text[0]
    return _DOUBLE_BRACE.sub("{" + f"{quote} {quote}", text)


def subscript(target: str, key: Any) -> str:
    """``target['key']`` or ``target[0]``."""
    return f"{target}[{_flat(key)}]"


def dict_with(target: str, changes: Any) -> Source:
    """``dict(target, key=value)``: a copy with some keys set, order kept."""
    if _can_be_keywords(changes):
        inner = ", ".join(f"{key}={_flat(item)}" for key, item in changes.items())
        return Source(f"dict({target}, {inner})")
    inner = ", ".join(f"{_flat(key)}: {_flat(item)}" for key, item in changes.items())
    return Source("{**" + target + ", " + inner + "}")


def sequence_with(target: str, length: int, changes: Any, is_tuple: bool) -> Source:
    """A list or tuple like ``target`` with some elements replaced: ``target[:1] + [x] + target[2:]``."""
    parts: List[str] = []
    start = 0
    for index in sorted(changes):
        if index > start:
            parts.append(f"{target}[{start or ''}:{index}]")
        item = _flat(changes[index])
        parts.append(f"({item},)" if is_tuple else f"[{item}]")
        start = index + 1
    if start < length:
        parts.append(f"{target}[{start}:]")
    return Source(" + ".join(parts))
