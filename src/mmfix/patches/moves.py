"""Keys of a Python config that get another name where they stand, or go with their comma and comment."""

from __future__ import annotations

import ast
import re
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, KeyPath
from mmfix.config.origin import Origin
from mmfix.config.source import PYTHON_SUFFIXES, parse_source
from mmfix.errors import ConfigError
from mmfix.findings import KeyMove
from mmfix.patches.literals import around_line, require_once
from mmfix.patches.spans import LINE_END, Edit, NotInPlace, line_starts, node_span
from mmfix.wording import say

_BLANK_OR_COMMENT = re.compile(r"[ \t]*(#.*)?")
_HAS_MORE = say("more than it stands on its line")


class _Item(NamedTuple):
    """A part of a dict, or a statement: its characters, and those of its name."""

    start: int
    end: int
    name: Tuple[int, int]


def edit_of_key(document: ConfigDocument, move: KeyMove) -> Edit:
    """What renames a key where it stands, or takes it out.

    What takes it out begins with the character before it, or ends with the one behind, so that it is found
    again.

    Raises:
        NotInPlace: It does not stand there by itself, or not in this file.
    """
    if not document.path.endswith(PYTHON_SUFFIXES):
        raise NotInPlace(say("only in a Python file is a key renamed or taken out"))
    origin = None if document.get(move.key) is MISSING else document.origin(move.key)
    if origin is None or origin.path != document.path:
        raise NotInPlace(say("a base sets it") if origin is not None else say("nothing sets it"))
    text = document.text
    try:
        holder, items, at = _found(document, origin, move.key)
    except ConfigError as error:
        raise NotInPlace(error.message) from error
    item = items[at]
    if move.to:
        old = text[slice(*item.name)]
        quote = old[0] if old[:1] in ("'", '"') else ""
        if quote and old != f"{quote}{move.key[-1]}{quote}":
            raise NotInPlace(say("its name is written in parts"))
        return Edit(*item.name, f"{quote}{move.to}{quote}", move.key)
    start, end, kept = _without(text, holder, items, at)
    return Edit(start, end, kept, move.key)


def _found(document: ConfigDocument, origin: Origin, key: KeyPath) -> Tuple[ast.AST, List[_Item], int]:
    """What holds the key, the parts of it, and the number of the one that sets the key.

    Raises:
        NotInPlace: Nothing does that could be changed.
        ConfigError: The text cannot be parsed.
    """
    source = parse_source(document.path, document.text)
    assert source.raw_tree is not None
    for node, around in around_line(source.raw_tree, origin.line, ()):
        if not isinstance(node, ast.expr) or source.origin(node) != origin or not around:
            continue
        holder = around[-2] if isinstance(around[-1], ast.keyword) else around[-1]
        items = _items(document.text, holder, node, str(key[-1]))
        if items is not None:
            require_once(around)
            return (holder, *items)
    raise NotInPlace(say("its name does not stand in this file"))


def _items(text: str, holder: ast.AST, value: ast.expr, name: str) -> Optional[Tuple[List[_Item], int]]:
    if isinstance(holder, ast.Assign) and holder.value is value:
        (target, *others) = holder.targets
        if others or not isinstance(target, ast.Name) or target.id != name:
            return None
        return [_Item(*node_span(text, holder), node_span(text, target))], 0
    if isinstance(holder, ast.Dict):
        if None in holder.keys:
            return None
        keys = [key for key in holder.keys if key is not None]
        found = [
            _Item(node_span(text, key)[0], node_span(text, item)[1], node_span(text, key))
            for key, item in zip(keys, holder.values)
        ]
        names = [key.value if isinstance(key, ast.Constant) else None for key in keys]
        return _numbered(found, names, name, list(holder.values).index(value))
    if isinstance(holder, ast.Call) and isinstance(holder.func, ast.Name) and holder.func.id == "dict":
        if holder.args or not all(word.arg for word in holder.keywords):
            return None
        words = [_keyword(text, word) for word in holder.keywords]
        if None in words:
            return None
        found = [word for word in words if word is not None]
        values = [word.value for word in holder.keywords]
        return _numbered(found, [word.arg for word in holder.keywords], name, values.index(value))
    return None


def _numbered(
    items: List[_Item], names: Sequence[Any], name: str, at: int
) -> Optional[Tuple[List[_Item], int]]:
    return (items, at) if names[at] == name and list(names).count(name) == 1 else None


def _keyword(text: str, word: ast.keyword) -> Optional[_Item]:
    """A keyword has no place of its own in Python 3.8."""
    start, end = node_span(text, word.value)
    found = re.search(rf"\b{word.arg}\s*=\s*\(*\s*$", text[:start])
    return (
        None
        if found is None
        else _Item(found.start(), end, (found.start(), found.start() + len(word.arg or "")))
    )


def _without(text: str, holder: ast.AST, items: List[_Item], at: int) -> Tuple[int, int, str]:
    """The characters that are replaced to take an item out, and what is left of them."""
    item = items[at]
    whole = _lines_of(text, item, "" if isinstance(holder, ast.Assign) else ",")
    if whole is not None:
        return whole
    if isinstance(holder, ast.Assign):
        raise NotInPlace(_HAS_MORE)
    if at > 0:
        start, end = items[at - 1].end - 1, item.end
        between, kept = text[start + 1 : item.start], text[start]
    elif len(items) > 1:
        start, end = item.start, items[1].start + 1
        between, kept = text[item.end : items[1].start], text[items[1].start]
    else:
        start, end = node_span(text, holder)
        between = text[start : item.start] + text[item.end : end]
        kept = "dict()" if isinstance(holder, ast.Call) else "{}"
        if "#" in between:
            raise NotInPlace(say("a comment stands beside it"))
        return start, end, kept
    if between.replace(",", "", 1).strip():
        raise NotInPlace(say("a comment stands beside it"))
    return start, end, kept


def _lines_of(text: str, item: _Item, comma: str) -> Optional[Tuple[int, int, str]]:
    """The lines of an item that has them for itself, from the character before them on."""
    starts = line_starts(text)
    first = max(start for start in starts if start <= item.start)
    end = item.end + len(comma) if text.startswith(comma, item.end) else item.end
    rest = LINE_END.split(text[end:], maxsplit=1)[0]
    if text[first : item.start].strip() or not _BLANK_OR_COMMENT.fullmatch(rest):
        return None
    head = text[:first].rstrip()
    if head:
        kept = text[len(head) - 1 : first]
        return len(head) - 1, end + len(rest), kept[: -len(LINE_END.findall(kept)[-1])]
    behind = LINE_END.match(text, end + len(rest))
    if behind is None or behind.end() == len(text):
        return None  # it is all there is
    return first, behind.end() + 1, text[behind.end()]
