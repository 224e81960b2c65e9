"""What the framework will really do with a config."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.ddp.types import Settings
from mmfix.model.types import CheckpointUse
from mmfix.python.place import Place
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.repository.carried import Carried
    from mmfix.scripts.types import TrainingScript


@dataclass(frozen=True)
class CheckpointSite:
    """A switch that turns gradient checkpointing on in one part of the model.

    Attributes:
        key: Key path of the switch, ``model.backbone.with_cp``; for a checkpoint without a switch the key
            path of the ``type``.
        value: What is in effect: the config's value, or the class default when the key is absent.
        in_config: False when the class default decides.
        off: The value that turns it off; None when no config value can.
        type_name: ``ResNet`` (scope and package stripped).
        reentrant: ``True``, ``False``, or None when the library's version decides.
        guarded: An input without grad does no harm: the call is then skipped, or always gets a tensor that
            requires grad. None when not known.
        evidence: Where this is known from, ``mmdet 3.3.0 mmdet/models/backbones/resnet.py:306``.
        known: False when only the key's name suggests a checkpoint (type not in the table).
        input_has_grad: Whether the input of the checkpointed call requires grad, where the config tells.
        counts_layers: The switch is a number of layers to checkpoint, with fairscale's own checkpoint.
        explicit: The call itself says ``use_reentrant=True``.
        seen: Its effect was observed in a run; the call itself is unknown.
        calls: The calls that were followed in the source and are, or may be, reentrant; none where it is open
            which of several classes is meant.
        in_doubt: That is open.
    """

    key: KeyPath
    value: Any
    in_config: bool
    off: Any
    type_name: str
    reentrant: Optional[bool]
    guarded: Optional[bool]
    evidence: str
    known: bool
    input_has_grad: Optional[bool] = None
    counts_layers: bool = False
    explicit: bool = False
    seen: bool = False
    calls: Tuple[CheckpointUse, ...] = ()
    in_doubt: bool = False


@dataclass(frozen=True)
class ModelFact:
    """A trait of one part of the model and the key that causes it.

    Attributes:
        kind: ``late-freeze``, ``unused``, ``toggled`` (``requires_grad`` set in mid-training) or ``reused``.
        key: The deciding key path, ``model.backbone.frozen_stages``.
        type_name: The class, ``SwinTransformer``.
        confidence: ``certain``, ``likely`` or ``possible``.
        why: One sentence for the message.
        evidence: Where this is known from, one line each.
        scope: The part whose parameters it is about, ``model.backbone``.
        varies: It holds in some iterations and not in others.
        inside: It is about parts inside of children of the model that get gradients otherwise.
        modules: The parts it is about, as ``named_modules()`` names them, or a bare parameter; empty when
            that is not known.
        count: How many parameters DDP waits for in them; 0 when that is not certain.
        places: The lines of the source that do it, where it was read there, and it is the only one it may be.
        no_result: The parts are used, and the loss does not see what they give.
        no_positive: It is what a loss leaves out where a batch has no positive sample.
    """

    kind: str
    key: KeyPath
    type_name: str
    confidence: str
    why: str
    evidence: Tuple[str, ...]
    scope: KeyPath = ("model",)
    varies: bool = False
    inside: bool = False
    modules: Tuple[str, ...] = ()
    count: int = 0
    places: Tuple[Place, ...] = ()
    no_result: bool = False
    no_positive: bool = False


@dataclass(frozen=True)
class Setting:
    """An effective DDP setting and the key path that decides it (None: the framework's default)."""

    value: Any
    key: Optional[KeyPath]


_A_REHEARSAL = say("A rehearsal")


@dataclass(frozen=True)
class Rehearsed:
    """What real training steps of this config did, seen under real DDP (``mmfix prove``, or a log).

    Attributes:
        outcome: An outcome of :mod:`mmfix.ddp`, or ``HANG``.
        line: When and how it was rehearsed, one line of evidence.
        reason: Why the outcome is not ``OK``.
        error: The first line of the error text.
        what: The parameters it is about, in a few words; empty when none are named.
        key: The key path nearest to them.
        who: What was seen: a rehearsal, or the run that a log tells of.
    """

    outcome: str
    line: str
    reason: str = ""
    error: str = ""
    what: str = ""
    key: KeyPath = ("model",)
    who: str = _A_REHEARSAL


@dataclass(frozen=True)
class TrainingSetup:
    """Everything the rules ask about.

    Attributes:
        document: The config it was read from.
        era: ``mmcv1`` or ``mmengine``.
        runner: ``mmcv1``, ``Runner`` or ``FlexibleRunner``.
        wrapper: ``ddp``, ``separate-ddp``, ``fsdp``, ``deepspeed``, ``other`` or ``none`` (launcher none).
        wrapper_key: Where DDP arguments are read from: ``()`` (top level), ``('model_wrapper_cfg',)`` or
            ``('strategy', 'model_wrapper')``.
        find_unused: Effective ``find_unused_parameters``.
        static_graph: Effective ``static_graph``.
        accumulation: Effective accumulation (steps under ``no_sync()``); 1 in the mmcv 1.x era.
        checkpoints: Every checkpoint that is on.
        facts: Late freezing, unused and reused parts.
        unknown: What could not be read and matters here, one line each.
        unread: Why the model's source could not be followed; empty when it was.
        not_here: Classes and base classes of the model that have no source here.
        broken: Source files that cannot be read, and why; a class that is not here may be in one of them.
        untold: Parts of it of which the source does not tell whether the loss reaches them.
        tells_nothing: The source tells it of no part.
        same_losses: The source tells that a step has the same losses whatever the data is like.
        decided_elsewhere: The training script handles ``find_unused_parameters``, which is not followed.
        script: The repository's own training script, where it decides ``find_unused`` or ``static_graph``.
        rehearsed: What a rehearsal showed, where there is a proof that still holds.
        carried: Released packages that lie in the repository, where the model's source is in them.
        torch: The version that is installed here, ``1.13.1+cu117``; empty where that is not known.
        files: The source files that it was read off.
        unfinished: Reading them ran out of time: with more of it, more may be said.
    """

    document: ConfigDocument
    era: str
    runner: str
    wrapper: str
    wrapper_key: KeyPath
    find_unused: Setting
    static_graph: Setting
    accumulation: Setting
    checkpoints: Tuple[CheckpointSite, ...]
    facts: Tuple[ModelFact, ...]
    unknown: Tuple[str, ...] = ()
    unread: str = ""
    not_here: Tuple[str, ...] = ()
    broken: Tuple[str, ...] = ()
    untold: Tuple[str, ...] = ()
    tells_nothing: bool = True
    same_losses: bool = False
    decided_elsewhere: bool = False
    script: Optional[TrainingScript] = None
    rehearsed: Optional[Rehearsed] = None
    carried: Tuple[Carried, ...] = ()
    torch: str = ""
    files: Tuple[str, ...] = ()
    unfinished: bool = False

    @property
    def settings(self) -> Settings:
        """The same for the outcome function."""
        return Settings(
            find_unused_parameters=self.find_unused.value is True,
            static_graph=self.static_graph.value is True,
            accumulation=self.accumulation.value if isinstance(self.accumulation.value, int) else 1,
            bypasses_forward=self.bypasses_forward,
        )

    @property
    def bypasses_forward(self) -> bool:
        """Whether the training step goes around ``DDP.forward``, as mmcv 1.x does.

        A script that wraps with torch's own class calls the model itself: that class has no ``train_step``.
        """
        own = self.script is not None and self.script.wrapper == "DistributedDataParallel"
        return self.era == "mmcv1" and not own

    def facts_of(self, kind: str) -> Tuple[ModelFact, ...]:
        """The facts of one kind."""
        return tuple(fact for fact in self.facts if fact.kind == kind)
