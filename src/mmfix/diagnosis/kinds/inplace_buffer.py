"""A tensor that the backward pass needs was changed in between.

Under DDP this is what ``broadcast_buffers=True`` does when the model runs twice in a step: the second
forward overwrites the buffers of the first (pytorch#22095). MMEngine passes ``broadcast_buffers=False``
only where the config has no ``model_wrapper_cfg`` (``mmengine/runner/runner.py: wrap_model``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.findings import Override, Remedy
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.training.types import TrainingSetup


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """``broadcast_buffers=False`` in a wrapper that leaves it to torch's default."""
    key = setup.wrapper_key
    if not key or setup.wrapper != "ddp" or not isinstance(setup.document.get(key, None), dict):
        return ()
    if setup.document.get((*key, "broadcast_buffers"), True) is False:
        return ()
    override = Override((*key, "broadcast_buffers"), False, say("what MMEngine passes without a wrapper"))
    cost = say("None: each rank keeps its own statistics, as it does without model_wrapper_cfg.")
    assumes = say(
        "The model runs more than once in a step, and no layer of its own changes a tensor in place."
    )
    return (Remedy("broadcast-buffers-off", "review", cost, (override,), (assumes,)),)


KIND = Kind(
    id="inplace-buffer",
    title=say("a tensor changed in place before the backward pass"),
    message="modified by an inplace operation: of a buffer or weight, not of a layer's result",
    outcome=None,
    signs=(
        # of the result of a layer it says: which is output 0 of Mul, is at version
        sign(
            "one of the variables needed for gradient computation has been modified by an inplace operation",
            r": \[[\w.]+ \[[\d,]*\]\] is at version",
        ),
    ),
    explanation=say(
        "The backward pass needs a tensor that was overwritten after the forward pass. Under DDP that "
        "is most often a buffer: with broadcast_buffers=True a second forward in the same step "
        "overwrites those of the first."
    ),
    hints=(
        say("broadcast_buffers=False in model_wrapper_cfg (or strategy.model_wrapper)."),
        say(
            "If it also happens on one GPU: a layer with inplace=True, or +=, changes a tensor that is "
            "still needed; torch.autograd.set_detect_anomaly(True) shows which."
        ),
    ),
    confidence="possible",
    cures=cures,
)
