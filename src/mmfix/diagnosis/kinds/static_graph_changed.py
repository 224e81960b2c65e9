"""The graph changed under ``static_graph=True``.

DDP recorded which parameters the first iteration uses; a later one uses others
(``torch/csrc/distributed/c10d/reducer.cpp``).
"""

from __future__ import annotations

from mmfix.ddp import Outcome
from mmfix.diagnosis.types import Kind, sign
from mmfix.wording import say

KIND = Kind(
    id="static-graph-changed",
    title=say("the graph changed under static graph"),
    message="Your training graph has changed in this iteration",
    outcome=Outcome.UNUSED.value,
    signs=(
        sign("Your training graph has changed in this iteration"),
        sign("This error indicates that your training graph has changed in this iteration"),
    ),
    explanation=say(
        "static_graph=True promises that every iteration uses the same parameters, and this one used "
        "others than the first: a branch or a loss of the model depends on the data or on the iteration."
    ),
    takes=("unused-parameters",),
    hints=(
        say("Take static_graph=True out of model_wrapper_cfg, and set find_unused_parameters=True there."),
    ),
)
