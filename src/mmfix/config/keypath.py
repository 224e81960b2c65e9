"""Key paths: ``model.decode_head[0].with_cp`` as a tuple of keys and list indices."""

from __future__ import annotations

import re
from typing import Any, List, Tuple, Union

KeyPath = Tuple[Union[str, int], ...]

_PART = re.compile(r"""\.?([^.\[\]]+)|\[(\d+)\]|\[(['"])(.*?)\3\]""")


def format_key(path: KeyPath) -> str:
    """``('model', 'decode_head', 0, 'with_cp')`` -> ``'model.decode_head[0].with_cp'``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not isinstance(part, str) or not part or re.search(r"[.\[\]]", part):
            text += f"[{part!r}]"
        else:
            text += f".{part}" if text else part
    return text


def parse_key(text: str) -> KeyPath:
    """The inverse of :func:`format_key`; also takes MMEngine's ``heads.0.cp`` (digits stay text).

    Raises:
        ValueError: The text is empty or not a key path.
    """
    parts: List[Union[str, int]] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            raise ValueError(f"{text!r} is not a key path; write it like model.heads[0].with_cp")
        name, index, _, quoted = match.groups()
        parts.append(int(index) if index is not None else quoted if quoted is not None else name)
        position = match.end()
    if not parts:
        raise ValueError("an empty key path")
    return tuple(parts)


class Missing:
    """The type of :data:`MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"  # in another process, too, there is one


MISSING = Missing()


def get_path(tree: Any, path: KeyPath) -> Any:
    """The value at ``path`` in nested dicts, lists and tuples, or :data:`MISSING`.

    A digit key (``'0'``) also indexes a list, as in MMEngine's ``--cfg-options``.
    """
    value = tree
    for part in path:
        if isinstance(value, dict):
            if part not in value:
                return MISSING
            value = value[part]
        elif isinstance(value, (list, tuple)):
            if isinstance(part, str) and part.isdigit():
                part = int(part)
            if not isinstance(part, int) or not -len(value) <= part < len(value):
                return MISSING
            value = value[part]
        else:
            return MISSING
    return value
