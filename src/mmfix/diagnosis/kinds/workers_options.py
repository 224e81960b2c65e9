"""Options of worker processes for a data loader that has none.

``torch/utils/data/dataloader.py: DataLoader.__init__`` refuses ``persistent_workers`` and
``prefetch_factor`` with ``num_workers=0``, which people set to debug.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.config.dicts import keys_where
from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.findings import Override, Remedy
from mmfix.wording import mark, say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath
    from mmfix.training.types import TrainingSetup

_OFF = {"persistent_workers": False, "prefetch_factor": None}


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """The option beside ``num_workers=0`` (``workers_per_gpu=0`` in the mmcv 1.x era)."""
    found = []
    for key, value in keys_where(document, sighting.fields.get("option", "")):
        workers = [document.get((*key[:-1], name), None) for name in ("num_workers", "workers_per_gpu")]
        if 0 in workers and value:
            found.append(key)
    return tuple(found)


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """Switch the option off where there are no workers."""
    off = _OFF[sighting.fields["option"]]
    overrides = tuple(
        Override(key, off, say("there are no worker processes")) for key in places(setup.document, sighting)
    )
    return (Remedy("no-workers-option", "safe", "None.", overrides),) if overrides else ()


KIND = Kind(
    id="workers-options",
    title=say("worker options without workers"),
    message="persistent_workers, prefetch_factor with num_workers=0",
    outcome=None,
    signs=(
        sign(
            "persistent_workers option needs num_workers > 0", line=r"(?P<option>persistent_workers) option"
        ),
        sign("prefetch_factor option could only be specified", line=r"(?P<option>prefetch_factor) option"),
    ),
    explanation=say(
        "A data loader with num_workers=0 has no worker processes, and torch refuses options for them."
    ),
    detail=mark("The option is {option}."),
    hints=(
        say("persistent_workers=False (and no prefetch_factor) in that data loader, or num_workers above 0."),
    ),
    places=places,
    cures=cures,
)
