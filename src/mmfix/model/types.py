"""What is read from a model's source code. Plain data, printable, free of syntax trees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.python.place import Place, Problem
from mmfix.wording import say

#: Verdicts on a submodule: its parameters get a gradient in every step; in none; it depends on the data or
#: the iteration; the reader lost track.
USED = "used"
NEVER = "never used"
SOMETIMES = "used only sometimes"
CANNOT_TELL = "cannot tell"

#: Why the loss does not reach a part, and why it may not.
NO_RESULT = say("its result does not reach the loss")
NOT_USED = say("not used in the training step")
LEFT_TO_CHANCE = say("whether it reaches the loss is left to chance in each step")
LEFT_TO_COUNT = say("whether it reaches the loss depends on how many steps there were")
LEFT_TO_DATA = say("whether it reaches the loss depends on the data or the iteration")


@dataclass(frozen=True)
class Submodule:
    """A part of the built model that holds parameters, and whether the loss reaches them.

    Attributes:
        name: Where it sits in the built model, ``backbone.fusion``; empty for the model itself.
        key: Key path of the config dict whose class made it, ``model.backbone``.
        class_name: ``Conv2d``, ``FusionModule``; ``Parameter`` for a bare parameter.
        owner: The class whose code made it.
        created: The line that made it.
        verdict: One of the four constants above.
        used: The line of a use that counts, or of one that would count under another condition; None if none.
        decided_by: The config key that decides, when one does: ``model.backbone.use_fusion``.
        why: One clause for a message: ``used only under torch.no_grad()``.
        when_full: It is used in every step that has something to compute on: targets, positives.
        parted: Of one used only sometimes, file and class of the code in which paths that use it and paths
            that do not come together; two empty texts where one step of training differs from another.
        left_to: What leaves it out of some steps for certain, whatever the data is like: ``chance`` or
            ``count``, how many steps there were; empty where nothing of the kind is known.
        parameters: How many parameters of it DDP waits for; 0 where that is not certain.
    """

    name: str
    key: KeyPath
    class_name: str
    owner: str
    created: Optional[Place]
    verdict: str
    used: Optional[Place] = None
    decided_by: Optional[KeyPath] = None
    why: str = ""
    when_full: bool = False
    parted: Tuple[Tuple[str, str], ...] = ()
    left_to: str = ""
    parameters: int = 0


@dataclass(frozen=True)
class LateFreeze:
    """Parameters frozen after DDP has wrapped the model.

    Attributes:
        key: Key path of the config dict whose class does it, ``model.backbone``.
        class_name: That class.
        place: The line that freezes.
        phase: ``train`` or ``init_weights``.
        decided_by: The config key that decides, ``model.backbone.frozen_stages``; None when nothing does.
        names: Of the parameters.
    """

    key: KeyPath
    class_name: str
    place: Optional[Place]
    phase: str
    decided_by: Optional[KeyPath]
    names: Tuple[str, ...]


@dataclass(frozen=True)
class Toggle:
    """``requires_grad`` set while the training step runs.

    Attributes:
        key: Key path of the config dict of the module it is about.
        place: The line.
        decided_by: The config key that decides, if one does.
    """

    key: KeyPath
    place: Place
    decided_by: Optional[KeyPath]


@dataclass(frozen=True)
class CheckpointUse:
    """A gradient checkpoint on the training path.

    Attributes:
        key: Key path of the config dict whose class calls it.
        class_name: The class whose code calls it.
        switch: The config key that switches it, ``model.backbone.with_cp``; None when nothing does.
        place: The line of the call.
        reentrant: As given to the call; None leaves it to torch's default.
        library: ``torch`` or ``fairscale``.
        guarded: The call is made only if its input requires grad.
        input_has_grad: Whether its input requires grad; None when that is not known.
        reused: A parameter inside is used in more than one checkpointed call a step that gradients come
            back through; None when that depends.
        called: The lines that call the function which the call is in.
    """

    key: KeyPath
    class_name: str
    switch: Optional[KeyPath]
    place: Place
    reentrant: Optional[bool]
    library: str
    guarded: bool
    input_has_grad: Optional[bool]
    reused: Optional[bool]
    called: Tuple[Place, ...] = ()


@dataclass(frozen=True)
class Built:
    """A module that a config dict made.

    Attributes:
        key: The dict's key path.
        name: Where it sits in the built model, ``roi_head.bbox_head``.
        class_name: Its class.
        place: Where the class is defined; None for a library class.
        parameters: How many parameters it holds, those of deeper config dicts aside.
        frozen: How many of them do not require grad when the first step begins.
        waited_for: How many of them DDP waits for. The rest depends on what is not known.
        unknown: Why there may be more in it: a class has no source here; empty when all is known.
    """

    key: KeyPath
    name: str
    class_name: str
    place: Optional[Place]
    parameters: int = 0
    frozen: int = 0
    waited_for: int = 0
    unknown: str = ""


@dataclass(frozen=True)
class ModelReading:
    """All that was read from a model's source.

    Attributes:
        submodules: The largest parts of one verdict each; parts that are used throughout are left out.
        late_freezes, toggles, checkpoints: Beside the gradients.
        built: Every module that a config dict made.
        problems: What could not be followed.
        gave_up: Why there are no verdicts; empty when there are.
        files: The source files it rests on.
        all_built: Building the model met no problem: what is not in ``built`` is not in the model.
        ambiguous: Registry names that several classes have, each with a line that names the candidates; the
            first of them was read.
        trainable: The names of all parameters that require grad when DDP wraps the model, in the order of
            DDP's indices: ``[name for name, p in model.named_parameters() if p.requires_grad]`` then. None
            unless that is certain.
        unordered: Why ``trainable`` is None; empty when it is not.
        unmade: Of the config dicts that made no module, the file that defines the class they name, where one
            was found.
        reached: The attributes of the model that hold a parameter which gets a gradient in every step.
        same_losses: A step has the same losses, by their names, whatever the data is like.
        unfinished: The time it was given ran out. With more of it, it may say more, so it is not kept.
    """

    submodules: Tuple[Submodule, ...]
    late_freezes: Tuple[LateFreeze, ...]
    toggles: Tuple[Toggle, ...]
    checkpoints: Tuple[CheckpointUse, ...]
    built: Tuple[Built, ...]
    problems: Tuple[Problem, ...]
    gave_up: str = ""
    files: Tuple[str, ...] = ()
    all_built: bool = False
    ambiguous: Tuple[Tuple[str, str], ...] = ()
    trainable: Optional[Tuple[str, ...]] = None
    unordered: str = ""
    unmade: Tuple[Tuple[KeyPath, str], ...] = ()
    reached: Tuple[str, ...] = ()
    same_losses: bool = False
    unfinished: bool = False

    @property
    def trained_first(self) -> ModelReading:
        """The same, where ``train()`` runs before the wrap: what it freezes, DDP does not wait for."""
        gone = {name for item in self.late_freezes for name in item.names}
        left = tuple(name for name in self.trainable or () if name not in gone)
        return replace(self, late_freezes=(), trainable=None if self.trainable is None else left)

    @property
    def in_every_step(self) -> Tuple[str, ...]:
        """The names in ``trainable`` that get a gradient in every step, whatever the data is like."""
        if self.gave_up or self.trainable is None or self.toggles:
            return ()
        others = {item.name for item in self.submodules}
        others.update(name for item in self.late_freezes for name in item.names)
        return tuple(name for name in self.trainable if others.isdisjoint(_holders(name)))


def _holders(name: str) -> Tuple[str, ...]:
    """A parameter's own name and those of all modules that hold it; empty for the model itself."""
    parts = name.split(".")
    return ("", *(".".join(parts[:depth]) for depth in range(1, len(parts) + 1)))
