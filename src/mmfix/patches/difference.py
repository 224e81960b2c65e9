"""What an override does to a resolved config, and how two resolved configs differ."""

from __future__ import annotations

import re
from typing import Any, Iterable, Iterator, List, NamedTuple, Sequence, Tuple

from mmfix.config.keypath import MISSING, KeyPath, format_key
from mmfix.config.origin import Unknown
from mmfix.config.values import TreeDict
from mmfix.errors import PatchError
from mmfix.wording import mark, say

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class Difference(NamedTuple):
    """One key at which two configs differ; :data:`MISSING` stands for an absent key."""

    key: KeyPath
    before: Any
    after: Any


def with_overrides(tree: Any, overrides: Iterable[Tuple[KeyPath, Any]]) -> Any:
    """``tree`` with each key set to its value, or without it for :data:`MISSING`; ``tree`` is left alone.

    A level that is missing or None becomes a dict, as a config author would write it. A tuple on the way
    is replaced by a tuple.

    Raises:
        PatchError: A key leads through something that is not a dict, list or tuple, or past a list's end.
    """
    for key, value in overrides:
        tree = _set(tree, key, 0, value)
    return tree


def resolve_key(tree: Any, key: KeyPath) -> KeyPath:
    """``key`` with list positions as non-negative integers (``'0'`` and ``-1`` are taken too).

    Raises:
        PatchError: As :func:`with_overrides`.
    """
    parts: List[Any] = []
    for depth, part in enumerate(key):
        part = _step(tree, key, depth)
        parts.append(part)
        if isinstance(tree, dict):
            tree = tree.get(part, MISSING)
        elif isinstance(tree, (list, tuple)):
            tree = tree[part]
    return tuple(parts)


def _step(node: Any, key: KeyPath, depth: int) -> Any:
    """The checked key or index that goes one level down from ``node``."""
    part = key[depth]
    if isinstance(node, dict):
        return part
    where = format_key(key[:depth]) or say("the config")
    if isinstance(node, (list, tuple)):
        index = int(part) if isinstance(part, str) and part.isdigit() else part
        if not isinstance(index, int) or not -len(node) <= index < len(node):
            raise PatchError(
                say(
                    "{key} is a list of {count}; it has no element {element!r}",
                    key=where,
                    count=len(node),
                    element=part,
                )
            )
        return index % len(node)
    if node is None or node is MISSING:
        if isinstance(part, int):
            raise PatchError(say("{key} is not set, so it has no element {element}", key=where, element=part))
        return part
    if isinstance(node, Unknown):
        raise PatchError(
            say("mmfix cannot see inside {key}: {why}", key=where, why=node.reason),
            hint=say("set {key} by hand at the end of the file", key=format_key(key)),
        )
    raise PatchError(
        say(
            "{holder} is {value}, so {key} cannot be set",
            holder=where,
            value=short(node),
            key=format_key(key),
        )
    )


def _set(node: Any, key: KeyPath, depth: int, value: Any) -> Any:
    if depth == len(key):
        return value
    part = _step(node, key, depth)
    if isinstance(node, (list, tuple)):
        items = list(node)
        items[part] = _set(items[part], key, depth + 1, value)
        return items if isinstance(node, list) else tuple(items)
    copy = TreeDict(node if isinstance(node, dict) else {}, config=getattr(node, "config", False))
    copy.missing = getattr(node, "missing", ())
    below = _set(copy.get(part, MISSING), key, depth + 1, value)
    if below is MISSING:
        copy.pop(part, None)
    else:
        copy[part] = below
    return copy


def without(tree: Any, keys: Iterable[KeyPath]) -> Any:
    """``tree`` without some keys of dicts."""
    return with_overrides(tree, [(key, MISSING) for key in keys])


def keys_gone(before: Any, after: Any, key: KeyPath = ()) -> Iterator[KeyPath]:
    """The keys of dicts in ``before`` that the same dicts of ``after`` do not have."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name, item in before.items():
            if name not in after:
                yield (*key, name)
            else:
                yield from keys_gone(item, after[name], (*key, name))


def differences(before: Any, after: Any, key: KeyPath = ()) -> Iterator[Difference]:
    """Every key at which two resolved configs differ, outermost differing value first found.

    Strict: ``True`` is not ``1``, a list is not a tuple; NaN equals NaN. An :class:`Unknown` equals any other
    Unknown. Classes and functions are equal by qualified name, other objects by ``==`` or by their text
    without the memory address (each load of a config makes new ones).
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from differences(before.get(name, MISSING), after.get(name, MISSING), (*key, name))
    elif _both(before, after, list) or _both(before, after, tuple):
        if len(before) != len(after):
            yield Difference(key, before, after)
            return
        for index, (old, new) in enumerate(zip(before, after)):
            yield from differences(old, new, (*key, index))
    elif not _same(before, after):
        yield Difference(key, before, after)


def _both(before: Any, after: Any, kind: type) -> bool:
    return isinstance(before, kind) and isinstance(after, kind)


def _same(before: Any, after: Any) -> bool:
    if before is after:
        return True
    if isinstance(before, Unknown) and isinstance(after, Unknown):
        return True
    if _name(type(before)) != _name(type(after)):
        return False
    if isinstance(before, type) or callable(before):
        return _name(before) == _name(after)
    if isinstance(before, float):
        return repr(before) == repr(after)  # nan equals nan, 0.0 does not equal -0.0
    try:
        if bool(before == after):
            return True
    except Exception:  # an object of the config's own (numpy: "truth value is ambiguous")
        pass
    return _ADDRESS.sub("", repr(before)) == _ADDRESS.sub("", repr(after))


def _name(thing: Any) -> str:
    name = getattr(thing, "__qualname__", None)
    return f"{getattr(thing, '__module__', '')}.{name}" if name else _ADDRESS.sub("", repr(thing))


def declared(before: Any, after: Any) -> Tuple[Tuple[KeyPath, Any], ...]:
    """The overrides that turn ``before`` into ``after``.

    Raises:
        PatchError: A top-level key went away, which no override says.
    """
    return tuple(_declared(before, after, ()))


def _declared(before: Any, after: Any, key: KeyPath) -> Iterator[Tuple[KeyPath, Any]]:
    if before is after:  # most of a tree, of which an override copies only the way to its key
        return
    if isinstance(before, dict) and isinstance(after, dict) and (not key or not before.keys() - after.keys()):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _declared(before.get(name, MISSING), after.get(name, MISSING), (*key, name))
    elif (_both(before, after, list) or _both(before, after, tuple)) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after)):
            yield from _declared(old, new, (*key, index))
    elif after is MISSING:
        raise PatchError(
            say("the text after mmfix's block removes {key}", key=format_key(key)),
            hint=say("undo the patch first"),
        )
    elif any(differences(before, after)):
        yield key, after


def short(value: Any, limit: int = 40) -> str:
    """A value on one line, cut to ``limit`` characters."""
    if value is MISSING:
        return say("not set")
    text = " ".join(repr(value).split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def mismatch_message(wanted: Sequence[KeyPath], found: Sequence[Tuple[KeyPath, str, str]]) -> str:
    """One line for a patch that does more or less than it declares.

    Args:
        wanted: The keys the patch declares.
        found: Key, the value it should have, the value it got; the first is named.
    """
    key, expected, got = found[0]
    name = format_key(key)
    if any(key[: len(want)] == want for want in wanted):
        template = mark("the patch would not set {key} to {expected}; it would be {value}")
    else:
        template = mark("the patch would also change {key} from {expected} to {value}")
    told = say(template, key=name, expected=expected, value=got)
    return say("{told}, and {count} more", told=told, count=len(found) - 1) if len(found) > 1 else told
