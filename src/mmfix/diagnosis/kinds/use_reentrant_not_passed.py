"""torch does not choose between its two checkpoints any more.

Some torch 2.3 (NVIDIA's containers) raise where others warn, and torch announces it for a later version
(``torch/utils/checkpoint.py: checkpoint``; mmengine#1539). The models of OpenMMLab call it without
``use_reentrant``; ``mmfix.nonreentrant_checkpoint`` gives that parameter a default.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Tuple

from mmfix.diagnosis.kinds import marked_ready_twice
from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.findings import Remedy
    from mmfix.training.types import TrainingSetup


def general() -> Tuple[Remedy, ...]:
    """Both cures of a reentrant checkpoint, the one that keeps it first."""
    known = {remedy.name: remedy for remedy in marked_ready_twice.general()}
    return known["non-reentrant"], known["checkpoint-off"]


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """The same, written into the config as far as it has the switches."""
    from mmfix.ddp import Checkpoint
    from mmfix.remedies.change import Change, write
    from mmfix.remedies.graph import reentrant_sites

    keep, off = general()
    cures = [replace(keep, overrides=write(setup, Change(checkpoint=Checkpoint.NON_REENTRANT)))]
    sites = reentrant_sites(setup)
    if sites and all(site.off is not None for site in sites):
        cures.append(replace(off, overrides=write(setup, Change(checkpoint=Checkpoint.NONE))))
    return tuple(cures)


KIND = Kind(
    id="use-reentrant-not-passed",
    title=say("a checkpoint that does not say which kind it is"),
    message="please pass in use_reentrant=True or use_reentrant=False explicitly (an error, not a warning)",
    outcome=None,
    signs=(
        sign("ValueError: torch.utils.checkpoint: please pass in use_reentrant"),
        sign("ValueError: torch.utils.checkpoint: the use_reentrant parameter should be passed"),
    ),
    explanation=say(
        "This torch makes no choice between its two gradient checkpoints, and the model's code, which "
        "is older, makes none either."
    ),
    hints=(
        say("Or change the call: torch.utils.checkpoint.checkpoint(..., use_reentrant=False)."),
        say("Or train with a torch that only warns (2.13 does)."),
    ),
    general=general,
    cures=cures,
)
