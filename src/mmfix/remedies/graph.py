"""What a setup says about the model's autograd graph, in the words of the outcome function."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, FrozenSet, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.origin import Unknown
from mmfix.ddp import Checkpoint, Outcome, Settings, Traits, Unused, possible_outcomes
from mmfix.training.types import CheckpointSite, ModelFact, TrainingSetup

#: The module that ``custom_imports`` names to make torch's default checkpoint non-reentrant.
NONREENTRANT_MODULE = "mmfix.nonreentrant_checkpoint"

#: Every place a config may put ``find_unused_parameters`` for DDP; one of them is read.
FIND_UNUSED_KEYS: Tuple[KeyPath, ...] = (
    ("find_unused_parameters",),
    ("model_wrapper_cfg", "find_unused_parameters"),
    ("strategy", "model_wrapper", "find_unused_parameters"),
)


def reentrant_sites(setup: TrainingSetup) -> Tuple[CheckpointSite, ...]:
    """The checkpoints that are on and are, or may be, reentrant."""
    flipped = NONREENTRANT_MODULE in custom_imports(setup.document)
    return tuple(
        site
        for site in setup.checkpoints
        if site.reentrant is not False and not (flipped and follows_torch_default(site) is not False)
    )


def follows_torch_default(site: CheckpointSite) -> Optional[bool]:
    """Whether the call leaves ``use_reentrant`` to torch's default, which can be flipped; None: not known.

    One that says ``use_reentrant=True`` does not, nor does fairscale's own reentrant checkpoint: its switch
    counts layers, ``num_cp`` in mmdet (``mmdet/models/layers/transformer/detr_layers.py``), an int
    ``with_cp`` in Co-DETR. A number given to a plain switch (``with_cp=1`` of ResNet) is only a true value.
    """
    if site.counts_layers or site.explicit:
        return False
    return True if site.known and site.reentrant is True else None


def custom_imports(document: ConfigDocument) -> Tuple[str, ...]:
    """The modules ``custom_imports.imports`` names; MMEngine takes one name or a list of them."""
    names = document.get(("custom_imports", "imports"), ())
    if isinstance(names, str):
        return (names,)
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, (list, tuple)) else ()


def is_certain(setup: TrainingSetup, site: CheckpointSite) -> bool:
    """Whether the site really checkpoints, reentrantly, in every run of this config."""
    sure = site.seen or (site.known and not isinstance(site.value, Unknown))
    return sure and site.reentrant is True and not may_be_frozen(setup.document, site)


def cut_off(setup: TrainingSetup) -> Tuple[CheckpointSite, ...]:
    """The reentrant checkpoints whose input has no gradient, so that the module gets none."""
    return tuple(site for site in reentrant_sites(setup) if site.input_has_grad is False)


def may_be_frozen(document: ConfigDocument, site: CheckpointSite) -> bool:
    """Whether the config freezes so much around a guarded site that its checkpoint may be off.

    mmcv-style blocks checkpoint only ``if self.with_cp and x.requires_grad``, so a frozen backbone
    (``frozen_stages=4`` of four stages, ``freeze_img=True`` above it) runs without any.
    """
    if site.guarded is not True:
        return False
    for depth in range(1, len(site.key)):
        part = document.get(site.key[:depth], None)
        if isinstance(part, dict) and any(_freezes(key, value) for key, value in part.items()):
            return True
    return False


def _freezes(key: Any, value: Any) -> bool:
    if key == "frozen_stages":
        return isinstance(value, int) and value >= 4
    # a frozen BatchNorm lets gradients through
    return isinstance(key, str) and re.match(r"freeze(?!.*(bn|norm))", key) is not None and value is True


def reuses(fact: ModelFact, site: CheckpointSite) -> bool:
    """Whether ``fact`` says that the module of ``site`` runs more than once a step."""
    return fact.kind == "reused" and site.key[: len(fact.scope)] == fact.scope


def schedules(setup: TrainingSetup) -> Tuple[ModelFact, ...]:
    """Parameters that are frozen or unfrozen while the training runs.

    Models with several optimizers (GANs) freeze one part while the other learns, within one step; what DDP
    does with those is not in the outcome table.
    """
    return () if _several_optimizers(setup.document) else setup.facts_of("toggled")


def _several_optimizers(document: ConfigDocument) -> bool:
    for key, inner in (("optim_wrapper", "optimizer"), ("optimizer", "type"), ("optimizers", "type")):
        value = document.get((key,), None)
        if not isinstance(value, dict) or inner in value:
            continue
        if sum(isinstance(item, dict) and inner in item for item in value.values()) > 1:
            return True
    return False


def without_doubts(setup: TrainingSetup) -> TrainingSetup:
    """The setup without facts that are only possible; schedules stay, sure or not."""
    kept = [fact for fact in setup.facts if fact.confidence != "possible" or fact.kind == "toggled"]
    return replace(setup, facts=tuple(kept))


def inside_children(setup: TrainingSetup) -> TrainingSetup:
    """With one DDP a child: the setup with the facts alone that are sure of parts beside trained ones.

    ``mmengine/model/wrappers/seperate_distributed.py`` wraps each child of the model; the DDP of one that no
    backward pass goes through waits for nothing.
    """
    kept = [fact for fact in setup.facts if fact.inside and fact.confidence != "possible"]
    return replace(setup, facts=tuple(kept))


def suspected(setup: TrainingSetup) -> Traits:
    """The graph as the config shows it: everything suspected holds, nothing else does."""
    sites = reentrant_sites(setup)
    unused = Unused.ALWAYS if setup.facts_of("unused") else Unused.NEVER
    if any(fact.varies and fact.confidence == "proven" for fact in setup.facts_of("unused")):
        unused = Unused.SOMETIMES
    return Traits(
        checkpoint=Checkpoint.REENTRANT if sites else _harmless(setup),
        input_has_grad=not cut_off(setup),
        unused=Unused.SOMETIMES if schedules(setup) else unused,
        late_freeze=bool(setup.facts_of("late-freeze")),
        reused=any(reuses(fact, site) for fact in setup.facts for site in sites),
    )


def possible(setup: TrainingSetup, checkpoint: Optional[Checkpoint] = None) -> Tuple[Traits, ...]:
    """Every graph the model may still have, for judging a cure; ``checkpoint`` when the cure sets it.

    Where ``find_unused_parameters`` or static graph is on, or a key that nobody reads asks for it, a
    parameter may be unused and nobody would have noticed. Where both are off, only facts count: an
    unused parameter that nothing points to is not a new way to fail. A freeze schedule means that some
    parameters are unused sometimes, sure or not: static graph is never right then.
    """
    sites = reentrant_sites(setup)
    if checkpoint is None:
        certain = any(is_certain(setup, site) for site in sites)
        kind = Checkpoint.REENTRANT if certain else None if sites else _harmless(setup)
    else:
        kind = checkpoint
    unused = setup.facts_of("unused")
    hidden = setup.settings.find_unused_parameters or setup.settings.static_graph or dead_find_unused(setup)
    how_often: Tuple[Optional[Unused], ...] = (Unused.NEVER,)
    if schedules(setup):
        how_often = (Unused.SOMETIMES,)
    elif _surely(unused):
        how_often = (Unused.ALWAYS, Unused.SOMETIMES)
    elif unused or hidden:
        how_often = (None,)
    late = setup.facts_of("late-freeze")
    reused = tuple(fact for fact in setup.facts if any(reuses(fact, site) for site in sites))
    return tuple(
        Traits(
            checkpoint=kind,
            input_has_grad=_input_has_grad(sites),
            unused=often,
            late_freeze=True if _surely(late) else None if late else False,
            reused=True if _surely(reused) else None if reused else False,
        )
        for often in how_often
    )


def outcomes(settings: Settings, graphs: Tuple[Traits, ...]) -> FrozenSet[Outcome]:
    """What ``settings`` may lead to on any of ``graphs``."""
    return frozenset().union(*(possible_outcomes(settings, graph) for graph in graphs))


def dead_find_unused(setup: TrainingSetup) -> Tuple[KeyPath, ...]:
    """Keys that ask for ``find_unused_parameters=True`` where nobody reads them, while it is off."""
    if setup.settings.find_unused_parameters:
        return ()
    return tuple(key for key in FIND_UNUSED_KEYS if is_true(setup.document.get(key, None)))


def is_true(value: Any) -> bool:
    """Whether Python takes a value for true, as DDP does with its flags: any text is, ``'False'`` too."""
    return not isinstance(value, Unknown) and bool(value)


def _input_has_grad(sites: Tuple[CheckpointSite, ...]) -> Optional[bool]:
    if any(site.input_has_grad is False for site in sites):
        return False
    return True if all(site.guarded is True or site.input_has_grad for site in sites) else None


def _surely(facts: Tuple[ModelFact, ...]) -> bool:
    return any(fact.confidence != "possible" for fact in facts)


def _harmless(setup: TrainingSetup) -> Checkpoint:
    return Checkpoint.NON_REENTRANT if setup.checkpoints else Checkpoint.NONE
