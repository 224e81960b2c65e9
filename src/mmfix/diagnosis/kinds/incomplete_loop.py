"""Of a data loader, its loop and what goes with them, some are set and some are not.

MMEngine wants all three or none (``mmengine/runner/runner.py: Runner.__init__``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.findings import Override, Remedy
from mmfix.wording import mark, say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath
    from mmfix.training.types import TrainingSetup

_TRIPLES = {
    "train": ("train_dataloader", "train_cfg", "optim_wrapper"),
    "val": ("val_dataloader", "val_cfg", "val_evaluator"),
    "test": ("test_dataloader", "test_cfg", "test_evaluator"),
}


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """Those of the three that are there, and ask for the rest."""
    return _there(document, sighting)


def _there(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    names = _TRIPLES.get(sighting.fields.get("loop", ""), ())
    there = tuple((name,) for name in names if document.get((name,), None) is not None)
    return there if len(there) < len(names) else ()


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """Validation and test can be left out; a training cannot."""
    loop = sighting.fields.get("loop")
    there = _there(setup.document, sighting)
    if loop not in ("val", "test") or not there:
        return ()
    overrides = tuple(
        Override(key, None, say("no {loop} loop without the rest of it", loop=loop)) for key in there
    )
    if loop == "val":
        cost, assumes = say("There is no validation."), say("No validation is wanted.")
        return (Remedy("no-validation", "review", cost, overrides, (assumes,)),)
    cost, assumes = say("There is no test."), say("No test is wanted.")
    return (Remedy("no-test", "review", cost, overrides, (assumes,)),)


KIND = Kind(
    id="incomplete-dataloader-triple",
    title=say("a loop without its data loader, or the reverse"),
    message="... should be either all None or not None",
    outcome=None,
    signs=(
        sign(
            "should be either all None or not None, but got",
            line=r"(?P<loop>train|val|test)_dataloader, ",
        ),
    ),
    explanation=say(
        "A data loader, its loop and its evaluator (for training: the optimizer) go together: MMEngine "
        "wants all three of them or none, and here some are missing."
    ),
    detail=mark("It is about the {loop} loop."),
    hints=(
        say(
            "Set the ones that are missing, or set all three to None: val_dataloader = val_cfg = "
            "val_evaluator = None."
        ),
    ),
    places=places,
    cures=cures,
)
