"""Static graph with gradient accumulation.

With ``static_graph=True`` DDP records the first iteration. Under ``no_sync()``, as gradient accumulation
begins, it has no hooks yet, and an internal assert fails (``torch/csrc/distributed/c10d/reducer.cpp``; open
in torch 2.13); so does a second backward pass over one forward pass (pytorch#106953). In some versions the
engine loses the message, and Python says that nothing was said (accelerate#3679, pytorch#80832).
"""

from __future__ import annotations

from mmfix.ddp import Outcome
from mmfix.diagnosis.types import LIKELY, Kind, sign
from mmfix.wording import say

KIND = Kind(
    id="static-graph-no-sync",
    title=say("static graph with gradient accumulation"),
    message="expect_autograd_hooks_ INTERNAL ASSERT FAILED; <method 'run_backward' ...> returned NULL "
    "without setting an exception",
    outcome=Outcome.NO_SYNC_ASSERT.value,
    signs=(
        sign("expect_autograd_hooks_ INTERNAL ASSERT FAILED"),
        sign(
            "torch._C._EngineBase",
            r"'? object(s|at0x\w+)> returned NULL without setting an (error|exception)",
            alone=LIKELY,
        ),
    ),
    explanation=say(
        "DDP's static graph cannot start with an iteration that only accumulates gradients (no_sync()), "
        "and not with two backward passes over one forward pass."
    ),
    hints=(
        say("Take static_graph=True out of model_wrapper_cfg, or set optim_wrapper.accumulative_counts = 1."),
        say("If a step calls backward() twice: add the losses up, and call it once."),
    ),
)
