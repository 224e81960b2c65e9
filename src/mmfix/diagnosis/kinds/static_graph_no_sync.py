"""Static graph with gradient accumulation.

With ``static_graph=True`` DDP records the first iteration. Under ``no_sync()``, as gradient accumulation
begins, it has no hooks yet, and an internal assert fails (``torch/csrc/distributed/c10d/reducer.cpp``; open
in torch 2.13).
"""

from __future__ import annotations

from mmfix.ddp import Outcome
from mmfix.diagnosis.types import Kind, sign

KIND = Kind(
    id="static-graph-no-sync",
    title="static graph with gradient accumulation",
    message="expect_autograd_hooks_ INTERNAL ASSERT FAILED",
    outcome=Outcome.NO_SYNC_ASSERT.value,
    signs=(sign("expect_autograd_hooks_ INTERNAL ASSERT FAILED"),),
    explanation="DDP's static graph cannot start with an iteration that only accumulates gradients "
    "(no_sync()).",
    hints=("Take static_graph=True out of model_wrapper_cfg, or set optim_wrapper.accumulative_counts = 1.",),
)
