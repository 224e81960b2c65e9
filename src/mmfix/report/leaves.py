"""Which values of a config are shown, a line each."""

from __future__ import annotations

import difflib
from typing import Any, Iterator, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, KeyPath, format_key, parse_key
from mmfix.config.origin import Unknown
from mmfix.config.values import absent
from mmfix.errors import MmfixError
from mmfix.wording import say


def find(document: ConfigDocument, key: Optional[str]) -> KeyPath:
    """The key path that ``key`` names in the config; all of it for None.

    Raises:
        MmfixError: The config has no such key, or ``key`` is not a key path.
    """
    if key is None:
        return ()
    try:
        path = parse_key(key)
    except ValueError as error:
        raise MmfixError(str(error)) from error
    if document.get(path) is not MISSING:
        return path
    known = [format_key(leaf) for leaf, _ in leaves(document.tree, ())]
    near = difflib.get_close_matches(key, known, n=3)
    last = format_key(path[-1:])
    near = [name for name in known if name.rpartition(".")[2] == last][:3] or near
    for depth, part in enumerate(path):
        above = document.get(path[:depth], None)
        if isinstance(above, Unknown):
            reason = say(
                "{key} is not known without running the config: {why}",
                key=format_key(path[:depth]),
                why=above.reason,
            )
            raise MmfixError(
                say("cannot tell whether there is a key {key}: {why}", key=key, why=reason), document.path
            )
        elsewhere = absent(above, part)
        if elsewhere is not None:
            raise MmfixError(
                say("no key {key} in the files that are here: {why}", key=key, why=elsewhere.reason),
                document.path,
            )
    raise MmfixError(
        say("no key {key}", key=key),
        document.path,
        hint=say("did you mean {names}?", names=say(" or ").join(near)) if near else "",
    )


def leaves(value: Any, path: KeyPath) -> Iterator[Tuple[KeyPath, Any]]:
    """Every value that is shown on a line of its own: scalars, flat lists, empty containers."""
    if not is_container(value):
        yield path, value
        return
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for part, item in items:
        yield from leaves(item, (*path, part))


def is_container(value: Any) -> bool:
    """True for what is shown item by item: a filled dict, or a list that holds one."""
    if isinstance(value, dict):
        return bool(value)
    return isinstance(value, (list, tuple)) and any(isinstance(item, (dict, list, tuple)) for item in value)
