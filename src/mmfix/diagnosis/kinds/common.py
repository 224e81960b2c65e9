"""What diagnoses ask of a config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, Tuple

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath


def keys_where(document: ConfigDocument, name: str) -> Iterator[Tuple[KeyPath, Any]]:
    """Every key path of the config that ends in ``name``, with its value, in the order of the config."""
    stack: list[Tuple[KeyPath, Any]] = [((), document.tree)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict):
            if path and name in node:
                yield (*path, name), node[name]
            items = list(node.items())
        else:
            items = list(enumerate(node))
        stack.extend(
            ((*path, key), item) for key, item in reversed(items) if isinstance(item, (dict, list, tuple))
        )
