"""What a rehearsal found: plain data for ``prove``, for the proof file, and for ``check`` and ``patch``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping, Optional, Tuple

#: A rehearsal's verdicts beside :class:`mmfix.ddp.Outcome`: all ranks stood still; nothing can be said.
HANG, NOT_PROVED = "HANG", "NOT_PROVED"
#: From mildest to worst: the outcome of a config is the worst one of its scenarios.
OUTCOMES = ("OK", "UNTRAINED", "DIVERGED", "UNUSED", "READY_TWICE", "NO_SYNC_ASSERT", "HANG", "NOT_PROVED")

#: What happens to a parameter that requires a gradient when DDP wraps the model.
USED, NEVER, SOMETIMES, READY_TWICE, UNTRAINED = "used", "never", "sometimes", "ready twice", "untrained"


@dataclass(frozen=True)
class Scenario:
    """What one kind of batch did, on all ranks together.

    Attributes:
        name: ``normal``, ``empty``, ``single``, ``uneven`` (rank 0 normal, the others empty).
        outcome: One of :data:`OUTCOMES`.
        unused: Names of trainable parameters without a gradient in some iteration on some rank.
        ready_twice: Names of parameters that DDP would mark ready twice.
        error: The error text of DDP or of the model, empty when there was none.
        untrained: Names of parameters inside a reentrant checkpoint whose input has no gradient.
        disagreement: How the two instruments disagree; empty when they agree.
    """

    name: str
    outcome: str
    unused: Tuple[str, ...] = ()
    ready_twice: Tuple[str, ...] = ()
    error: str = ""
    untrained: Tuple[str, ...] = ()
    disagreement: str = ""


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters of one module that share a status other than *used*.

    Attributes:
        status: :data:`NEVER`, :data:`SOMETIMES`, :data:`READY_TWICE` or :data:`UNTRAINED`.
        module: Name of the module below the model, ``backbone.stages.3``; empty for the model itself.
        class_name: Its class.
        key: Text of the nearest config key path, ``model.backbone``.
        names: The parameters' full names.
        frozen_by: The phase that froze them after the wrap (``init_weights``, ``train``, ``hook`` or
            ``step``); empty when they still require a gradient.
        count: How many they are, where ``names`` holds only the first of them; 0: all are named.
    """

    status: str
    module: str
    class_name: str
    key: str
    names: Tuple[str, ...]
    frozen_by: str = ""
    count: int = 0

    @property
    def size(self) -> int:
        """How many parameters they are."""
        return max(self.count, len(self.names))


@dataclass(frozen=True)
class Rehearsal:
    """One run of all scenarios with one set of overrides.

    Attributes:
        outcome: The worst of the scenarios, or ``NOT_PROVED``.
        reason: Why, one line; empty for ``OK``.
        scenarios: In the order they ran.
        groups: Parameters that are not simply used.
        trainable: How many parameters required a gradient when DDP wrapped the model.
        reentrant: Whether a reentrant checkpoint ran.
        replaced: What the rehearsal had to replace, one line each.
        activation_bytes: Bytes that one normal step saves for its backward pass, on rank 0.
        step_seconds: Seconds of one normal step without DDP, on rank 0.
        versions: ``{"torch": "2.13.0", "mmengine": ...}``.
        world_size: Number of ranks.
        backend: ``gloo`` or ``nccl``.
        detail: Traceback or stacks, for ``-v``.
        left: Scenarios that were not run.
        why_left: Why not.
        parameters: Names of the parameters that required a gradient when DDP wrapped the model, in DDP's
            order: its "parameter at index i" is the i-th. Empty when the wrap was not reached or is not
            known, and for ``MMSeparateDistributedDataParallel``, where each part has indices of its own.
    """

    outcome: str
    reason: str = ""
    scenarios: Tuple[Scenario, ...] = ()
    groups: Tuple[ParameterGroup, ...] = ()
    trainable: int = 0
    reentrant: bool = False
    replaced: Tuple[str, ...] = ()
    activation_bytes: Optional[int] = None
    step_seconds: Optional[float] = None
    versions: Mapping[str, str] = field(default_factory=dict)
    world_size: int = 0
    backend: str = ""
    detail: str = ""
    left: Tuple[str, ...] = ()
    why_left: str = ""
    parameters: Tuple[str, ...] = ()


@dataclass(frozen=True)
class RemedyResult:
    """What a remedy did: its name, its outcome and why, its price.

    Attributes:
        name: As typed after ``--remedy``.
        outcome: One of :data:`OUTCOMES`.
        reason: Why it is not ``OK``.
        activation_bytes: See :class:`Rehearsal`.
        step_seconds: See :class:`Rehearsal`.
        overrides: What it set, each as ``str(Override)``; empty: not told, its name stands for it.
        scenarios: Those of its own rehearsal; empty: not told.
    """

    name: str
    outcome: str
    reason: str = ""
    activation_bytes: Optional[int] = None
    step_seconds: Optional[float] = None
    overrides: Tuple[str, ...] = ()
    scenarios: Tuple[Scenario, ...] = ()


@dataclass(frozen=True)
class Proof:
    """The config as it is, and each remedy that was rehearsed.

    Attributes:
        config: Path of the config.
        rehearsal: The config as it is.
        remedies: In the order they were rehearsed.
        seconds: For everything.
    """

    config: str
    rehearsal: Rehearsal
    remedies: Tuple[RemedyResult, ...] = ()
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0: it runs; 1: it fails; 2: not proved."""
        return {"OK": 0, NOT_PROVED: 2}.get(self.rehearsal.outcome, 1)
