"""A reentrant checkpoint whose input has no gradient: its part is silently not trained.

torch warns once and goes on (``torch/utils/checkpoint.py: check_backward_validity``). Without
``find_unused_parameters`` DDP then stops; with it, or with static graph, the run goes on with an untrained
part. If the loss hangs on nothing else, the backward pass stops, also on one GPU: nothing in it requires a
gradient. Measured with torch 2.13: a frozen stem, then a reentrant checkpoint; made non-reentrant, it trains.
"""

from __future__ import annotations

from mmfix.ddp import Outcome
from mmfix.diagnosis.types import NOTHING, WARNING, Kind, sign
from mmfix.wording import mark, say

KIND = Kind(
    id="checkpoint-input-without-grad",
    title=say("a checkpointed part that is not trained"),
    message="None of the inputs have requires_grad=True (a warning); after it, element 0 of tensors does "
    "not require grad",
    outcome=Outcome.UNTRAINED.value,
    signs=(
        sign("None of the inputs have requires_grad=True. Gradients will be None"),
        sign(
            "element 0 of tensors does not require grad and does not have a grad_fn",
            "(?P<ended>)",
            alone=NOTHING,
        ),
    ),
    detail=mark(
        "{ended}Nothing else seems to carry the loss: the backward pass had nothing to do, and stopped."
    ),
    explanation=say(
        "A reentrant gradient checkpoint got an input without a gradient, so everything inside it gets "
        "none and stays as it is. That happens to the first part of a network, and behind a frozen part."
    ),
    hints=(
        say(
            "Switch the checkpoint of that part off, or make it non-reentrant: custom_imports = "
            "dict(imports=['mmfix.nonreentrant_checkpoint'])."
        ),
        say(
            "Do not cure the crash that may follow with find_unused_parameters=True: the part would "
            "stay untrained."
        ),
    ),
    role=WARNING,
    rules=("MMF110",),
)
