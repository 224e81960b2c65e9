"""Cures for what is written at a name that nobody reads: the same, at the key that is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Mapping, Optional, Tuple

from mmfix.config.dicts import is_known
from mmfix.config.document import to_plain
from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.values import TreeDict
from mmfix.ddp import Outcome
from mmfix.findings import KeyMove, Override, Remedy
from mmfix.remedies.graph import is_true, outcomes, possible
from mmfix.remedies.solve import drop_first, drop_key
from mmfix.training.arguments import left_over
from mmfix.training.other_era import Foreign
from mmfix.training.set_twice import SetTwice
from mmfix.training.stale import Stale
from mmfix.training.top_level import changes
from mmfix.training.types import TrainingSetup
from mmfix.wording import mark, say

_REASON = mark("what {key} says, where it is read")
_PRICE = say("What the line asks for takes effect.")
_NOTHING = say("No cost: the class cannot be built as it is.")
_MEANT = mark("{key} was meant.")


def right_name(setup: TrainingSetup, name: str, key: str) -> Tuple[Remedy, ...]:
    """The value of a top-level name, set at the key that it is a slip away from.

    Merged into what the bases have there, as it would have been under the right name. Where this file has
    both, or the key would stop the run, the line goes by hand.
    """
    value = setup.document.tree[name]
    if key in setup.document.own or not is_known(value) or _would_fail(setup, key, value):
        return drop_key((name,))
    reason = say(_REASON, key=name)
    changed = changes(setup.document.tree.get(key), value, (key,))
    overrides = tuple(Override(path, to_plain(item), reason) for path, item in changed)
    moves = (KeyMove((name,), key),)
    return (Remedy("right-name", "review", _PRICE, overrides, (say(_MEANT, key=key),), moves=moves),)


def this_era(setup: TrainingSetup, foreign: Foreign) -> Tuple[Remedy, ...]:
    """What a key of the other era says, in the words of this one; where that is not plain, the line goes."""
    if not foreign.same or not all(is_known(value) for _, value in foreign.same):
        return drop_key((foreign.key,))
    reason = say(_REASON, key=foreign.key)
    overrides = tuple(Override(path, to_plain(value), reason) for path, value in foreign.same)
    assumes = (say("{key} still says what you want.", key=foreign.key),)
    moves = (KeyMove((foreign.key,)),)
    return (Remedy("key-of-this-era", "review", _PRICE, overrides, assumes, moves=moves),)


def set_users(setup: TrainingSetup, stale: Stale) -> Tuple[Remedy, ...]:
    """The value of a variable, in every place that the base built from it."""
    value = setup.document.tree[stale.name]
    reason = say("{name} as this file has it", name=stale.name)
    overrides = tuple(Override(path, to_plain(value), reason) for path in stale.users)
    where = say(" and ").join(format_key(path) for path in stale.users)
    return (
        Remedy(
            "set-users",
            "review",
            _PRICE,
            overrides,
            (say("{name} was meant for {keys}.", name=stale.name, keys=where),),
        ),
    )


def keep_both(setup: TrainingSetup, twice: SetTwice) -> Tuple[Remedy, ...]:
    """What the first of two bindings says and the second does not; by hand where both say it."""
    if not twice.lost:
        return drop_first(twice.name)
    reason = say("{name} as line {line} has it", name=twice.name, line=twice.first)
    overrides = tuple(Override(path, to_plain(value), reason) for path, value in twice.lost)
    assumes = (say("Line {line} still says what you want.", line=twice.first),)
    return (Remedy("keep-both", "review", _PRICE, overrides, assumes),)


def _would_fail(setup: TrainingSetup, key: str, value: Any) -> bool:
    """Whether DDP would stop the run once it got ``find_unused_parameters``."""
    if key != "find_unused_parameters":
        return False
    settings = replace(setup.settings, find_unused_parameters=is_true(value))
    return Outcome.OK not in outcomes(settings, possible(setup))


def right_arguments(
    setup: TrainingSetup, path: KeyPath, wrong: Mapping[str, Optional[str]], takes: str
) -> Tuple[Remedy, ...]:
    """A dict with what is meant by its wrong keys, and without all that is left over from something else.

    Args:
        setup: The setup.
        path: Of the dict.
        wrong: Each wrong key of it, and the one that is meant, where there is one.
        takes: What the dict is for, ``Net``.
    """
    node = setup.document.get(path)
    if not is_known(node):
        return drop_key((*path, next(iter(wrong))), ignored=False)
    wrong = {**dict.fromkeys(left_over(setup, path)), **wrong}
    gone = (*wrong, "_delete_")  # MMF204's; the patch replaces the whole dict
    kept = {key: to_plain(value) for key, value in node.items() if key not in gone}
    for name, meant in wrong.items():
        if meant is not None:
            kept[meant] = _merged(kept.get(meant), to_plain(node[name]))
    override = Override(path, kept, say("what {type} takes", type=takes))
    assumes = tuple(
        say(_MEANT, key=meant) if meant else say("{name} is left over from another class.", name=name)
        for name, meant in wrong.items()
    )
    price = _PRICE if any(wrong.values()) else _NOTHING
    moves = tuple(KeyMove((*path, name), meant or "") for name, meant in wrong.items())
    return (Remedy("right-argument", "review", price, (override,), assumes, moves=moves),)


def without_base(setup: TrainingSetup, path: KeyPath) -> Tuple[Remedy, ...]:
    """A dict as its ``_delete_`` asks for it: what that file says, without what that was merged into."""
    node, place = setup.document.get(path), setup.document.origin((*path, "_delete_"))
    if not is_known(node) or place is None:
        return drop_key((*path, "_delete_"), ignored=False)
    value = {key: item for key, item in _said_in(node, place.path).items() if key != "_delete_"}
    override = Override(path, value, say("what _delete_ asks for"))
    assumes = (say("Nothing else that the base has in {key} is needed.", key=format_key(path)),)
    return (Remedy("without-base", "review", _NOTHING, (override,), assumes),)


def _said_in(node: Any, path: str) -> Any:
    if not isinstance(node, TreeDict):
        return to_plain(node)
    found = {}
    for key, item in node.items():
        blame = node.blames.get(key)
        if blame is not None and blame.origin.path == path:
            found[key] = to_plain(item) if blame.previous is None else _said_in(item, path)
    return found


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
