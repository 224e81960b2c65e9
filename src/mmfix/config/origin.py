"""Where a value comes from: origins, blame chains, and values that cannot be known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Tuple

from mmfix.wording import say


class Origin(NamedTuple):
    """The place in a file that set a value. Line and column are 1-based."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Blame(NamedTuple):
    """How a value came to be.

    Attributes:
        origin: The expression that set the value.
        via: Blame of the variable the expression read the value from (``with_cp=cp``), if it did.
        previous: Blame of the value that this one replaced, if there was one.
    """

    origin: Origin
    via: Optional[Blame] = None
    previous: Optional[Blame] = None

    def chain(self) -> Tuple[Origin, ...]:
        """All origins, newest first: the setter, what it read, then what it overrode."""
        seen: Dict[Origin, None] = {}
        stack: List[Blame] = [self]
        followed = set()  # the same blame may be reached on very many ways
        while stack:
            blame = stack.pop()
            if id(blame) in followed:
                continue
            followed.add(id(blame))
            seen[blame.origin] = None
            if blame.previous is not None:
                stack.append(blame.previous)
            if blame.via is not None:
                stack.append(blame.via)
        return tuple(seen)


@dataclass(frozen=True)
class Unknown:
    """A value that cannot be known without running code.

    Attributes:
        reason: Why.
        origin: The line.
        may_be: While its file is read: the values that it may be; a change of it may change any of them.
            None where nobody has said it yet.
        within: It may also be something inside of them, or something new that holds any of that.
        shares: Once its file is read: it may be, or hold, a container that has other names in there.
    """

    reason: str
    origin: Optional[Origin] = None
    may_be: Optional[Tuple[Any, ...]] = field(default=None, compare=False, repr=False)
    within: bool = field(default=True, compare=False, repr=False)
    shares: bool = field(default=False, compare=False, repr=False)

    def __repr__(self) -> str:
        return f"<unknown: {self.reason}>"


@dataclass(frozen=True)
class MissingBase:
    """A base that is not where a config says.

    Attributes:
        path: Where it should be; for ``package::config`` and the imports of a lazy config, what they say.
        entry: As the config has it.
        origin: The line that names it.
        read: The file that was read in its place; empty when none was, and what it sets is not known.
        where: Where that file was found: ``--base-dir ../mmdetection3d``; empty when none was read.
        spared: Top-level keys that it is taken not to set, by the folder it lies in.
        hint: What may be meant, or what helps.
        why: No file is missing, and there may still be more keys: why.
    """

    path: str
    entry: str
    origin: Origin
    read: str = ""
    where: str = ""
    spared: FrozenSet[str] = frozenset()
    hint: str = ""
    why: str = ""

    @property
    def unknown(self) -> Unknown:
        """A value that it may have set."""
        return Unknown(
            self.why or say("it may be set in {entry}, which is not here", entry=self.entry), self.origin
        )


class _All(FrozenSet[str]):
    """All text."""

    def __contains__(self, item: object) -> bool:
        return True


def more_keys(why: Unknown) -> MissingBase:
    """A tree may have other keys than it shows, in another order; those that it shows not are not there."""
    return MissingBase("", "", why.origin or Origin("", 1, 1), spared=_All(), why=why.reason)
