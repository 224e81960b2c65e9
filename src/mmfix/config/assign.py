"""Set a key in a config that a framework has loaded."""

from __future__ import annotations

from typing import Any

from mmfix.config.keypath import KeyPath


def set_override(config: Any, key: KeyPath, value: Any) -> None:
    """Set one key in a config object or dict, through dicts, lists and tuples, in place."""
    # item access on a Config would import the types of a lazy one
    root = getattr(config, "_cfg_dict", config)
    _assign(root, key, value)


def _assign(node: Any, key: KeyPath, value: Any) -> Any:
    """``node`` with ``value`` at ``key``; only tuples are replaced, all else is changed in place."""
    if not key:
        return value
    part = key[0]
    if isinstance(node, (list, tuple)):
        items = list(node) if isinstance(node, tuple) else node
        items[int(part)] = _assign(items[int(part)], key[1:], value)
        return tuple(items) if isinstance(node, tuple) else items
    if not isinstance(node, dict):
        node = {}
    # dict's own methods: a ConfigDict imports lazy types on item access
    new = _assign(dict.get(node, part), key[1:], value)
    if isinstance(new, dict) and not isinstance(new, type(node)):
        new = type(node)(new)  # a ConfigDict below a ConfigDict, for those who read it by attribute
    dict.__setitem__(node, part, new)
    return node
