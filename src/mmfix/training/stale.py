"""Variables that a config sets anew, while what its base built from them keeps the old value."""

from __future__ import annotations

import os.path as osp
from typing import Any, Iterator, List, NamedTuple, Optional, Set, Tuple

from mmfix.config.dicts import CONTAINERS, dicts_in, is_known
from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, KeyPath
from mmfix.config.origin import Blame, Origin
from mmfix.config.used import own_used_names
from mmfix.config.values import TreeDict
from mmfix.training.top_level import read_keys

_ERAS = ("mmcv1", "mmengine")


class Stale(NamedTuple):
    """A variable that was meant to take effect.

    Attributes:
        name: The top-level name.
        users: Key paths that the base set from its own variable of that name, and that still have its value.
        before: Where the base sets that variable.
    """

    name: str
    users: Tuple[KeyPath, ...]
    before: Origin


def stale_variables(document: ConfigDocument, era: str) -> Tuple[Stale, ...]:
    """The variables of a base that this file sets to another value, which then nothing in the config has.

    Python has built the base's dicts by then; only a name that the framework reads itself is merged and
    takes effect. What the file uses itself, or a list or dict that stands anywhere in the config, is not
    among them.
    """
    before = document.inherited
    if before is None:
        return ()
    read = read_keys(era)
    names = [
        name
        for name in document.own
        if isinstance(name, str)
        and name in before
        and not any(name in read_keys(each) for each in _ERAS)  # what clears a key takes effect
        and document.tree.get(name) is not None
        and not name.startswith("_")
        and not _is_same(document.tree.get(name, MISSING), before[name])
        and _is_set_here(document, name)
    ]
    found = [stale for name in names for stale in _stale(document, before, name, set(read))]
    used = own_used_names(document, (stale.name for stale in found)) if found else ()
    return tuple(stale for stale in found if stale.name not in used)


def _is_same(new: Any, old: Any) -> bool:
    if isinstance(new, str) and isinstance(old, str):
        return osp.normpath(new) == osp.normpath(old)
    return bool(new == old)


def _is_set_here(document: ConfigDocument, name: str) -> bool:
    """Whether this file sets a name; in a lazy config it may have changed what it took from a base."""
    blame = document.tree.blames.get(name)
    return document.kind != "lazy" or (blame is not None and blame.origin.path == document.path)


def _stale(document: ConfigDocument, before: TreeDict, name: str, read: Set[str]) -> Iterator[Stale]:
    blame, value, old = before.blames.get(name), document.tree.get(name), before[name]
    if blame is None or not is_known(value):
        return
    users: List[KeyPath] = []
    holds = isinstance(value, CONTAINERS)
    for path, item, via in _keyed(document.tree, name):
        if holds and type(item) is type(value) and item == value:
            return  # a word or number may stand somewhere by chance
        if type(item) is type(old) and item == old and path[0] in read and blame.origin in _read_from(via):
            users.append(path)
    if users:
        yield Stale(name, tuple(users), blame.origin)


def _keyed(tree: TreeDict, name: str) -> Iterator[Tuple[KeyPath, Any, Optional[Blame]]]:
    """Every keyed value outside of a top-level name, and how it came there."""
    for path, node in dicts_in(tree):
        if path[:1] != (name,):
            blames = node.blames if isinstance(node, TreeDict) else {}
            for key, item in node.items():
                if path or key != name:
                    yield (*path, key), item, blames.get(key)


def _read_from(blame: Optional[Blame]) -> Set[Origin]:
    """The places of the variables that a value was read from."""
    found: Set[Origin] = set()
    while blame is not None and blame.via is not None:
        blame = blame.via
        if blame.origin in found:
            break
        found.add(blame.origin)
    return found
