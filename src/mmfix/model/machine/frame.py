"""The local variables of a call, and the ways it was left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from mmfix.model.machine.values import Function, Storage

if TYPE_CHECKING:
    from mmfix.model.machine.scopes import Scope


class Frame(Storage):
    """The local variables of one call.

    Attributes:
        scope: The module the code is in.
        function: What runs; None at module level.
        parent: The frame of the enclosing function, for closures.
        returns: Values returned so far.
        yields: Values yielded so far.
        unsure: Whether the number of yielded values is not known.
        stopped: What a statement that left did: ``return``, ``break`` or ``continue``.
        stranded: Every branch of a fork left, so the state of now is that of no path.
        turns: How often the loops around the statement that runs turn, all together.
        under: How many unknown conditions the call is under.
        base, loop: How many states to undo there were when the call began, and the loop in it.
        leaves, continues, breaks: Contents of what had changed, at each conditional ``return``, ``continue``
            and ``break``.
    """

    __slots__ = (
        "base", "breaks", "continues", "function", "leaves", "loop", "parent", "returns", "scope", "stopped",
        "stranded", "turns", "under", "unsure", "yields",
    )  # fmt: skip
    items: Dict[str, Any]

    def __init__(self, scope: Scope, function: Optional[Function], parent: Optional[Frame]) -> None:
        super().__init__()
        self.items = {}
        self.scope = scope
        self.function = function
        self.parent = parent
        self.returns: List[Any] = []
        self.yields: List[Any] = []
        self.unsure = False
        self.stopped = "return"
        self.stranded = False
        self.base = self.loop = self.under = 0
        self.turns = 1
        self.leaves: List[Dict[Storage, Any]] = []
        self.continues: List[Dict[Storage, Any]] = []
        self.breaks: List[Dict[Storage, Any]] = []

    def exits(self) -> List[Dict[Storage, Any]]:
        """Where the contents at a statement like the last one that left are kept."""
        kept = {"return": self.leaves, "continue": self.continues, "break": self.breaks}
        return kept[self.stopped]
