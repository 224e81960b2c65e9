"""Which statement sets a key: the plainest one that is right for how the file binds it.

A config file's own values (``own``) are merged into those of its bases (``base``) when the file has been
executed: a dict into a dict key by key, anything else replaces. So the right statement depends on what stands
at each level of the key path in both.

===============================  ==========================================================================
at this level                    statement
===============================  ==========================================================================
own has nothing, base a dict     ``model = dict(backbone=dict(with_cp=False))``, which merges
own has a dict                   ``model['backbone']['with_cp'] = False``
own has a dict under two names   ``model['backbone'] = dict(model['backbone'], with_cp=False)``, a copy
own has a tuple                  ``model['hs'] = (dict(model['hs'][0], cp=False),) + model['hs'][1:]``
own has a list                   ``model['heads'][0]['cp'] = False``
own has nothing, base a list     ``_base_['model']['heads'][0]['cp'] = False`` (MMEngine) or the whole list
base has None                    ``model = dict(neck=dict(_delete_=True, cp=False))``
===============================  ==========================================================================

Source of the merge rules: ``mmengine/config/config.py``: ``_merge_a_into_b``; mmcv 1.x has the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, Iterable, List, Mapping, Tuple, Union

from mmfix.config.keypath import MISSING, KeyPath, format_key
from mmfix.config.origin import Unknown
from mmfix.errors import PatchError
from mmfix.patches.difference import short, with_overrides
from mmfix.patches.expression import dict_with, render, sequence_with, subscript
from mmfix.wording import say

DELETE = "_delete_"
BY_OVERLAY = say('use "--overlay" to write a new config that inherits this one')


class Set:
    """The end of a key path: the value to set."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


#: Overrides as a tree: key or index -> what happens below it.
Edits = Dict[Any, Union["Set", "Edits"]]


def edit_tree(overrides: Iterable[Tuple[KeyPath, Any]]) -> Edits:
    """Overrides grouped by their common key paths; a later one wins over an earlier one."""
    root: Edits = {}
    for key, value in overrides:
        node = root
        for depth, part in enumerate(key[:-1]):
            below = node.get(part)
            if isinstance(below, Set):
                below.value = with_overrides(below.value, [(key[depth + 1 :], value)])
                break
            if below is None:
                below = node[part] = {}
            node = below
        else:
            node[key[-1]] = Set(value)
    return root


def shared_containers(*roots: Mapping[Any, Any]) -> FrozenSet[int]:
    """``id`` of every dict or list that can be reached by more than one way from the roots.

    Those are all of them where a value is unknown that may be one of them.
    """
    seen: Dict[int, Any] = {id(root): root for root in roots}
    shared = set()
    stack: List[Any] = list(seen.values())
    hidden = False
    while stack:
        node = stack.pop()
        for item in node.values() if isinstance(node, dict) else node:
            if isinstance(item, (dict, list, tuple)):
                if id(item) not in seen:
                    seen[id(item)] = item
                    stack.append(item)
                elif not isinstance(item, tuple) or item:
                    shared.add(id(item))
            elif isinstance(item, Unknown):
                hidden = hidden or item.shares
    return frozenset(seen if hidden else shared)


def set_in_child(value: Any, base: Any) -> Any:
    """What a child config must hold for the merged config to hold exactly ``value``.

    ``_delete_=True`` is only taken out by the merge if the base has the key, so it is only put in then.
    """
    if not isinstance(value, dict) or base is MISSING:
        return value
    if isinstance(base, dict) and not any(True for name in base if name not in value):
        return {name: set_in_child(item, base.get(name, MISSING)) for name, item in value.items()}
    return {DELETE: True, **value}


def inherit(base: Any, edits: Any) -> Any:
    """Child data that, merged into ``base``, makes the edits; a list on the way is written out whole.

    Raises:
        PatchError: A key leads through something that is not a dict, list or tuple.
    """
    if isinstance(edits, Set):
        return set_in_child(edits.value, base)
    if isinstance(base, dict):
        return {key: inherit(base.get(key, MISSING), below) for key, below in edits.items()}
    return set_in_child(with_overrides(base, flatten(edits)), base)


def flatten(edits: Any, key: KeyPath = ()) -> List[Tuple[KeyPath, Any]]:
    """The inverse of :func:`edit_tree`."""
    if isinstance(edits, Set):
        return [(key, edits.value)]
    return [item for part, below in edits.items() for item in flatten(below, (*key, part))]


@dataclass
class Scene:
    """A Python config as the statements at its end see it.

    Attributes:
        own: What the file binds.
        base: What it inherits and will be merged into.
        shared: Containers under two names, or in ``base`` too (see :func:`shared_containers`).
        base_is_object: ``_base_`` is the merged base while the file runs (MMEngine; in mmcv 1.x it is text),
            and no ``{{ _base_.x }}`` would read it after it was changed.
        placeholders: Strings that stand for ``{{ _base_.x }}`` while the file runs.
        lines: The statements so far.
    """

    own: Mapping[Any, Any]
    base: Mapping[Any, Any]
    shared: FrozenSet[int] = frozenset()
    base_is_object: bool = False
    placeholders: FrozenSet[str] = frozenset()
    lines: List[str] = field(default_factory=list)

    def run(self, edits: Edits) -> List[str]:
        """The statements for all edits.

        Raises:
            PatchError: No statement at the end of the file can make one of them.
        """
        for name, below in edits.items():
            own, base = self.own.get(name, MISSING), self.base.get(name, MISSING)
            self._place(str(name), own, base, below, (name,))
        return self.lines

    def _place(self, target: str, own: Any, base: Any, edits: Any, where: KeyPath) -> None:
        """Add the statements that make ``edits`` at ``target``."""
        if isinstance(edits, dict) and isinstance(own, (dict, list)) and id(own) not in self.shared:
            for key, below in edits.items():
                self._place(
                    subscript(target, key), _at(own, key), _below(own, base, key), below, (*where, key)
                )
            return
        value = self._value(target, own, base, edits, where)
        if value is not MISSING:
            self.lines.append(f"{target} = {render(value, room=97 - len(target))}")

    def _value(self, target: str, own: Any, base: Any, edits: Any, where: KeyPath) -> Any:
        """The new value of ``target``, MISSING if it needs none."""
        if isinstance(edits, Set):
            return set_in_child(edits.value, base)
        if own is MISSING:
            return self._inherited(base, edits, where)
        if isinstance(own, (dict, list, tuple)):
            changes = {}
            for key, below in edits.items():
                value = self._value(
                    subscript(target, key), _at(own, key), _below(own, base, key), below, (*where, key)
                )
                if value is not MISSING:
                    changes[key] = value
            if not changes:
                return MISSING
            if isinstance(own, dict):
                return dict_with(target, changes)
            return sequence_with(target, len(own), changes, isinstance(own, tuple))
        if own is None:
            return set_in_child(with_overrides(None, flatten(edits)), base)
        name = format_key(where)
        if isinstance(own, str) and own in self.placeholders:
            raise PatchError(
                say("{key} is a {{{{ _base_ }}}} reference, text while this file runs", key=name),
                hint=BY_OVERLAY,
            )
        if isinstance(own, Unknown):
            raise PatchError(
                say("mmfix cannot see inside {key}: {why}", key=name, why=own.reason), hint=BY_OVERLAY
            )
        raise PatchError(
            say("{key} is {value} while this file runs", key=name, value=short(own)), hint=BY_OVERLAY
        )

    def _inherited(self, base: Any, edits: Any, where: KeyPath) -> Any:
        """The value for a slot the file does not bind; MISSING if changing ``_base_`` is enough."""
        if isinstance(edits, Set):
            return set_in_child(edits.value, base)
        if isinstance(base, dict):
            values = {
                key: self._inherited(base.get(key, MISSING), below, (*where, key))
                for key, below in edits.items()
            }
            values = {key: value for key, value in values.items() if value is not MISSING}
            return values or MISSING
        if isinstance(base, (list, tuple)) and self.base_is_object and self._is_alone(where):
            target = "_base_"
            for part in where:
                target = subscript(target, part)
            self._place(target, base, MISSING, edits, where)
            return MISSING
        whole = with_overrides(base, flatten(edits))
        if isinstance(base, (list, tuple)):
            try:
                render(whole)
            except PatchError as error:
                raise PatchError(
                    say(
                        "{key} comes from a base and would have to be written out whole, but {why}",
                        key=format_key(where),
                        why=error.message,
                    ),
                    hint=say("copy it into this file and run mmfix again"),
                ) from error
        return set_in_child(whole, base)

    def _is_alone(self, where: KeyPath) -> bool:
        """Whether nothing else has the containers of ``_base_`` in which a key lies."""
        node: Any = self.base
        for part in where[:-1]:
            node = node[part]
            if id(node) in self.shared:
                return False
        return True


def _at(own: Any, key: Any) -> Any:
    return own.get(key, MISSING) if isinstance(own, dict) else own[key]


def _below(own: Any, base: Any, key: Any) -> Any:
    """What ``own[key]`` will be merged into: nothing inside a list or under ``_delete_=True``."""
    if isinstance(own, dict) and isinstance(base, dict) and not own.get(DELETE, False):
        return base.get(key, MISSING)
    return MISSING
