"""Cures for what is written at a name that nobody reads: the same, at the key that is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Tuple

from mmfix.config.dicts import dicts_in
from mmfix.config.document import to_plain
from mmfix.config.origin import Unknown
from mmfix.ddp import Outcome
from mmfix.findings import Override, Remedy
from mmfix.remedies.graph import is_true, outcomes, possible
from mmfix.remedies.solve import drop_key
from mmfix.training.top_level import changes
from mmfix.training.types import TrainingSetup

_REASON = "what {} says, where it is read"
_PRICE = "What the line asks for takes effect."
_MEANT = "{} was meant."


def right_name(setup: TrainingSetup, name: str, key: str) -> Tuple[Remedy, ...]:
    """The value of a top-level name, set at the key that it is a slip away from.

    Merged into what the bases have there, as it would have been under the right name. Where this file has
    both, or the key would stop the run, the line goes by hand.
    """
    value = setup.document.tree[name]
    if key in setup.document.own or not is_known(value) or _would_fail(setup, key, value):
        return drop_key(name)
    reason = _REASON.format(name)
    changed = changes(setup.document.tree.get(key), value, (key,))
    overrides = tuple(Override(path, to_plain(item), reason) for path, item in changed)
    return (Remedy("right-name", "review", _PRICE, overrides, (_MEANT.format(key),)),)


def is_known(value: Any) -> bool:
    """Whether all of a value is known."""
    if isinstance(value, Unknown):
        return False
    if isinstance(value, (list, tuple)):
        return all(is_known(item) for item in value)
    return all(
        is_known(item) for _, node in dicts_in(value) for item in node.values() if not isinstance(item, dict)
    )


def _would_fail(setup: TrainingSetup, key: str, value: Any) -> bool:
    """Whether DDP would stop the run once it got ``find_unused_parameters``."""
    if key != "find_unused_parameters":
        return False
    settings = replace(setup.settings, find_unused_parameters=is_true(value))
    return Outcome.OK not in outcomes(settings, possible(setup))
