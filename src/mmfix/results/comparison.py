"""How two configs differ, key by key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.config.origin import Origin

CHANGED, ADDED, REMOVED, CANNOT_TELL = "changed", "added", "removed", "cannot tell"


@dataclass(frozen=True)
class Side:
    """A key in one of the two configs.

    Attributes:
        value: The resolved value; an ``Unknown`` where it cannot be known without running the config.
        origin: The place that set it; None where no line of a file did.
        text: The line there, as it is in this config's files.
    """

    value: Any
    origin: Optional[Origin]
    text: str


@dataclass(frozen=True)
class KeyChange:
    """A key at which two configs differ, or may differ.

    Attributes:
        key: The key; of an element that was taken out of a list, its place before. Empty for the whole
            config, where a base that is not here may set more.
        kind: ``changed``, ``added``, ``removed``, or ``cannot tell``.
        before: The key in the first config; None where it has none.
        after: In the second one.
        why: Why it cannot be told.
    """

    key: KeyPath
    kind: str
    before: Optional[Side]
    after: Optional[Side]
    why: str = ""


@dataclass(frozen=True)
class Comparison:
    """Two configs, resolved with all their bases.

    Attributes:
        before: The path of the first one.
        after: Of the second one.
        revision: The git revision in which ``before`` was read; empty: as it is now.
        changes: In the order of the configs.
        notes: What to know about what was read.
    """

    before: str
    after: str
    revision: str
    changes: Tuple[KeyChange, ...]
    notes: Tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 if all keys are equal; 1 if one differs, or may."""
        return 1 if self.changes else 0
