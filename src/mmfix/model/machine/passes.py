"""Passes through a gradient checkpoint."""

from __future__ import annotations

from typing import Dict, FrozenSet, NamedTuple, Optional

from mmfix.model.machine.conditions import Path, Turns
from mmfix.model.machine.values import Instance
from mmfix.python.place import Place


class CheckpointCall(NamedTuple):
    """One call of a gradient checkpoint on the training path.

    Attributes:
        place: The line of the call.
        reentrant: True or False as given, None when the call leaves it to torch's default.
        library: ``torch`` or ``fairscale``.
        input_has_grad: Whether an argument requires grad: True, False, or None when it depends.
        params: Bits of the parameters used inside.
        own: Those of them that no checkpointed call within uses: a gradient comes once for each
            innermost call.
        owner: The module whose code calls it.
        called_at: The line that calls the function which the call is in, where that is known.
        mark: A bit for the call itself: what depends on it carries gradients into the call.
        path: What holds where it is called.
        turns: The loops of unknown length around it, each with the turns it was met in.
        carries: Whether the loss depends on it: True, False, or None when that depends.
    """

    place: Place
    reentrant: Optional[bool]
    library: str
    input_has_grad: Optional[bool]
    params: int
    own: int
    owner: Optional[Instance]
    mark: int
    path: Path
    turns: Dict[Turns, FrozenSet[str]]
    carries: Optional[bool] = None
    called_at: Optional[Place] = None

    @property
    def repeats(self) -> bool:
        """Whether it may be made in several turns of a loop of unknown length."""
        return any(
            "any" in which or {"first", "last"} <= which or ("first" in which and not turns.asked_first)
            for turns, which in self.turns.items()
        )
