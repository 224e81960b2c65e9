"""The words of the physics: outcome, settings, traits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional


class Outcome(str, Enum):
    """What a distributed run does."""

    OK = "OK"
    UNUSED = "UNUSED"
    READY_TWICE = "READY_TWICE"
    UNTRAINED = "UNTRAINED"
    NO_SYNC_ASSERT = "NO_SYNC_ASSERT"
    DIVERGED = "DIVERGED"


class Checkpoint(str, Enum):
    """How a module is checkpointed. ``checkpoint(fn, x)`` without ``use_reentrant`` is reentrant."""

    NONE = "none"
    REENTRANT = "reentrant"
    NON_REENTRANT = "non-reentrant"


class Unused(str, Enum):
    """How often some trainable parameter takes no part in the loss."""

    NEVER = "never"
    ALWAYS = "always"
    SOMETIMES = "sometimes"


@dataclass(frozen=True)
class Settings:
    """What the config tells DistributedDataParallel.

    Attributes:
        find_unused_parameters: The DDP argument in effect.
        static_graph: The DDP argument in effect (or ``_set_static_graph()``).
        accumulation: Iterations per optimizer step that run under ``no_sync()``; 1 is none.
        bypasses_forward: The training step does not go through ``DDP.forward``
            (mmcv 1.x ``MMDistributedDataParallel.train_step``).
    """

    find_unused_parameters: bool = False
    static_graph: bool = False
    accumulation: int = 1
    bypasses_forward: bool = False


@dataclass(frozen=True)
class Traits:
    """Facts of the model's autograd graph. None: not known.

    Attributes:
        checkpoint: The strongest checkpoint in the model.
        input_has_grad: The input of every checkpointed call requires grad, or the call is guarded by
            ``x.requires_grad`` and therefore simply off when it does not.
        unused: How often a parameter trainable at the wrap gets no gradient.
        late_freeze: Parameters are frozen after the wrap (``requires_grad = False`` in ``train()``).
        reused: A checkpointed parameter is used in more than one checkpointed call per step.
    """

    checkpoint: Optional[Checkpoint] = Checkpoint.NONE
    input_has_grad: Optional[bool] = True
    unused: Optional[Unused] = Unused.NEVER
    late_freeze: Optional[bool] = False
    reused: Optional[bool] = False
