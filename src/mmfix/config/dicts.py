"""The dicts of a resolved config, one by one, each with its key path."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.origin import Unknown

#: A tree of shared dicts can unfold without end; far above any config that people write.
MOST = 100_000
CONTAINERS = (dict, list, tuple)
#: What most values are: it is the quickest way to tell that one holds no other.
SCALARS = frozenset({str, int, float, bool, type(None)})


def dicts_in(value: Any, path: KeyPath = ()) -> Iterator[Tuple[KeyPath, Dict[Any, Any]]]:
    """Every dict in a value, itself included, outer ones first, in the order of the config.

    Args:
        value: Any part of a resolved config.
        path: Its key path.
    """
    stack: List[Tuple[KeyPath, Any]] = [(path, value)] if isinstance(value, CONTAINERS) else []
    left = MOST
    while stack and left:
        left -= 1
        path, node = stack.pop()
        if isinstance(node, dict):
            yield path, node
        items = node.items() if isinstance(node, dict) else enumerate(node)
        below = [
            ((*path, key), item)
            for key, item in items
            if type(item) not in SCALARS and isinstance(item, CONTAINERS)
        ]
        below.reverse()
        stack += below


def keys_where(document: ConfigDocument, name: str) -> Iterator[Tuple[KeyPath, Any]]:
    """Every key path of the config that ends in ``name``, with its value, in the order of the config."""
    for path, node in dicts_in(document.tree):
        if path and name in node:
            yield (*path, name), node[name]


def is_known(value: Any) -> bool:
    """Whether nothing in a value would need running."""
    if isinstance(value, Unknown):
        return False
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    return not isinstance(value, (list, tuple)) or all(map(is_known, value))
