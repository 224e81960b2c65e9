"""What is remembered of an object beside its attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Tuple

from mmfix.python.place import Place

if TYPE_CHECKING:
    from mmfix.model.machine.values import Instance


class Notes(NamedTuple):
    """What is remembered of an object beside its attributes, and undone with them.

    Attributes:
        hidden: Attributes that ``object.__setattr__`` put there: not registered with torch.
        slots: Names that hold a place among the modules or parameters although None is in it.
        hooks: Its forward hooks.
        hooks_before: Those called before its forward.
        checkpointed: Its forward runs in a checkpoint (fairscale's ``checkpoint_wrapper``): where it was
            wrapped, and by whom.
        initialised: ``init_weights()`` has run.
    """

    hidden: Tuple[str, ...] = ()
    slots: Tuple[str, ...] = ()
    hooks: Tuple[Any, ...] = ()
    hooks_before: Tuple[Any, ...] = ()
    checkpointed: Optional[Tuple[Optional[Place], Optional[Instance]]] = None
    initialised: bool = False


NO_NOTES = Notes()
