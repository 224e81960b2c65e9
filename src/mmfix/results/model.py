"""What ``mmfix show --model`` shows. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from mmfix.config.keypath import KeyPath

#: What is known of the module of a config dict: it is in the model; its class is there, and the model holds
#: no module made from this dict; no class of that name was found; the code was not followed that far.
IN_MODEL = "in the model"
NOT_IN_MODEL = "not in the model"
NOT_FOUND = "not found in source"
NOT_FOLLOWED = "cannot tell"


@dataclass(frozen=True)
class CodeLine:
    """A line of source code, the file as people see it: from the directory its package lies in."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class ModelPart:
    """A part of a module that is not simply used.

    Attributes:
        name: From the module: ``fusion.conv``; empty for the module itself.
        class_name: ``Conv2d``; ``Parameter`` for a bare parameter.
        verdict: ``never used``, ``used only sometimes`` or ``cannot tell``.
        why: One clause; may be empty.
        created: The line that makes it.
        used: The line of a use that counts, or would count under another condition.
        decided_by: The config key that decides, when one does.
    """

    name: str
    class_name: str
    verdict: str
    why: str
    created: Optional[CodeLine]
    used: Optional[CodeLine]
    decided_by: Optional[KeyPath]


@dataclass(frozen=True)
class Checkpoint:
    """A gradient checkpoint that the training step runs.

    Attributes:
        kind: ``reentrant``, ``non-reentrant`` or ``fairscale``.
        switch: The config key that switches it; None: it is always on.
        line: The call.
    """

    kind: str
    switch: Optional[KeyPath]
    line: CodeLine


@dataclass(frozen=True)
class Freezing:
    """``requires_grad`` set after DDP has wrapped the model.

    Attributes:
        when: ``train``, ``init_weights``, or ``step`` for a switch in the training step.
        line: The line that sets it, if known.
        decided_by: The config key that decides, when one does.
    """

    when: str
    line: Optional[CodeLine]
    decided_by: Optional[KeyPath]


@dataclass(frozen=True)
class ModelRow:
    """A config dict that makes a module.

    Attributes:
        key: Its key path.
        class_name: The class behind its ``type``.
        defined: Where the class is; None for a class of a library that is not read.
        exists: One of the four constants above.
        verdict: The worst of the module and what it holds, deeper config dicts aside: ``used``, ``never
            used``, ``used only sometimes``, ``cannot tell``; None where there is nothing to train.
        parameters: How many it holds, deeper config dicts aside.
        frozen: How many of them are frozen when the first step begins.
        parts: What of it is not simply used.
        checkpoints, freezings: What else its code does.
    """

    key: KeyPath
    class_name: str
    defined: Optional[CodeLine]
    exists: str
    verdict: Optional[str] = None
    parameters: int = 0
    frozen: int = 0
    parts: Tuple[ModelPart, ...] = ()
    checkpoints: Tuple[Checkpoint, ...] = ()
    freezings: Tuple[Freezing, ...] = ()


@dataclass(frozen=True)
class ModelTree:
    """What ``mmfix show --model`` shows.

    Attributes:
        path: The config.
        kind: ``classic``, ``lazy``, ``json`` or ``yaml``.
        era: ``mmcv1`` or ``mmengine``.
        rows: In the order of the config, outer dicts first.
        problems: What could not be followed: (clause, line if known), each once.
        gave_up: Why there are no verdicts; empty when there are.
    """

    path: str
    kind: str
    era: str
    rows: Tuple[ModelRow, ...]
    problems: Tuple[Tuple[str, Optional[CodeLine]], ...]
    gave_up: str
