"""What a training script says about DistributedDataParallel. Plain data, free of syntax trees."""

from __future__ import annotations

import os.path as osp
from dataclasses import dataclass
from typing import Any, Optional, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.python.place import Place, Problem


@dataclass(frozen=True)
class KeyRead:
    """Where a DDP argument gets its value from.

    Attributes:
        key: The config key the script reads, ``find_unused_parameters`` or ``solver.static_graph``; None: the
            script passes a constant, and no key of a config reaches the argument.
        default: What DDP gets when the config has no such key (or the constant); None: the script stops
            without the key.
        place: The line that says so.
        negated: DDP gets the opposite of the key's value.
    """

    key: Optional[KeyPath]
    default: Optional[bool]
    place: Place
    negated: bool = False

    def value(self, present: Any) -> bool:
        """What DDP gets for the value a config gives the key."""
        return bool(present) is not self.negated


@dataclass(frozen=True)
class TrainingScript:
    """What a repository's training script does, as far as DDP is concerned.

    Attributes:
        root: The repository's folder.
        runner: ``mmengine`` when the script trains with MMEngine's Runner: then MMEngine's own rules hold,
            and ``find_unused`` is None.
        find_unused: How it gets ``find_unused_parameters``; None: not found, or ``problems`` says why not.
        static_graph: How it gets static graph, as an argument or by ``model._set_static_graph()``; None: it
            does not.
        wrapper: The class that wraps the model; None: several, or not found.
        problems: What could not be followed and matters to the above.
        touches: A line of a script for MMEngine's Runner that handles ``find_unused_parameters`` itself.
        trained: It calls the model's ``train()`` before the wrap: what that freezes, DDP never sees.
        averages: The line of its own hook that averages the gradients after each step. The wrapper of that
            time (mmcv 0.2) only hands out the batch, and no reducer waits for a gradient.
    """

    root: str
    runner: Optional[str] = None
    find_unused: Optional[KeyRead] = None
    static_graph: Optional[KeyRead] = None
    wrapper: Optional[str] = None
    problems: Tuple[Problem, ...] = ()
    touches: Optional[Place] = None
    trained: bool = False
    averages: Optional[Place] = None

    @property
    def files(self) -> Tuple[str, ...]:
        """The files with the lines that decide."""
        places = [read.place for read in (self.find_unused, self.static_graph) if read is not None]
        places += [self.averages] if self.averages is not None else []
        return tuple(dict.fromkeys(place.path for place in places))

    def where(self, place: Place) -> str:
        """``mmpose/apis/train.py:84``: a place, seen from the repository's folder."""
        return f"{osp.relpath(place.path, self.root).replace(osp.sep, '/')}:{place.line}"
