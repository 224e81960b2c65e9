"""Top-level names that a file binds twice, so that what only the first binding says is lost."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from mmfix.config.dicts import is_known
from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, KeyPath
from mmfix.python.source import Unparsable, parse
from mmfix.training.top_level import read_keys

_ASSIGNS = re.compile(r"^(\w+)[ \t]*=(?!=)", re.MULTILINE)
#: With one of these, what is between two lines may read a name in other ways.
_OTHER_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Delete, ast.Global)
_UNKNOWN = object()


class SetTwice(NamedTuple):
    """A name that is bound twice.

    Attributes:
        name: The top-level name.
        first: The line of the first binding.
        second: That of the second one, which alone takes effect.
        lost: What only the first one sets, and nothing in the resolved config has.
        changed: What both set, and the resolved config has otherwise than the first one.
    """

    name: str
    first: int
    second: int
    lost: Tuple[Tuple[KeyPath, Any], ...]
    changed: Tuple[Tuple[KeyPath, Any], ...]


def set_twice(document: ConfigDocument, era: str) -> Tuple[SetTwice, ...]:
    """Keys of the framework that this file binds to one dict and then to another, with no use of the first.

    The first is never merged: a file is merged into its bases when Python is done with it
    (``mmengine/config/config.py: _file2dict``). A second dict with ``_delete_``, or of another ``type``, is
    meant to replace the first.
    """
    if document.kind not in ("classic", "lazy"):
        return ()
    counts = Counter(_ASSIGNS.findall(document.text))
    read = read_keys(era)
    names = {name for name, count in counts.items() if count > 1 and name in read}
    if not names:
        return ()
    try:
        tree = parse(document.text)
    except Unparsable:
        return ()
    if any(isinstance(node, _OTHER_CODE) for node in ast.walk(tree)):
        return ()
    once = {name: document.own[name] for name, count in counts.items() if count == 1 and name in document.own}
    found = (_compared(document, once, *pair) for pair in _pairs(tree, names))
    return tuple(one for one in found if one is not None and (one.lost or one.changed))


def _pairs(tree: ast.Module, names: Set[str]) -> Iterator[Tuple[str, ast.expr, ast.expr]]:
    """Names, and the values of two bindings with nothing between them that has the name."""
    last: Dict[str, ast.expr] = {}
    for statement in tree.body:
        name, value = _bound(statement)
        for node in ast.walk(value):
            if isinstance(node, ast.Name):
                last.pop(node.id, None)
        if name in names and isinstance(value, ast.expr):
            if name in last:
                yield name, last[name], value
            last[name] = value


def _bound(statement: ast.stmt) -> Tuple[str, ast.AST]:
    """The name and the value of ``name = value``; of any other statement no name, and all of it."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ast.Name):
            return target.id, statement.value
    return "", statement


def _compared(
    document: ConfigDocument, once: Dict[Any, Any], name: str, first: ast.expr, second: ast.expr
) -> Optional[SetTwice]:
    before, after = _value(first, once), _value(second, once)
    if not isinstance(before, dict) or not isinstance(after, dict) or not _is_display(second):
        return None
    lost: List[Tuple[KeyPath, Any]] = []
    changed: List[Tuple[KeyPath, Any]] = []
    for path, value in _leaves(before, after, (name,)):
        now = document.get(path)
        if value is _UNKNOWN or now == value or not is_known(now):
            continue
        (lost if _at(after, path[1:]) is MISSING else changed).append((path, value))
    return SetTwice(name, first.lineno, second.lineno, tuple(lost), tuple(changed))


def _is_display(node: ast.expr) -> bool:
    return isinstance(node, (ast.Dict, ast.Call))


def _leaves(before: Dict[Any, Any], after: Any, path: KeyPath) -> Iterator[Tuple[KeyPath, Any]]:
    """What a dict sets, but for what another one is meant to replace."""
    inside = after if isinstance(after, dict) else {}
    if "_delete_" in inside or inside.get("type", before.get("type")) != before.get("type"):
        return
    for key, value in before.items():
        if isinstance(value, dict):
            yield from _leaves(value, inside.get(key, {}), (*path, key))
        elif key != "_delete_":
            yield (*path, key), value


def _at(value: Any, path: KeyPath) -> Any:
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return MISSING
        value = value[part]
    return value


def _value(node: ast.expr, once: Dict[Any, Any]) -> Any:
    """What a display, a constant or a name that is bound once stands for; ``_UNKNOWN`` for all else."""
    if isinstance(node, ast.Name):
        value = once.get(node.id, _UNKNOWN)
        return value if is_known(value) else _UNKNOWN
    if isinstance(node, ast.Call):
        plain = isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args
        if not plain or any(word.arg is None for word in node.keywords):
            return _UNKNOWN
        return {word.arg: _value(word.value, once) for word in node.keywords}
    if isinstance(node, ast.Dict):
        keys = [_value(key, once) if key is not None else _UNKNOWN for key in node.keys]
        if not all(isinstance(key, str) for key in keys):
            return _UNKNOWN
        return dict(zip(keys, (_value(value, once) for value in node.values)))
    if isinstance(node, (ast.List, ast.Tuple)):
        items = [_value(item, once) for item in node.elts]
        if any(_has_unknown(item) for item in items):
            return _UNKNOWN
        return items if isinstance(node, ast.List) else tuple(items)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return _UNKNOWN


def _has_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_unknown, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_has_unknown, value))
    return value is _UNKNOWN
