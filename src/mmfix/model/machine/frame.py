"""The local variables of a call, and the ways it was left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Tuple

from mmfix.model.machine.conditions import CLOCK, Path
from mmfix.model.machine.values import Function, Instance, PyDict, PyList, Storage
from mmfix.python.place import Place
from mmfix.python.signatures import signature_of

if TYPE_CHECKING:
    from mmfix.model.machine.scopes import Scope


#: What several things hold, as :meth:`Storage.save` gives it.
Contents = Dict[Storage, Any]


_NO_NAMES: FrozenSet[str] = frozenset()


class Exit(NamedTuple):
    """Where a path goes on or leaves: the contents of what changed on it, and what holds there."""

    contents: Contents
    path: Path


class Attempt(NamedTuple):
    """How a branch ended, its result, the contents of what it changed, and what holds behind it."""

    ended: str
    result: Any
    after: Contents
    path: Path


class Frame(Storage):
    """The local variables of one call.

    Attributes:
        scope: The module the code is in.
        function: What runs; None at module level.
        parent: The frame of the enclosing function, for closures.
        outer: Names that the function declares ``nonlocal`` or ``global``.
        returns: Values returned so far, each with what holds there.
        yields: Values yielded so far.
        unsure: Whether the number of yielded values is not known.
        stopped: What a statement that left did: ``return``, ``break`` or ``continue``.
        stranded: Every branch of a fork left, so the state of now is that of no path.
        turns: How often the loops around the statement that runs turn, all together.
        under: How many unknown conditions the call is under.
        called_at: The line of the call; None where no code of the model makes it.
        base, loop: How many states to undo there were when the call began, and the loop in it.
        leaves, continues, breaks: The states at each conditional ``return``, ``continue`` and ``break``.
    """

    __slots__ = (
        "base", "breaks", "called_at", "continues", "function", "leaves", "loop", "outer", "parent",
        "returns", "scope", "stopped", "stranded", "turns", "under", "unsure", "yields",
    )  # fmt: skip
    items: Dict[str, Any]

    def __init__(
        self,
        scope: Scope,
        function: Optional[Function],
        parent: Optional[Frame],
        outer: FrozenSet[str] = _NO_NAMES,
    ) -> None:
        self.born = next(CLOCK)
        self.items = {}
        self.scope = scope
        self.function = function
        self.parent = parent
        self.outer = outer
        self.returns: List[Tuple[Any, Path]] = []
        self.yields: List[Any] = []
        self.unsure = False
        self.stopped = "return"
        self.stranded = False
        self.base = self.loop = self.under = 0
        self.turns = 1
        self.called_at: Optional[Place] = None
        self.leaves: List[Exit] = []
        self.continues: List[Exit] = []
        self.breaks: List[Exit] = []

    def exits(self) -> List[Exit]:
        """Where the states at statements like the last one that left are kept."""
        kept = {"return": self.leaves, "continue": self.continues, "break": self.breaks}
        return kept[self.stopped]


def receiver_of(frames: Sequence[Frame]) -> Optional[Instance]:
    """The object whose method runs, through the plain functions that it calls."""
    for frame in reversed(frames):
        function = frame.function
        if function is not None and function.cls is not None:
            names = signature_of(function.node.args).positional
            receiver = frame.items.get(names[0]) if names else None
            if isinstance(receiver, Instance):
                return receiver
    return None


def inner_first(states: Sequence[Contents]) -> List[Storage]:
    """What several states hold, lists and dicts first: what holds them is joined by what they are then."""
    found = list({key: None for state in states for key in state})
    found.sort(key=lambda item: (not isinstance(item, (PyList, PyDict)), -item.born))
    return found
