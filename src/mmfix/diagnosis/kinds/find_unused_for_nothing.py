"""``find_unused_parameters=True``, and nothing is unused.

DDP warns once, after the first iteration (``torch/csrc/distributed/c10d/reducer.cpp``). It costs a walk
over the graph in every iteration, and it is what makes a reentrant checkpoint fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.diagnosis.types import WARNING, Kind, Sighting, sign
from mmfix.findings import Override, Remedy
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.training.types import TrainingSetup


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """``find_unused_parameters=False`` at the key that switched it on."""
    if setup.find_unused.value is not True or setup.find_unused.key is None:
        return ()
    override = Override(setup.find_unused.key, False, say("DDP found nothing unused"))
    return (
        Remedy(
            "find-unused-off",
            "review",
            say("No cost, 1-2 % faster; but an unused parameter stops the run again."),
            (override,),
            (
                say(
                    "Every iteration uses what the first one did: no branch or loss that depends on the data."
                ),
            ),
        ),
    )


KIND = Kind(
    id="find-unused-for-nothing",
    title=say("find_unused_parameters without a need"),
    message="find_unused_parameters=True was specified ... did not find any unused parameters (a warning)",
    outcome=None,
    # no more of the sentence: a terminal beside it may be pasted into it
    signs=(sign("find_unused_parameters=True was specified in DDP constructor, b"),),
    explanation=say(
        "find_unused_parameters is on, and the first iteration used every parameter. It costs 1-2 % of "
        "the time. It stops nothing by itself, but with a reentrant gradient checkpoint it would."
    ),
    hints=(say("find_unused_parameters = False, if no branch or loss of the model depends on the data."),),
    role=WARNING,
    cures=cures,
)
